import type { ErrorCode, Issue, ResetOptions, Snapshot, Status, Tool } from '@openenv-ts/core'
import type { Progress } from '@openenv-ts/core/host'

/** What an executor is started with: its one argument, as JSON. */
export interface ExecutorConfig {
  /** What to load: a URL, or the name of a package; with a loader, whatever that understands. */
  readonly module: string
  /** URL of a module that exports `load(module)`; null: what `module` names is imported. */
  readonly loader: string | null
  /** Seconds that a call may take where the environment itself says nothing. */
  readonly stepSeconds: number
}

/** A position at rest in the server: the bytes of a snapshot, and how long ago it was taken. */
export interface Position {
  readonly bytes: Uint8Array
  readonly restedMs: number
}

/** What can be asked of an episode. */
export type Operation =
  | { readonly op: 'reset'; readonly options: Omit<ResetOptions, 'signal'> }
  | { readonly op: 'step'; readonly action: unknown; readonly tellsProgress: boolean }
  | { readonly op: 'state' | 'prompt' | 'snapshot' | 'close' }
  | { readonly op: 'restore'; readonly snapshot: Snapshot }
  | { readonly op: 'fork'; readonly twin: number }

/** An operation on one episode. */
export interface Call {
  /** A number that no other call to this executor has; the answer repeats it. */
  readonly call: number
  readonly episode: number
  readonly operation: Operation
  /** Where the episode stands; absent where the executor holds it, or where there is nothing yet. */
  readonly position?: Position
}

/** Where an episode stands after a call that moved it. */
export interface EpisodeStatus {
  readonly status: Status | 'idle'
  readonly steps: number
  /** Present when it can take no step before another reset. */
  readonly broken?: true
  readonly tools?: readonly Tool[]
  /** The position itself; null where it cannot leave its executor. */
  readonly bytes: Uint8Array | null
}

/** What came of a call. */
export interface Answer {
  readonly value?: unknown
  readonly error?: SentError
  /** Absent when the episode stands where it stood. */
  readonly reached?: EpisodeStatus
}

/** Messages to an executor. It performs one call at a time; only a call is answered. */
export type ToExecutor =
  | ({ readonly type: 'call' } & Call)
  /** The call at work is given up; a second time: what it is still doing is not waited for. */
  | { readonly type: 'abort' }
  /** This episode goes on elsewhere, or is over. */
  | { readonly type: 'forget'; readonly episode: number }

/** Messages of an executor. */
export type FromExecutor =
  | Hello
  | { readonly type: 'unfit'; readonly error: SentError }
  | ({ readonly type: 'answer'; readonly call: number } & Answer)
  | { readonly type: 'progress'; readonly call: number; readonly progress: Progress }
  | UncaughtError

/** The first message of an executor that is ready for calls. */
export interface Hello {
  readonly type: 'hello'
  /** Whether positions can leave an executor and go on in another. */
  readonly floats: boolean
  /** Seconds that a call may take. */
  readonly limitSeconds: number
}

/** Something happened in an executor that is no answer to a call. */
export interface UncaughtError {
  readonly type: 'uncaught'
  /** The episode whose code it came from; null where that is not known. */
  readonly episode: number | null
  readonly error: SentError
  /** Whether the executor ends now. */
  readonly ends: boolean
}

/** An error as it crosses; what it was caused by crosses as text, for the log. */
export interface SentError {
  readonly code: ErrorCode
  readonly message: string
  readonly http: number
  readonly issues: readonly Issue[]
  readonly data: Readonly<Record<string, unknown>>
  readonly cause: string | null
}
