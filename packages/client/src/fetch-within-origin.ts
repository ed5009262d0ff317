import { OpenEnvError } from '@openenv-ts/core'
import { REDIRECTS, redirected, redirectedTooOften } from './redirect.ts'

const MAX_REDIRECTS = 5
const MIB = 1024 * 1024

/** What an answer may amount to, decompressed; one event of a stream too. */
export const MAX_ANSWER_BYTES = 32 * MIB

/**
 * `fetch` for everything that this package asks over HTTP. Redirects are followed within the origin of the address and
 * nowhere else: a token, headers, secrets and bodies are for the server whose address the caller gave.
 *
 * @param route - What follows the server's address in `address`, so that an error names a server and not a route.
 * @throws OpenEnvError `CONNECTION_ERROR` for a redirect to another origin, naming the address to give instead, and for
 * more than five; what `fetch` throws.
 */
export async function fetchWithinOrigin(
  address: string | URL,
  init: RequestInit = {},
  route = '',
): Promise<Response> {
  let url = new URL(address)
  let request: RequestInit = { ...init, redirect: 'manual' }
  for (let hops = 0; ; hops += 1) {
    const response = await fetch(url, request)
    const { status } = response
    // Browsers do not tell where a redirect leads.
    if (response.type === 'opaqueredirect') throw redirected({ from: url, status, location: null, route })
    const location = REDIRECTS.has(status) ? response.headers.get('location') : null
    if (location === null) return response
    await response.body?.cancel()
    const next = URL.canParse(location, url.href) ? new URL(location, url) : null
    if (next?.origin !== url.origin || next.username !== '' || next.password !== '') {
      throw redirected({ from: url, status, location, route })
    }
    if (hops >= MAX_REDIRECTS) throw redirectedTooOften(url, status)
    if (asksAgainByGet(status, request)) request = withoutBody(request)
    url = next
  }
}

/** As the standard of `fetch` has it. */
function asksAgainByGet(status: number, { method = 'GET' }: RequestInit): boolean {
  const name = method.toUpperCase()
  return status === 303 ? name !== 'GET' && name !== 'HEAD' : status < 303 && name === 'POST'
}

function withoutBody({ body: _body, ...rest }: RequestInit): RequestInit {
  const headers = new Headers(rest.headers)
  headers.delete('content-type')
  return { ...rest, method: 'GET', headers }
}

/**
 * The text of a response, which may be at most so large, however it was compressed.
 *
 * @throws OpenEnvError `TOO_LARGE` once more has come, having cut the connection; what reading the body throws.
 */
export async function readText(response: Response, maxBytes: number = MAX_ANSWER_BYTES): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const decoder = new TextDecoder()
  const pieces: string[] = []
  let size = 0
  for (;;) {
    const portion = await reader.read()
    if (portion.done) break
    size += portion.value.byteLength
    if (size > maxBytes) {
      reader.cancel().catch(() => undefined)
      throw tooLarge(response.url, maxBytes)
    }
    pieces.push(decoder.decode(portion.value, { stream: true }))
  }
  pieces.push(decoder.decode())
  return pieces.join('')
}

/**
 * The same response, whose body fails with `TOO_LARGE` where an answer, or one event of a stream of events, exceeds the
 * bound: for clients that read it themselves.
 */
export function boundedResponse(response: Response, maxBytes: number = MAX_ANSWER_BYTES): Response {
  if (response.body === null) return response
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  let size = 0
  const bound = new TransformStream<Uint8Array, Uint8Array>({
    transform: (portion, controller) => {
      size += portion.byteLength
      if (size > maxBytes) throw tooLarge(response.url, maxBytes)
      if (isStream) size = Math.min(size, sinceEmptyLine(portion))
      controller.enqueue(portion)
    },
  })
  const { status, statusText, headers } = response
  const body = (response.body as ReadableStream<Uint8Array>).pipeThrough(bound)
  return new Response(body, { status, statusText, headers })
}

const LF = 0x0a
const CR = 0x0d

/** How many bytes come behind the last empty line, where an event ends; infinite when there is none. */
function sinceEmptyLine(bytes: Uint8Array): number {
  for (let at = bytes.lastIndexOf(LF); at > 0; at = bytes.lastIndexOf(LF, at - 1)) {
    const before = bytes[at - 1] === CR ? at - 2 : at - 1
    if (before < 0 || bytes[before] === LF) return bytes.length - at - 1
  }
  return Infinity
}

function tooLarge(url: string, maxBytes: number): OpenEnvError {
  const from = url === '' ? 'The server' : url
  return new OpenEnvError('TOO_LARGE', `${from} answered with more than ${String(maxBytes / MIB)} MiB.`)
}
