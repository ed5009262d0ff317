import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { SMALL_BYTES, type IncomingBytes } from '../limits/incoming-bytes.ts'
import { readIncoming, type Decoder } from '../socket/incoming.ts'
import { DEFAULT_SESSION } from '../sessions/sessions.ts'
import type { Host } from '../host.ts'

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
  const value = bytes.length === 0 ? undefined : await readIncoming(bytes, BODY, host.shape)
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

const BODY: Decoder = {
  decode: (bytes) => {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      throw new OpenEnvError('INVALID_JSON', 'Invalid JSON: the body is not UTF-8.')
    }
  },
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
