import { expectNothingInternal } from './outgoing.ts'
import { call, type Answer, type Peer } from './http-client.ts'

/** One event of a stream; comments have the name of none. */
export interface OrsEvent {
  readonly event: string
  readonly data: string
}

/** Reads a text of server-sent events by the standard; CRLF line ends are required. */
export function parseEvents(text: string): readonly OrsEvent[] {
  if (/[^\r]\n/.test(text)) throw new Error('A line does not end in CRLF.')
  return text
    .split('\r\n\r\n')
    .slice(0, -1)
    .map((block) => {
      const lines = block.split('\r\n')
      if (lines[0]?.startsWith(':') === true) return { event: 'comment', data: lines[0].slice(1).trim() }
      const value = (line: string): string => line.slice(line.indexOf(':') + 1).replace(/^ /, '')
      const data = lines.filter((line) => line.startsWith('data:')).map(value)
      return { event: value(lines.find((line) => line.startsWith('event:')) ?? ''), data: data.join('\n') }
    })
}

/** A client of ORS that keeps its session id and shows all that comes back. */
export class OrsClient {
  readonly peer: Peer
  readonly env: string
  readonly id: string
  readonly headers: Readonly<Record<string, string>>

  constructor(
    peer: Peer,
    env: string,
    id: string = crypto.randomUUID(),
    headers: Record<string, string> = {},
  ) {
    this.peer = peer
    this.env = env
    this.id = id
    this.headers = { 'x-session-id': id, ...headers }
  }

  post(path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return call(this.peer, 'POST', path, { json, headers: { ...this.headers, ...headers } })
  }

  get(path: string): Promise<Answer> {
    return call(this.peer, 'GET', path, { headers: this.headers })
  }

  create(body: unknown = { task_spec: {} }, headers?: Record<string, string>): Promise<Answer> {
    return this.post('/create', body, headers)
  }

  /** A stream that is still open. */
  async open(path: string, json: unknown, signal?: AbortSignal): Promise<Response> {
    const init: RequestInit = {
      method: 'POST',
      headers: { ...this.headers, 'content-type': 'application/json' },
      body: JSON.stringify(json),
      ...(signal === undefined ? {} : { signal }),
    }
    return typeof this.peer === 'string'
      ? fetch(this.peer + path, init)
      : this.peer.fetch(new Request(`http://localhost${path}`, init))
  }

  async events(path: string, json: unknown): Promise<readonly OrsEvent[]> {
    const response = await this.open(path, json)
    if (response.headers.get('content-type') !== 'text/event-stream') {
      throw new Error(`HTTP ${String(response.status)}: ${await response.text()}`)
    }
    const text = await response.text()
    expectNothingInternal(text)
    return parseEvents(text)
  }

  /** Calls a tool; the payload, put together, or the text of an `error` event. */
  async call(
    name: string,
    input: unknown = {},
    taskId?: string,
  ): Promise<Record<string, unknown> & { error?: string }> {
    const body = { name, input, ...(taskId === undefined ? {} : { task_id: taskId }) }
    const events = await this.events(`/${this.env}/call`, body)
    const failed = events.find(({ event }) => event === 'error')
    if (failed !== undefined) return { error: failed.data, event: 'error' }
    const text = events.filter(({ event }) => event === 'chunk' || event === 'end').map(({ data }) => data)
    return JSON.parse(text.join('')) as Record<string, unknown>
  }
}
