import type { Info, JsonSchema, MaybePromise, Random } from '@openenv-ts/core'
import type { Usage } from './usage.ts'

/** What a policy answers instead of an action when it will not act any more: the episode ends where it is. */
export const STOP: unique symbol = Symbol.for('openenv-ts.stop') as never
/** The type of {@link STOP}. */
export type Stop = typeof STOP

/** A counted step of the episode so far. */
export interface PastStep<TObservation = unknown> {
  readonly action: unknown
  readonly observation: TObservation
  readonly reward: number | null
  readonly info: Info
}

/** What a policy knows when an episode starts. */
export interface EpisodeContext {
  /** The environment's own words about itself. */
  readonly description: string
  /** JSON Schema of what `step` takes. */
  readonly actionSchema: JsonSchema
  /** Fixed by the episode's seed, and apart from the environment's own stream. */
  readonly random: Random
  /** Aborted when the episode is cancelled or runs out of time. */
  readonly signal: AbortSignal
}

/** What a policy knows, beside the observation, when it is asked for an action. */
export interface PolicyContext<TObservation = unknown> extends EpisodeContext {
  /** The last reply's info over the reset's, so that what only the reset told is still there. */
  readonly info: Info
  /** Counted steps so far: 0 when asked for the first action. */
  readonly index: number
  /** The counted steps so far, oldest first. */
  readonly history: readonly PastStep<TObservation>[]
  /** Why the previous action was refused and not counted; absent after a counted step. */
  readonly error?: string
  /** Adds to what the episode has used; limits on tokens look at it. */
  readonly addUsage: (usage: Usage) => void
}

/** Chooses an action. Any async function of this form is a policy; what it throws ends the episode as `agent_error`. */
export type PolicyFunction<TAction = unknown, TObservation = unknown> = (
  observation: TObservation,
  context: PolicyContext<TObservation>,
) => MaybePromise<TAction | Stop>

/** A policy with a name, and what else of it belongs in a run's manifest. */
export interface NamedPolicy {
  /** What the run calls it: `baseline`, `random`, `model`. */
  readonly name: string
  /** The model behind it. */
  readonly model?: string
  /** Whatever else decides how it acts, as plain JSON; a run goes on only with the same. Never secrets. */
  readonly settings?: Readonly<Record<string, unknown>>
}

/** A policy that remembers nothing by itself: one function serves all episodes. */
export interface StatelessPolicy<TAction = unknown, TObservation = unknown> extends NamedPolicy {
  readonly act: PolicyFunction<TAction, TObservation>
}

/** A policy with a memory of its own in each episode: `start` answers the function for that one. */
export interface StatefulPolicy<TAction = unknown, TObservation = unknown> extends NamedPolicy {
  start(context: EpisodeContext): MaybePromise<PolicyFunction<TAction, TObservation>>
}

/** Whatever can play: a function, or an object with a name. */
export type Policy<TAction = unknown, TObservation = unknown> =
  | PolicyFunction<TAction, TObservation>
  | StatelessPolicy<TAction, TObservation>
  | StatefulPolicy<TAction, TObservation>

/** A policy for actions and observations of whatever shape, because it reads the schema. */
export type UniversalPolicy = (StatelessPolicy<never> | StatefulPolicy<never>) & NamedPolicy

/** A policy for an environment whose types are not known here: its actions are checked by the environment. */
export type AnyPolicy = Policy<unknown, never>

/** What a manifest and a record call a policy: its name, the function's own name, or `policy`. */
export function policyName(policy: AnyPolicy): string {
  return policy.name === '' || policy.name === 'act' ? 'policy' : policy.name
}
