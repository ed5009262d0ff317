import type { Episode, MaybePromise } from '@openenv-ts/core'

/** The first place where a run and its replay, or a run and its own hashes, differ. */
export interface Difference {
  /** Line of `episodes.jsonl`, from 1; null when it is the manifest that does not fit. */
  readonly line: number | null
  readonly episodeId: string | null
  /** The step, from 1; 0 is the reset. Null when it is not about a step. */
  readonly step: number | null
  /** `observation`, `reward`, `info`, `status`, `hash`, `prev_hash` and the like. */
  readonly field: string
  /** What the run says, and what was found instead, as canonical JSON. */
  readonly expected: string
  readonly found: string
  /** All of it in one sentence. */
  readonly message: string
}

/** What {@link replay} found. */
export type ReplayResult =
  | { readonly ok: true; readonly episodes: number; readonly steps: number }
  | { readonly ok: false; readonly episodes: number; readonly steps: number; readonly difference: Difference }

/** Options of {@link replay}. */
export interface ReplayOptions {
  readonly signal?: AbortSignal
  /** Called after each episode that was equal. */
  readonly onEpisode?: (done: number, total: number) => void
}

/**
 * Plays a run's recorded actions again and compares every byte, then hashes and chain.
 *
 * @param open - Opens an episode of the run's environment; each recorded episode gets a fresh one.
 * @throws RolloutError `NO_RUN`; OpenEnvError when the environment cannot be reached.
 */
export declare function replay(
  dir: string,
  open: (signal?: AbortSignal) => MaybePromise<Episode>,
  options?: ReplayOptions,
): Promise<ReplayResult>
