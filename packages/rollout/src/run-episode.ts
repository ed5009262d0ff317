import type { Episode, Info, JsonSchema, ResetOptions, Status } from '@openenv-ts/core'
import type { RolloutLimits } from './limits.ts'
import type { Failure, Outcome } from './outcome.ts'
import type { AnyPolicy } from './policy.ts'
import type { StepRecord } from './record.ts'
import type { Usage } from './usage.ts'

/** Options of {@link runEpisode}. */
export interface EpisodeOptions {
  /** What reset is given. The policy's random numbers come from its seed, 0 when there is none. */
  readonly reset?: Omit<ResetOptions, 'signal'>
  readonly actionSchema?: JsonSchema
  readonly description?: string
  readonly limits?: RolloutLimits
  readonly signal?: AbortSignal
}

/** How an episode went. */
export interface EpisodeResult {
  readonly outcome: Outcome
  readonly status: Status
  readonly steps: readonly StepRecord[]
  /** Null after an error, and where no step was scored. */
  readonly return: number | null
  /** The last step's `info.score`, else the return. */
  readonly score: number | null
  readonly usage: Usage | null
  /** The reset's reply, for those who look on. */
  readonly first: { readonly observation: unknown; readonly info: Info } | null
  /** Which limit of the rollout cut it off, or that the policy stopped. */
  readonly endedBy: 'environment' | 'policy' | 'steps' | 'seconds' | 'tokens' | 'failure' | 'signal'
  /** What went wrong, when the outcome is an error. */
  readonly failure: Failure | null
  /** Whether the same again, on a fresh episode, may go well. */
  readonly retryable: boolean
}

/**
 * Plays one episode from reset to its end. Never rejects: what goes wrong is the outcome. Does not close the episode.
 */
export declare function runEpisode(
  episode: Episode,
  policy: AnyPolicy,
  options?: EpisodeOptions,
): Promise<EpisodeResult>
