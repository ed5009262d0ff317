import { ERROR_CODES, isOpenEnvError, OpenEnvError, type ErrorCode, type Issue } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { fetchWithinOrigin, readText } from './fetch-within-origin.ts'
import { checkDuration } from './time.ts'
import { readJsonOr } from './read-json.ts'
import { unreachable } from './unreachable.ts'
import { parseServerUrl } from './url.ts'
import { requireJson } from './write-json.ts'

/** Options of every call over HTTP. */
export interface HttpOptions {
  /** Milliseconds until the whole answer is there; 10,000 if not given. */
  readonly timeoutMs?: number
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

const DEFAULT_TIMEOUT_MS = 10_000
const NEVER_MS = 2 ** 31 - 1

/**
 * Asks a server for JSON. Only for routes that change nothing: a broken connection is tried once more.
 *
 * @param path - Begins with a slash.
 * @param body - Makes it a POST.
 * @throws OpenEnvError `CONNECTION_ERROR`, `TIMEOUT`, `TOO_LARGE` for an answer of more than 32 MiB, `NOT_SUPPORTED` for
 * a route that is not there, or the server's own.
 */
export async function askJson(
  url: string | URL,
  path: string,
  options: HttpOptions,
  body?: unknown,
): Promise<unknown> {
  const address = parseServerUrl(url).http + path
  const { timeoutMs = DEFAULT_TIMEOUT_MS, token, headers, signal } = options
  const timeout = AbortSignal.timeout(Math.min(Math.ceil(checkDuration('timeoutMs', timeoutMs)), NEVER_MS))
  if (body !== undefined) requireJson('request', 'body', body)
  const init: RequestInit = {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  }
  let answer: { readonly status: number; readonly text: string }
  try {
    answer = await ask(address, init, path)
  } catch (cause) {
    if (signal?.aborted === true) throw signal.reason
    if (isOpenEnvError(cause)) throw cause
    if (timeout.aborted) {
      throw new OpenEnvError('TIMEOUT', `${address} did not answer within ${String(timeoutMs / 1000)} s.`, {
        cause,
      })
    }
    throw unreachable(parseServerUrl(url).http, reasonOf(cause), cause)
  }
  const parsed = readJsonOr(answer.text)
  if (answer.status >= 200 && answer.status < 300 && parsed !== undefined) return parsed
  throw answerError(address, answer.status, parsed)
}

async function ask(
  address: string,
  init: RequestInit,
  route: string,
): Promise<{ status: number; text: string }> {
  const once = async (): Promise<{ status: number; text: string }> => {
    const response = await fetchWithinOrigin(address, init, route)
    return { status: response.status, text: await readText(response) }
  }
  try {
    return await once()
  } catch (error) {
    if (init.signal?.aborted === true || isOpenEnvError(error)) throw error
    // Some servers drop a kept connection after an error without saying so; the next request meets that.
    return once()
  }
}

/** What a failed fetch says of why. */
export function reasonOf(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause
  const first: unknown = inner instanceof AggregateError ? inner.errors[0] : inner
  if (!(first instanceof Error)) return ''
  // OpenSSL says this in internals of its own.
  return /wrong version number/i.test(first.message) ? 'it does not speak TLS: write http://' : first.message
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'VALIDATION_ERROR',
  404: 'NOT_SUPPORTED',
  405: 'NOT_SUPPORTED',
  413: 'TOO_LARGE',
  422: 'VALIDATION_ERROR',
  500: 'EXECUTION_ERROR',
  501: 'NOT_SUPPORTED',
  503: 'CAPACITY_REACHED',
  504: 'TIMEOUT',
}

/** Reads an error of any OpenEnv server: ours says its code, others only a status and a `detail`. */
export function answerError(address: string, status: number, body: unknown): OpenEnvError {
  const { detail, message, code, errors, ...rest } = isObject(body) ? body : {}
  const known =
    typeof code === 'string' && Object.hasOwn(ERROR_CODES, code)
      ? (code as ErrorCode)
      : CODE_OF_STATUS[status]
  const said = [message, detail].find((text): text is string => typeof text === 'string')
  const list: unknown = Array.isArray(detail) ? detail : errors
  const issues = Array.isArray(list) ? list.filter(isIssue) : []
  const details = { http: status, issues, data: rest }
  if (status === 401 || status === 403) {
    return new OpenEnvError(
      'CONNECTION_ERROR',
      `${address} refuses access (HTTP ${String(status)}): give the option \`token\`, or to the command OPENENV_CONTROL_TOKEN.`,
      details,
    )
  }
  if (known === undefined) {
    return new OpenEnvError(
      'CONNECTION_ERROR',
      `${address} answered HTTP ${String(status)}, and not what an OpenEnv server answers. Is the address right?`,
      details,
    )
  }
  return new OpenEnvError(known, `${address}: ${said ?? `HTTP ${String(status)}`}`, details)
}

function isIssue(value: unknown): value is Issue {
  return isObject(value) && Array.isArray(value['loc']) && typeof value['msg'] === 'string'
}
