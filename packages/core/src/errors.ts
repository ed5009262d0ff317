/**
 * What a code looks like on each transport, and whether trying the same call again can help.
 *
 * `socket` is the code in an OpenEnv error frame: upstream knows seven, and every other code of ours travels as
 * one of them.
 */
export interface ErrorFaces {
  readonly http: number
  readonly socket: SocketErrorCode
  readonly jsonRpc: number
  readonly retryable: boolean
}

/** The error codes of OpenEnv's WebSocket, letter for letter. */
export type SocketErrorCode =
  | 'INVALID_JSON'
  | 'UNKNOWN_TYPE'
  | 'VALIDATION_ERROR'
  | 'EXECUTION_ERROR'
  | 'CAPACITY_REACHED'
  | 'FACTORY_ERROR'
  | 'SESSION_ERROR'

/**
 * Every error that crosses a boundary, with its face on each transport. The one table.
 *
 * `EXECUTION_ERROR` covers calls at the wrong time too; those carry HTTP 409 on the error itself.
 */
export const ERROR_CODES = {
  /** The text is not JSON. */
  INVALID_JSON: { http: 400, socket: 'INVALID_JSON', jsonRpc: -32700, retryable: false },
  /** A socket message of a type that does not exist. */
  UNKNOWN_TYPE: { http: 400, socket: 'UNKNOWN_TYPE', jsonRpc: -32601, retryable: false },
  /** Input that is JSON but not what was asked for; `issues` says where. */
  VALIDATION_ERROR: { http: 422, socket: 'VALIDATION_ERROR', jsonRpc: -32602, retryable: false },
  /** The environment failed, or the call came at the wrong time. */
  EXECUTION_ERROR: { http: 500, socket: 'EXECUTION_ERROR', jsonRpc: -32603, retryable: false },
  /** No free session. */
  CAPACITY_REACHED: { http: 503, socket: 'CAPACITY_REACHED', jsonRpc: -32000, retryable: true },
  /** The environment could not be constructed. */
  FACTORY_ERROR: { http: 500, socket: 'FACTORY_ERROR', jsonRpc: -32000, retryable: false },
  /** The session does not exist, or is not the caller's. */
  SESSION_ERROR: { http: 404, socket: 'SESSION_ERROR', jsonRpc: -32602, retryable: false },
  /** This environment or server does not offer what was asked for. */
  NOT_SUPPORTED: { http: 501, socket: 'EXECUTION_ERROR', jsonRpc: -32603, retryable: false },
  /** A limit on time was reached. */
  TIMEOUT: { http: 504, socket: 'EXECUTION_ERROR', jsonRpc: -32603, retryable: true },
  /** The message is larger than the limit. */
  TOO_LARGE: { http: 413, socket: 'VALIDATION_ERROR', jsonRpc: -32600, retryable: false },
  /** Client side: the connection could not be made or was lost. */
  CONNECTION_ERROR: { http: 502, socket: 'SESSION_ERROR', jsonRpc: -32000, retryable: true },
  /** The caller gave up, or the episode was closed under the call. */
  CANCELLED: { http: 499, socket: 'EXECUTION_ERROR', jsonRpc: -32000, retryable: false },
} as const satisfies Readonly<Record<string, ErrorFaces>>

/** One of the codes of {@link ERROR_CODES}. */
export type ErrorCode = keyof typeof ERROR_CODES

/** One fault in some input: what kind, where, and the offending value, shortened. */
export interface Issue {
  /** `missing`, `extra_forbidden`, or the schema library's own code, for example `invalid_type`. */
  readonly type: string
  /** Path to the fault, relative to the action or to the message. */
  readonly loc: readonly (string | number)[]
  readonly msg: string
  /** The value at fault as received, at most 200 characters of it. */
  readonly input?: unknown
}

/** What an {@link OpenEnvError} can carry beside its code and message. */
export interface ErrorDetails {
  /** Overrides the table's HTTP status, for example 409 for a step before reset. */
  readonly http?: number
  readonly issues?: readonly Issue[]
  /** Further fields for the other side, for example `max_sessions`. Never secrets. */
  readonly data?: Readonly<Record<string, unknown>>
  /** What happened underneath; goes to logs, never to the other side. */
  readonly cause?: unknown
}

const BRAND = Symbol.for('openenv-ts.error')

/** An error of the table: the only kind that an episode, a client or a server lets out. */
export class OpenEnvError extends Error {
  readonly code: ErrorCode
  readonly http: number
  readonly issues: readonly Issue[]
  readonly data: Readonly<Record<string, unknown>>

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'OpenEnvError'
    this.code = code
    this.http = details.http ?? ERROR_CODES[code].http
    this.issues = details.issues ?? []
    this.data = details.data ?? {}
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** Whether a value is an {@link OpenEnvError}, of this or another installed copy of the package. */
export function isOpenEnvError(value: unknown): value is OpenEnvError {
  return typeof value === 'object' && value !== null && BRAND in value
}

/**
 * Turns whatever an environment's own code threw into an error of the table.
 *
 * The text of a foreign exception stays in `cause`: it may hold paths, names or gold data.
 */
export function toOpenEnvError(thrown: unknown, doing: string): OpenEnvError {
  if (isOpenEnvError(thrown)) return thrown
  return new OpenEnvError('EXECUTION_ERROR', `The environment failed during ${doing}.`, { cause: thrown })
}

/** A call that came at the wrong time [OE-5]. */
export function notReady(why: 'before reset' | 'after the end'): OpenEnvError {
  const message =
    why === 'before reset'
      ? 'There is no episode yet: call reset first.'
      : 'The episode has ended: call reset to start another.'
  return new OpenEnvError('EXECUTION_ERROR', message, { http: 409 })
}

/** Something that this environment does not offer. */
export function notSupported(what: string): OpenEnvError {
  return new OpenEnvError('NOT_SUPPORTED', `${what} is not supported for this environment.`)
}
