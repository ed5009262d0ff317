import type { Clock } from './clock.ts'
import type { EpisodeLimits } from './environment.ts'
import type { Episode, Progress, Reply, Status } from './episode.ts'
import type { MaybePromise } from './json.ts'
import type { Tool } from './tool.ts'

/** Options of {@link openLocal}; every effect that an episode has comes in here. */
export interface LocalOptions {
  readonly clock?: Clock
  /** Narrow the environment's own limits; the smaller of two counts. */
  readonly limits?: EpisodeLimits
  /** Draws the seed of a reset without one: an integer from 0 to 2^53 − 1. */
  readonly drawSeed?: () => number
  /** Makes up the id of an episode that was given none. */
  readonly newEpisodeId?: () => string
}

/** An episode in this process. */
export interface LocalEpisode<TAction = unknown, TObservation = unknown> extends Episode<
  TAction,
  TObservation
> {
  /** Where it stands; `idle` before the first reset. */
  readonly status: Status | 'idle'
  readonly stepCount: number
  /** Whether a call is being worked on, or waits. Work that was given up does not count. */
  readonly busy: boolean
  /**
   * Whether it can take no step before another reset, though it did not end: a step took longer than it may, or the
   * environment says that it cannot go on.
   */
  readonly broken: boolean
  /** What the last call answered; null before the first reset. */
  readonly reply: Reply<TObservation> | null
  /** What the last reset answered; null before it, and after a restore, which does not know. */
  readonly opening: Reply<TObservation> | null
  /** What the environment tells the agent in words; null where it has nothing to say beside the observation. */
  prompt(): Promise<string | null>
  /** Tools of this very task; undefined where they are the environment's. */
  taskTools(): readonly Tool[] | undefined
  /**
   * As `step`, without a promise where nothing has to be waited for: the server's fast path. Throws at once what
   * `step` would reject with.
   *
   * @param action - Any value; it is checked against the schema here.
   * @param onProgress - Told what the step says of its progress, as long as it runs.
   */
  stepNow(
    action: unknown,
    signal?: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): MaybePromise<Reply<TObservation>>
  fork(): Promise<LocalEpisode<TAction, TObservation>>
  /** Settles, without failing, when nothing goes on any more of a step that was given up. */
  settled(): Promise<void>
}
