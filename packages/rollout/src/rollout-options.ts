import type { RolloutLimits } from './limits.ts'
import type { Failure } from './outcome.ts'
import type { EpisodeRecord } from './record.ts'

/** What and how much to play, and where to write it. */
export interface RolloutOptions {
  /** Task ids; every task of the default split when neither this nor `split` is given. */
  readonly tasks?: readonly string[]
  /** A split whose tasks are played all. */
  readonly split?: string
  /** Episodes a task; 1 when not given. */
  readonly repeats?: number
  /** One start for all repeats of a task. */
  readonly group?: boolean
  /** Episodes at a time; 8 when not given. */
  readonly concurrency?: number
  /** What every episode's seed is derived from; 0 when not given. */
  readonly seed?: number
  readonly limits?: RolloutLimits
  /**
   * The run's folder, which must not exist unless `resume`; made up under `runsDir` when not given; false writes
   * nothing.
   */
  readonly out?: string | false
  /** Where folders are made up and looked for; `runs` when not given. */
  readonly runsDir?: string
  /**
   * Goes on with the run in `out`, or, without `out`, with the newest unfinished one of the same settings.
   */
  readonly resume?: boolean
  /** Further tries, each on a fresh episode, after a connection or a server's capacity failed; 3 when not given. */
  readonly retries?: number
  /** Milliseconds before the first further try, doubling from there; 250 when not given. */
  readonly retryDelayMs?: number
  /** How the caller names the environment, for example `./guess.ts`: kept in the manifest, so that a replay finds it. */
  readonly source?: string
  /** Stops the run: what is finished stays, what is running is played again by `resume`. */
  readonly signal?: AbortSignal
  /** Called once, when it is known what will be played, and after every episode. */
  readonly onProgress?: (progress: Progress) => void
}

/** Where a run stands. */
export interface Progress {
  /** The run's folder; null when nothing is written. */
  readonly dir: string | null
  /** Episodes finished, those of earlier sittings among them. */
  readonly done: number
  readonly total: number
  /** Those of earlier sittings. */
  readonly resumed: number
  /** Episodes being played now. */
  readonly running: number
  /** Mean score so far over what has one. */
  readonly mean: number | null
  /** The episode that was just finished; absent in the first call. */
  readonly episode?: EpisodeRecord
  /** Why it failed, when it did. */
  readonly failure?: Failure
}
