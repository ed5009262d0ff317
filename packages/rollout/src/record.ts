import { z } from 'zod'
import { OUTCOMES } from './outcome.ts'

/** Version of both file formats; a reader refuses others. */
export const SCHEMA_VERSION = 1

const Scalar = z.union([z.string(), z.number(), z.boolean()])
const Status = z.enum(['running', 'terminated', 'truncated'])
const Count = z.int().min(0)
const Hash = z.string().regex(/^[0-9a-f]{64}$/)

/** Tokens and requests of one episode, as its policy reported them. */
export const UsageRecord = z.strictObject({
  requests: Count.describe('Calls of the model that were answered.'),
  prompt_tokens: Count,
  completion_tokens: Count,
  total_tokens: Count,
})

/** One part of a reward. */
export const TermRecord = z.strictObject({
  name: z.string(),
  value: z.number(),
  weight: z.number(),
  evidence: z.json().optional().describe('What the value rests on. No agent saw it.'),
})

/** A counted step. */
export const StepRecord = z.strictObject({
  action: z.json().describe('As the policy gave it, before the environment filled in defaults.'),
  observation: z.json().describe('What the action led to.'),
  reward: z.number().nullable().describe('Null: not scored yet. Never a stand-in for an error.'),
  terms: z
    .array(TermRecord)
    .describe(
      'Parts of the reward: it is the sum of value times weight, unless clipped. Empty where not known.',
    ),
  status: Status.describe('Where the environment said that it stood after the action.'),
  info: z.record(z.string(), Scalar),
})
/** @see {@link StepRecord} for the schema. */
export type StepRecord = z.infer<typeof StepRecord>

/** One line of `episodes.jsonl`: everything needed to play the episode again and to prove that nothing was changed. */
export const EpisodeRecord = z.strictObject({
  schema_version: z.literal(SCHEMA_VERSION),
  episode_id: z.string().describe('Derived from the settings of the run, the task and the repeat.'),
  task_id: z.string().nullable().describe('Null for an environment without tasks.'),
  split: z.string().nullable(),
  repeat: Count.describe('Which repeat of the task, from 0.'),
  seed: Count.describe('What reset was given.'),
  policy: z.string(),
  steps: z
    .array(StepRecord)
    .describe('The counted steps, in order. Reset and refused actions are not among them.'),
  outcome: z.enum(OUTCOMES).exclude(['cancelled']),
  status: Status.describe(
    'Where the episode ended; `truncated` also when a limit of the rollout or the policy ended it.',
  ),
  return: z
    .number()
    .nullable()
    .describe('Sum of the rewards. Null after an error, and where no step was scored.'),
  score: z
    .number()
    .nullable()
    .describe("The last step's `info.score`, else the return. Null after an error."),
  usage: UsageRecord.nullable().describe('Null when the policy reports none.'),
  started_at: z.iso.datetime(),
  duration_ms: z.number().min(0),
  prev_hash: Hash.nullable().describe('`hash` of the line before; null in the first.'),
  hash: Hash.describe('SHA-256 of this line without `hash`, in the canonical form of RFC 8785.'),
})
/** @see {@link EpisodeRecord} for the schema. */
export type EpisodeRecord = z.infer<typeof EpisodeRecord>

/** A record without its steps: what is kept in memory of a long run. */
export type EpisodeSummary = Omit<EpisodeRecord, 'steps'> & { readonly step_count: number }

/** A record before it has its place in the chain. */
export type UnchainedRecord = Omit<EpisodeRecord, 'prev_hash' | 'hash'>

/** What decides which episodes a run has; a run goes on only with the same. */
export const RunSettings = z.strictObject({
  env: z.string(),
  env_version: z.string().nullable(),
  url: z.string().nullable(),
  policy: z.string(),
  policy_settings: z.record(z.string(), z.json()),
  model: z.string().nullable(),
  seed: Count,
  tasks: z
    .array(z.strictObject({ task_id: z.string().nullable(), split: z.string().nullable() }))
    .min(1)
    .describe('Every task that is played, in order.'),
  repeats: z.int().min(1),
  group: z.boolean().describe('Whether all repeats of a task start equal.'),
  limits: z.strictObject({
    steps: z.int().min(1).nullable(),
    seconds: z.number().positive().nullable(),
    tokens: z.int().min(1).nullable(),
    invalid_actions: z.int().min(1),
  }),
})
/** @see {@link RunSettings} for the schema. */
export type RunSettings = z.infer<typeof RunSettings>

/** `manifest.json`: what a run is made of, and, once it is finished, what it came to. */
export const Manifest = z.strictObject({
  schema_version: z.literal(SCHEMA_VERSION),
  created_at: z.iso.datetime(),
  settings: RunSettings,
  source: z
    .string()
    .optional()
    .describe('How the caller named the environment, for example `./guess.ts`: where a replay finds it.'),
  versions: z.record(z.string(), z.string()).describe('Versions of what wrote the run.'),
  finished_at: z.iso.datetime().optional(),
  episodes: Count.optional().describe('Lines in `episodes.jsonl`. Only in a finished run.'),
  head: Hash.nullable().optional().describe('`hash` of the last line. Only in a finished run.'),
})
/** @see {@link Manifest} for the schema. */
export type Manifest = z.infer<typeof Manifest>
