import { expectNothingInternal } from './outgoing.ts'

/** A reply, read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

/** A request: JSON, or a text as it is. */
export interface Call {
  readonly json?: unknown
  readonly text?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

/** Whatever takes a request: a listener by URL, or an app without one. */
export type Peer = string | { fetch(request: Request): Promise<Response> }

/** Sends one request and looks at all that comes back; every answer must be JSON. */
export async function call(
  peer: Peer,
  method: string,
  path: string,
  { json, text, headers }: Call = {},
): Promise<Answer> {
  const body = json === undefined ? text : JSON.stringify(json)
  const init: RequestInit = {
    method,
    headers: { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    redirect: 'error',
    ...(body === undefined ? {} : { body }),
  }
  const response =
    typeof peer === 'string'
      ? await fetch(peer + path, init)
      : await peer.fetch(new Request(`http://localhost${path}`, init))
  const type = response.headers.get('content-type')
  if (type !== 'application/json')
    throw new Error(`The answer is ${type ?? 'of no type'}, not application/json.`)
  const written = await response.text()
  expectNothingInternal(written)
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(written) as Record<string, unknown>,
  }
}

/** POST with a JSON body. */
export function post(
  peer: Peer,
  path: string,
  json?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(peer, 'POST', path, { json, headers })
}

export function get(peer: Peer, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return call(peer, 'GET', path, { headers })
}
