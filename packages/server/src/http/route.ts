import { isOpenEnvError, OpenEnvError, type AnyEnvironment } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { errorToHttp, type JsonShape } from '@openenv-ts/core/wire'
import type { LogEvent, Mode } from '../options.ts'
import type { Authorizer } from '../access/authorizer.ts'
import { SMALL_BYTES, type IncomingBytes } from '../limits/incoming-bytes.ts'
import { readIncoming } from '../socket/incoming.ts'
import type { Quota } from '../limits/quota.ts'
import type { Operation } from './operation.ts'
import { DEFAULT_SESSION, type Sessions } from '../sessions/session.ts'
import type { Resumption } from '../sessions/resume.ts'
import type { SocketHandler, SocketLike } from '../socket/socket.ts'

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
  readonly authorizer: Authorizer
  /** What all clients that play no episode hold of the server. */
  readonly shared: Quota
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
  /** What it takes and answers. */
  readonly operation: Operation
  /** Whether it answers people: then a refusal is a page too. */
  readonly page?: true
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
export function json(reply: RouteReply): Response {
  return new Response(...jsonParts(reply))
}

/** What a JSON answer is made of. */
export function jsonParts({ status = 200, body, headers = {} }: RouteReply): [string, ResponseInit] {
  return [JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } }]
}

/** An error as an answer. What the caller is not told goes to the log. */
export function failure(
  thrown: unknown,
  host: Pick<Host, 'log'>,
  headers?: Record<string, string>,
): Response {
  const { status, body } = errorToHttp(thrown)
  if (status === 429 || status === 503) headers = { 'retry-after': '1', ...headers }
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

/** JSON that came in, and how large its text was. */
export interface ReadBody {
  /** Undefined for an empty body. */
  readonly value: unknown
  readonly bytes: number
}

/**
 * Reads a body as JSON. The content type is not looked at: people forget it.
 *
 * @param incoming - What a large body counts towards; undefined for clients that may send as they like.
 * @throws OpenEnvError `TOO_LARGE`, `INVALID_JSON`, `VALIDATION_ERROR` for a shape out of bounds, `NOT_SUPPORTED`
 * (HTTP 415) for a compressed body, or `CAPACITY_REACHED` (HTTP 429) when too many large bodies are on their way.
 */
export async function readJson(
  request: Request,
  host: Pick<Host, 'maxMessageBytes' | 'shape'>,
  incoming: IncomingBytes | undefined,
): Promise<ReadBody> {
  requirePlain(request)
  const bytes = await readBytes(request, host.maxMessageBytes, incoming)
  const value = bytes.length === 0 ? undefined : await readIncoming(bytes, decodeBody, host.shape)
  return { value, bytes: bytes.length }
}

/** Bodies are bounded by their bytes, so nothing is decompressed. */
function requirePlain({ headers }: Request): void {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? ''
  if (encoding === '' || encoding === 'identity') return
  const message = `Content-Encoding "${encoding.slice(0, 40)}" is not supported: send the body as it is, without one.`
  throw new OpenEnvError('NOT_SUPPORTED', message, { http: 415 })
}

/** What a body on the control plane counts towards: nothing for an orchestrator with a token or an episode. */
function incomingOf(
  request: Request,
  { authorizer: authorizer, sessions, shared }: Host,
): IncomingBytes | undefined {
  if (authorizer.principal(request.headers) === 'control') return undefined
  const named = sessions.find(request.headers.get('x-session-id') ?? DEFAULT_SESSION)
  return named === undefined || named.episode.status === 'idle' ? shared.incoming : undefined
}

function decodeBody(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new OpenEnvError('INVALID_JSON', 'Invalid JSON: the body is not UTF-8.')
  }
}

/** Reads a body that has to be a JSON object, or empty for `{}`. */
export async function readObject(request: Request, host: Host): Promise<Readonly<Record<string, unknown>>> {
  const { value } = await readJson(request, host, incomingOf(request, host))
  return value === undefined ? {} : requireObject(value)
}

/** Reads a body that has to be a JSON object, and has to be there: nobody acts by saying nothing. */
export async function readAction(request: Request, host: Host): Promise<Readonly<Record<string, unknown>>> {
  const { value } = await readJson(request, host, incomingOf(request, host))
  return requireObject(value)
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

async function readBytes(
  request: Request,
  max: number,
  incoming: IncomingBytes | undefined,
): Promise<Uint8Array> {
  const length = Number(request.headers.get('content-length') ?? NaN)
  if (length > max) throw tooLarge(max)
  const small = length <= SMALL_BYTES
  if (small || (incoming === undefined && !Number.isNaN(length)))
    return new Uint8Array(await request.arrayBuffer())
  if (request.body === null) return new Uint8Array()
  const reader = request.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const cut = new AbortController()
  const arrival = incoming?.begin(() => {
    cut.abort()
    void reader.cancel().catch(() => undefined)
  })
  try {
    const chunks: Uint8Array[] = []
    let size = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (cut.signal.aborted) throw tooManyBodies()
      if (done) break
      size += value.length
      if (size > max) {
        void reader.cancel()
        throw tooLarge(max)
      }
      chunks.push(value)
      if (size > SMALL_BYTES) arrival?.grow(size)
    }
    return joined(chunks, size)
  } finally {
    arrival?.end()
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
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

function tooManyBodies(): OpenEnvError {
  const message = 'Too many large bodies are on their way: send one at a time.'
  return new OpenEnvError('CAPACITY_REACHED', message, { http: 429 })
}
