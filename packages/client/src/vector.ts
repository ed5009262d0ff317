import type { OpenEnvError } from '@openenv-ts/core'
import {
  type ActionOf,
  type AnyEnvironment,
  type Info,
  type ObservationOf,
  type Reply,
  type ResetOptions,
} from '@openenv-ts/core'
import type { DialPlan } from './dial.ts'
import type { CallOptions, ConnectOptions } from './options.ts'

/**
 * What happens to an episode of a vector that has ended. `next-step`: the step after the end resets it, whatever its
 * action, and answers the reset's observation with the reward 0. `same-step`: it is reset at once; the observation is
 * the new episode's, and `finalReplies` holds the old one's last reply. `disabled`: its steps are errors until `reset`.
 *
 * A reset that comes by itself repeats what the episode was last reset with; a seed grows by the number of episodes.
 *
 * @see Gymnasium's `AutoresetMode`.
 */
export type Autoreset = 'next-step' | 'same-step' | 'disabled'

/** Options of a vector of episodes. */
export interface VectorOptions extends ConnectOptions {
  /** How many episodes. */
  readonly size: number
  /** `next-step` when not given, as in Gymnasium. */
  readonly autoreset?: Autoreset
}

/** What a vector answers: everything is a list with one place for each episode. */
export interface VectorReply<TObservation> {
  readonly observations: readonly TObservation[]
  readonly rewards: readonly (number | null)[]
  readonly terminated: readonly boolean[]
  readonly truncated: readonly boolean[]
  readonly infos: readonly Info[]
  /** What went wrong in an episode; its reward is null then, and the other fields show its last reply. */
  readonly errors: readonly (OpenEnvError | null)[]
  /** With `same-step`: the last reply of an episode that has just been replaced. */
  readonly finalReplies: readonly (Reply<TObservation> | null)[]
}

/** How the episodes of a vector start. */
export interface VectorResetOptions extends Omit<ResetOptions, 'seed' | 'episodeId'> {
  /** A seed for each episode, or one: episode i gets `seed + i`. */
  readonly seed?: number | readonly number[]
  /** Which episodes to reset; all when not given. */
  readonly mask?: readonly boolean[]
}

/**
 * Many episodes of one server, stepped together over one socket. Needs a server that knows batches: openenv-ts does.
 */
export interface VectorEpisode<TAction, TObservation> extends AsyncDisposable {
  readonly size: number
  /** Starts all episodes, or those of the mask. Without a mask it reconnects where the connection is gone. */
  reset(options?: VectorResetOptions & CallOptions): Promise<VectorReply<TObservation>>
  /** Acts in every episode, with one action for each. */
  step(actions: readonly TAction[], options?: CallOptions): Promise<VectorReply<TObservation>>
  close(): Promise<void>
}

/** `connectVector`, for one platform's options. */
export type ConnectVector<TOptions extends VectorOptions> = <E extends AnyEnvironment>(
  url: string | URL,
  options: TOptions & { readonly environment?: E },
) => Promise<VectorEpisode<ActionOf<E>, ObservationOf<E>>>

/** What a vector is made of, platform details settled. */
export interface VectorSettings {
  readonly plan: DialPlan
  readonly environment: AnyEnvironment | undefined
  readonly timeoutMs: number
  readonly size: number
  readonly autoreset: Autoreset
}
