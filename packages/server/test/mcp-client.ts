import { WebSocket } from 'ws'
import { expectNothingInternal } from './outgoing.ts'

/** What a server answered to an HTTP request of MCP. */
export interface McpAnswer {
  readonly status: number
  readonly headers: Headers
  /** The messages of a JSON body or of an event stream, in order. */
  readonly messages: readonly Message[]
  /** The last of them. */
  readonly message: Message
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- replies of a wire are looked at as they came
export type Message = Readonly<Record<string, any>>

/** Names of the tools in a listing. */
export function toolNames({ tools }: Message): readonly string[] {
  return (tools as readonly Message[]).map(({ name }) => name as string)
}

export const ACCEPT_BOTH = 'application/json, text/event-stream'

/** Posts a message as MCP's Streamable HTTP wants it. */
export async function postMcp(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<McpAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: ACCEPT_BOTH, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  })
  const text = await response.text()
  expectNothingInternal(text)
  const stream = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const written = stream
    ? [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data).filter((data) => data !== '')
    : [text].filter((whole) => whole !== '')
  const messages = written.map((message) => JSON.parse(message) as Message)
  return { status: response.status, headers: response.headers, messages, message: messages.at(-1) ?? {} }
}

let lastId = 0

/** A session of the revisions up to 2025-11-25. */
export class McpSession {
  readonly url: string
  readonly id: string
  /** What `initialize` answered. */
  readonly opening: Message
  readonly #headers: Record<string, string>

  private constructor(url: string, id: string, opening: Message, headers: Record<string, string>) {
    this.url = url
    this.id = id
    this.opening = opening
    this.#headers = { ...headers, 'mcp-session-id': id, 'mcp-protocol-version': '2025-11-25' }
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<McpSession> {
    const answer = await initialize(url, headers)
    const id = answer.headers.get('mcp-session-id')
    if (id === null) throw new Error(`No session: ${String(answer.status)} ${JSON.stringify(answer.message)}`)
    const session = new McpSession(url, id, answer.message['result'] as Message, headers)
    await session.post({ jsonrpc: '2.0', method: 'notifications/initialized' })
    return session
  }

  post(body: unknown): Promise<McpAnswer> {
    return postMcp(this.url, body, this.#headers)
  }

  /** The result of a request. */
  async ask(method: string, params: unknown = {}): Promise<Message> {
    const { message } = await this.post({ jsonrpc: '2.0', id: (lastId += 1), method, params })
    return (message['result'] ?? message) as Message
  }

  call(name: string, args?: unknown): Promise<Message> {
    return this.ask('tools/call', { name, arguments: args })
  }

  request(method: 'GET' | 'DELETE', signal?: AbortSignal): Promise<Response> {
    const init = { method, headers: { ...this.#headers, accept: 'text/event-stream' } }
    return fetch(this.url, signal === undefined ? init : { ...init, signal })
  }
}

export function initialize(url: string, headers: Record<string, string> = {}): Promise<McpAnswer> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'test', version: '1' },
  }
  return postMcp(url, { jsonrpc: '2.0', id: 'hello', method: 'initialize', params }, headers)
}

/** A request of the revision without sessions. */
export function askModern(
  url: string,
  method: string,
  params: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<McpAnswer> {
  const revision = '2026-07-28'
  const named = typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': {},
    ...(params['_meta'] as object | undefined),
  }
  return postMcp(
    url,
    { jsonrpc: '2.0', id: (lastId += 1), method, params: { ...params, _meta } },
    { 'mcp-protocol-version': revision, 'mcp-method': method, ...named, ...headers },
  )
}

/** A request in OpenEnv's own dialect, as its Python clients send it; the whole answer, which is JSON and 200 always. */
export async function rpc(
  url: string,
  method: string,
  params?: Record<string, unknown>,
  headers: Record<string, string> = {},
): Promise<Message> {
  return rpcRaw(url, JSON.stringify({ jsonrpc: '2.0', id: 7, method, params }), headers)
}

export async function rpcRaw(
  url: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<Message> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { accept: '*/*', 'content-type': 'application/json', ...headers },
    body,
    redirect: 'error',
  })
  const text = await response.text()
  expectNothingInternal(text)
  if (response.status !== 200 || response.headers.get('content-type') !== 'application/json') {
    throw new Error(`Not OpenEnv's dialect: ${String(response.status)} ${text}`)
  }
  return JSON.parse(text) as Message
}

/** A socket that is read frame by frame. */
export class FrameSocket implements AsyncDisposable {
  readonly socket: WebSocket
  readonly closing: Promise<number>
  readonly #frames: Message[] = []
  #arrived: () => void = () => undefined

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer) => {
      this.#frames.push(JSON.parse(data.toString('utf8')) as Message)
      this.#arrived()
    })
    this.closing = new Promise((resolve) => {
      socket.once('close', (code) => {
        resolve(code)
        this.#arrived()
      })
    })
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<FrameSocket> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
    const frames = new FrameSocket(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    return frames
  }

  async next(): Promise<Message> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      if (this.socket.readyState === WebSocket.CLOSED)
        throw new Error('The socket closed before an answer came.')
      await new Promise<void>((resolve) => (this.#arrived = resolve))
    }
  }

  ask(frame: unknown): Promise<Message> {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
    return this.next()
  }

  /** The observation that a step shows. */
  async step(action: unknown): Promise<Message> {
    const { type, data } = await this.ask({ type: 'step', data: action })
    return type === 'observation' ? ((data as Message)['observation'] as Message) : (data as Message)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.close()
    await this.closing
  }
}
