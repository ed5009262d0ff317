import { isObject, isOpenEnvError, OpenEnvError, type AnyEnvironment } from '@openenv-ts/core'
import { errorToHttp, type JsonShape } from '@openenv-ts/core/wire'
import type { LogEvent, Mode } from './options.ts'
import type { Gate } from './gate.ts'
import { readIncoming } from './incoming.ts'
import type { Resumption } from './resume.ts'
import type { Sessions } from './session.ts'
import type { SocketHandler, SocketLike } from './socket.ts'

/**
 * Who a route is for.
 *
 * `control`: orchestrators. `agent`: an agent in its own episode. `capability`: the same, admitted by the secret in
 * the path. `operator`: metrics and the like. `about`: any of those. `open`: anybody.
 */
export type Plane = 'control' | 'agent' | 'capability' | 'operator' | 'about' | 'open'

/** What every route works with. */
export interface Host {
  readonly environment: AnyEnvironment
  readonly sessions: Sessions
  readonly gate: Gate
  /** Prefix of every path; empty or with a leading slash. */
  readonly basePath: string
  /** Where clients reach the server, whatever they asked for; undefined: where they sent their request. */
  readonly publicUrl: string | undefined
  readonly mode: Mode
  /** Whether the action schema declares a field of this name. */
  readonly actionHasKey: (key: string) => boolean
  readonly maxMessageBytes: number
  readonly shape: JsonShape
  /** Null where episodes do not outlive the server. */
  readonly resumption: Resumption | null
  readonly log: (event: LogEvent) => void
}

/** An answer before it is written out. */
export interface RouteReply {
  readonly status?: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** How a request came in. */
export interface Arrival {
  /** The planes that the port serves; all when not given. Routes of others are not there. */
  readonly planes?: ReadonlySet<Plane> | undefined
  /** Scheme, host and port that the client used, where a trusted proxy tells it. */
  readonly origin?: string | undefined
}

/** What a handler knows beside the request. */
export interface Visit {
  /** The server's address as the client knows it: base path included, no trailing slash. */
  readonly base: string
  /** Whether this client may use a plane, with its token and on the port that it came to. */
  readonly sees: (plane: Plane) => boolean
}

/** A route as a value: `app.ts` mounts the list, and tests walk it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With `:name` for a parameter. */
  readonly path: string
  readonly plane: Plane
  /** One line for the OpenAPI document. */
  readonly summary: string
  /** Whatever this throws is answered as an error of the table. */
  readonly handle: (
    request: Request,
    parameters: Readonly<Record<string, string>>,
    visit: Visit,
  ) => Promise<RouteReply | Response> | RouteReply | Response
}

/** A WebSocket path as a value. */
export interface SocketRoute {
  /** With `:name` for a parameter. */
  readonly path: string
  readonly plane: Plane
  /**
   * Called before the handshake is answered.
   *
   * @returns What takes over the socket, or the answer that refuses the handshake.
   */
  readonly accept: (
    request: Request,
    parameters: Readonly<Record<string, string>>,
  ) => ((socket: SocketLike) => SocketHandler) | Response
}

/** A JSON answer. */
export function json({ status = 200, body, headers = {} }: RouteReply): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  })
}

/** An error as an answer. What the caller is not told goes to the log. */
export function failure(
  thrown: unknown,
  host: Pick<Host, 'log'>,
  headers?: Record<string, string>,
): Response {
  const { status, body } = errorToHttp(thrown)
  if (status === 500) host.log({ level: 'error', message: 'A request failed.', cause: causeOf(thrown) })
  return json({ status, body, ...(headers === undefined ? {} : { headers }) })
}

/**
 * Writes down what failed inside, with the cause that the other side is not told.
 *
 * @param session - Named by its number: its id opens it, and logs are read by many.
 */
export function logFailure(
  host: Pick<Host, 'log'>,
  thrown: unknown,
  session?: { readonly number: number } | null,
): void {
  if (isOpenEnvError(thrown) && thrown.http !== 500) return
  const message = isOpenEnvError(thrown) ? thrown.message : 'A call failed.'
  const where = session === undefined || session === null ? {} : { session: String(session.number) }
  host.log({ level: 'error', message, ...where, cause: causeOf(thrown) })
}

/** What happened underneath an error of the table, or the thing itself. */
export function causeOf(thrown: unknown): unknown {
  return thrown instanceof OpenEnvError ? (thrown.cause ?? thrown) : thrown
}

/**
 * Reads a body as JSON; an empty one is `undefined`. The content type is not looked at: people forget it.
 *
 * @throws OpenEnvError `TOO_LARGE`, `INVALID_JSON`, or `VALIDATION_ERROR` for a shape out of bounds.
 */
export async function readJson(
  request: Request,
  host: Pick<Host, 'maxMessageBytes' | 'shape'>,
): Promise<unknown> {
  const bytes = await readBytes(request, host.maxMessageBytes)
  if (bytes.length === 0) return undefined
  return readIncoming(bytes, decodeBody, host.shape)
}

function decodeBody(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new OpenEnvError('INVALID_JSON', 'Invalid JSON: the body is not UTF-8.')
  }
}

/** Reads a body that has to be a JSON object, or empty for `{}`. */
export async function readObject(
  request: Request,
  host: Pick<Host, 'maxMessageBytes' | 'shape'>,
): Promise<Readonly<Record<string, unknown>>> {
  const body = await readJson(request, host)
  return body === undefined ? {} : requireObject(body)
}

/** Reads a body that has to be a JSON object, and has to be there: nobody acts by saying nothing. */
export async function readAction(
  request: Request,
  host: Pick<Host, 'maxMessageBytes' | 'shape'>,
): Promise<Readonly<Record<string, unknown>>> {
  return requireObject(await readJson(request, host))
}

function requireObject(body: unknown): Readonly<Record<string, unknown>> {
  if (isObject(body)) return body
  throw new OpenEnvError('VALIDATION_ERROR', 'The body must be a JSON object.', {
    issues: [{ type: 'invalid_type', loc: ['body'], msg: 'Expected a JSON object' }],
  })
}

/** Faults in a body are placed below `body`, as FastAPI does. */
export async function atBody<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!isOpenEnvError(error) || error.issues.length === 0) throw error
    const issues = error.issues.map((issue) => ({ ...issue, loc: ['body', ...issue.loc] }))
    throw new OpenEnvError(error.code, error.message, { http: error.http, issues, data: error.data })
  }
}

async function readBytes(request: Request, max: number): Promise<Uint8Array> {
  const length = request.headers.get('content-length')
  if (length !== null && Number(length) > max) throw tooLarge(max)
  if (length !== null) return new Uint8Array(await request.arrayBuffer())
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    size += value.length
    if (size > max) {
      void reader.cancel()
      throw tooLarge(max)
    }
    chunks.push(value)
  }
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function tooLarge(max: number): OpenEnvError {
  return new OpenEnvError('TOO_LARGE', `The body is larger than the limit of ${String(max)} bytes.`)
}
