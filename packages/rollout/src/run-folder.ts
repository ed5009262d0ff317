import type { EpisodeRecord } from './record.ts'
import type { Run } from './rollout.ts'

/** A run read back from its folder. */
export interface StoredRun extends Run {
  readonly dir: string
  /** Whole records, read from disk one at a time. */
  records(): AsyncIterable<EpisodeRecord>
}

/**
 * Reads a run and checks its chain. A half-written last line of an unfinished run is left out; nothing is changed.
 *
 * @throws RolloutError `NO_RUN`, `BROKEN_RUN`.
 */
export declare function readRun(dir: string): Promise<StoredRun>
