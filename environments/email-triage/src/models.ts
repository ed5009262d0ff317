import { z } from 'zod'

/** How soon, and whether, a person has to deal with an email. */
export const Label = z.enum(['urgent', 'normal', 'spam', 'archive'])
export type Label = z.infer<typeof Label>

/** One email of the inbox, and the place in the episode. At the end of the inbox the email's fields are empty. */
export const EmailObservation = z.strictObject({
  email_id: z.string().describe('Names the email; empty when the inbox is done.'),
  subject: z.string(),
  body: z.string(),
  sender: z.string().describe('Name and address, as in `Name <name@host>`.'),
  timestamp: z.iso.datetime({ offset: true }).describe('When it arrived, ISO 8601.'),
  thread_history: z.array(z.string()).describe('Earlier messages of the thread, oldest first.'),
  task_id: z.string(),
  step_number: z.int().min(0).describe('Steps taken so far; 0 after reset.'),
  total_emails: z.int().min(1).describe('How many emails the inbox holds.'),
})
export type EmailObservation = z.infer<typeof EmailObservation>

/** What to do with the email shown. */
export const TriageAction = z.strictObject({
  label: Label.describe('urgent, normal, spam or archive, as the task describes them.'),
  summary: z.string().describe('One or two sentences in your own words: who needs what, why and by when.'),
  route_to: z.string().describe('One of the routes that the task lists.'),
})
export type TriageAction = z.infer<typeof TriageAction>

/** A score, its named parts and what to say about it. */
export const RewardResult = z.strictObject({
  score: z.number(),
  breakdown: z.record(z.string(), z.number()),
  feedback: z.string(),
})
export type RewardResult = z.infer<typeof RewardResult>

/** What stands in `action_history` for an action that could not be read. */
const InvalidAction = z.strictObject({ error: z.string() })

/** Where an episode stands: what `state()` shows. */
export const EnvironmentState = z.strictObject({
  task_id: z.string(),
  current_step: z.int().min(0).describe('Steps taken, invalid ones included.'),
  total_steps: z.int().min(1).describe('Steps after which the episode is cut off.'),
  done: z.boolean(),
  action_history: z.array(z.union([TriageAction, InvalidAction])).describe('One entry a step.'),
  reward_history: z.array(z.number()).describe('One entry a step.'),
})
export type EnvironmentState = z.infer<typeof EnvironmentState>

const Info = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]))

/** The answer to a step. */
export const StepResult = z.strictObject({
  observation: EmailObservation,
  reward: z.number(),
  done: z.boolean(),
  info: Info,
})
export type StepResult = z.infer<typeof StepResult>

/** The answer to a reset. */
export const ResetResult = z.strictObject({ observation: EmailObservation, info: Info })
export type ResetResult = z.infer<typeof ResetResult>
