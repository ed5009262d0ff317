import { ERROR_CODES, OpenEnvError, toOpenEnvError, type ErrorCode, type Issue } from '../errors.ts'
import { isObject } from '../json.ts'

/** The data of an error frame. */
export interface WireErrorData {
  readonly message: string
  readonly code: string
  readonly errors?: readonly Issue[]
  readonly [key: string]: unknown
}

/** An error as a WebSocket frame shows it. */
export function errorToSocket(thrown: unknown): WireErrorData {
  const error = toOpenEnvError(thrown, 'the call')
  const { socket } = ERROR_CODES[error.code]
  return {
    message: error.message,
    code: socket,
    ...(error.issues.length === 0 ? {} : { errors: error.issues }),
    ...error.data,
  }
}

/** The body of an HTTP error; `detail` is a list of faults with status 422, as FastAPI's, else a text. */
export interface HttpErrorBody {
  readonly detail: string | readonly Issue[]
  readonly code: string
  readonly message?: string
  readonly errors?: readonly Issue[]
  readonly [key: string]: unknown
}

/** An error as HTTP shows it. */
export function errorToHttp(thrown: unknown): { readonly status: number; readonly body: HttpErrorBody } {
  const error = toOpenEnvError(thrown, 'the call')
  const { http: status, message, issues, code, data } = error
  if (status === 422) return { status, body: { detail: issues, message, code, ...data } }
  const errors = issues.length === 0 ? {} : { errors: issues }
  return { status, body: { detail: message, code, ...errors, ...data } }
}

/** An error as JSON-RPC shows it: all three keys, always. */
export function errorToJsonRpc(thrown: unknown): { code: number; message: string; data: unknown } {
  const error = toOpenEnvError(thrown, 'the call')
  const { issues, data } = error
  const details = { ...(issues.length === 0 ? {} : { errors: issues }), ...data }
  return {
    code: ERROR_CODES[error.code].jsonRpc,
    message: error.message,
    data: Object.keys(details).length === 0 ? null : details,
  }
}

/** Reads the data of an error frame of any OpenEnv server. */
export function errorFromSocket(data: unknown): OpenEnvError {
  const { message, code, errors, ...rest } = isObject(data) ? data : {}
  const known =
    typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'EXECUTION_ERROR'
  return new OpenEnvError(known, typeof message === 'string' && message !== '' ? message : 'Unknown error', {
    ...(Array.isArray(errors) ? { issues: errors.filter(isIssue) } : {}),
    data: rest,
  })
}

function isIssue(value: unknown): value is Issue {
  return isObject(value) && Array.isArray(value['loc']) && typeof value['msg'] === 'string'
}
