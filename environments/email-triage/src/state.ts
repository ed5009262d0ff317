import { z } from 'zod'
import { EnvironmentState } from './models.ts'

/** The terms of a step's reward, as contributions: they add up to the reward before it is clipped. */
export const StepTerms = z.strictObject({
  base_score: z.number().describe("The email's score, 0 to 1."),
  step_cost: z.number().describe('-0.01 for every step so far.'),
  trajectory_bonus: z.number().describe('A tenth of the score, on the step that finishes the inbox.'),
  penalties: z.number().describe('Below 0 for a label that would do harm.'),
})
export type StepTerms = z.infer<typeof StepTerms>

/** What the last step came to. */
const LastStep = z.strictObject({ terms: StepTerms, feedback: z.string() })

/** Where an episode stands: plain data, from which everything that anybody sees is computed. */
export const TriageState = z.strictObject({
  task_id: z.string(),
  /** Emails graded so far, which is also the place of the email shown. */
  position: z.int().min(0),
  step: z.int().min(0),
  actions: EnvironmentState.shape.action_history,
  rewards: z.array(z.number()),
  /** Base scores of the emails graded so far. */
  scores: z.array(z.number()),
  last: LastStep.nullable(),
})
export type TriageState = z.infer<typeof TriageState>

/** Bounds of every reward. */
export const REWARD_RANGE = [-1, 1] as const

/** Steps after which an episode is cut off, for an inbox of this size. */
export function maxSteps(emails: number): number {
  return 2 * emails
}
