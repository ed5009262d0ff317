import type { Json } from './json.ts'
import type { Terms } from './terms.ts'
import type { TaskSpec } from './task.ts'
import type { TaskSelector } from './select-task.ts'
import type { Info } from './info.ts'

/**
 * Where an episode stands. `terminated`: the task itself is over. `truncated`: a limit outside the task cut it off.
 * Learning treats the two differently; the wire's `done` is either.
 */
export type Status = 'running' | 'terminated' | 'truncated'

/** How far a long step has come. */
export interface Progress {
  /** Grows from one report to the next. */
  readonly progress: number
  /** What `progress` comes to at the end, where that is known. */
  readonly total?: number
  readonly message?: string
}

/** The answer to a reset or a step. */
export interface Reply<TObservation> {
  readonly observation: TObservation
  /** Null after a reset, and where nothing has been scored yet; never NaN. */
  readonly reward: number | null
  readonly status: Status
  /** `status` is not `running`. */
  readonly done: boolean
  readonly info: Info
  /** The parts of the reward, where the episode knows them. Their evidence is for orchestrators, not for agents. */
  readonly terms?: Terms
}

/** What to start; see {@link TaskSelector} for what the combinations mean. */
export interface ResetOptions extends TaskSelector {
  /** An integer from 0 to 2^53 − 1. Alone it fixes task and start. Drawn when absent. */
  readonly seed?: number
  /** At most 255 characters; made up when absent. */
  readonly episodeId?: string
  /** The environment's own options, checked against its schema. */
  readonly options?: Readonly<Record<string, unknown>>
  /** By name; those that the environment does not declare are dropped. They stand in no state, snapshot or log. */
  readonly secrets?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/** What an orchestrator sees of an episode: these two, and what the environment's view adds. */
export interface EpisodeState {
  readonly episodeId: string | null
  /** Counted steps since reset. */
  readonly stepCount: number
  /** The seed, when it was drawn and not given [OE-4]. */
  readonly seed?: number
  readonly [key: string]: unknown
}

/** An episode at rest: plain JSON from which the same episode goes on, here or in another process. */
export interface Snapshot {
  readonly format: 'openenv-ts/snapshot@2'
  readonly environment: { readonly name: string; readonly version: string }
  readonly episodeId: string
  readonly seed: number
  readonly seedDrawn: boolean
  readonly task: TaskSpec | null
  readonly stepCount: number
  /** Milliseconds since reset, for the time limit. */
  readonly elapsedMs: number
  /** Sum of the rewards since reset; null where nothing was scored yet. */
  readonly earned: number | null
  readonly reply: Reply<Json>
  /** The environment's own state; gold data may stand in it, so it stays with the orchestrator. */
  readonly state: Json
}

/**
 * One run of an environment: the only way to use one, whether it is in this process or behind a socket.
 *
 * It takes one call at a time and keeps their order: calls made meanwhile wait. Every method rejects only with an
 * `OpenEnvError`, or with the reason of the signal that was aborted.
 */
export interface Episode<TAction = unknown, TObservation = unknown> extends AsyncDisposable {
  /**
   * Starts an episode, or starts over; may be called any number of times.
   *
   * @throws OpenEnvError `VALIDATION_ERROR` for a bad seed, an unknown task or bad options.
   */
  reset(options?: ResetOptions): Promise<Reply<TObservation>>
  /**
   * Acts.
   *
   * @throws OpenEnvError `VALIDATION_ERROR` when the action breaks the schema and the environment does not count
   * such actions; `EXECUTION_ERROR` before reset, after the end, and when the environment fails. Nothing is
   * counted then.
   * @param options - `signal` gives the step up: the environment is told, and the next call waits until it has ended.
   * Aborted with a TIMEOUT error it is a time limit: the episode needs a reset then.
   */
  step(action: TAction, options?: { readonly signal?: AbortSignal }): Promise<Reply<TObservation>>
  /** The state an orchestrator may see. Changing what it returned changes nothing inside. */
  state(options?: { readonly signal?: AbortSignal }): Promise<EpisodeState>
  /** The same position as an episode of its own. Throws `NOT_SUPPORTED` where that is impossible. */
  fork(): Promise<Episode<TAction, TObservation>>
  /** This position as plain JSON. Throws `NOT_SUPPORTED` where that is impossible. */
  snapshot(): Promise<Snapshot>
  /** Continues from a snapshot of the same environment; answers what its last call answered. */
  restore(snapshot: Snapshot): Promise<Reply<TObservation>>
  /** Ends it and frees what it holds. Calls that wait are rejected; more closes do nothing. */
  close(): Promise<void>
}
