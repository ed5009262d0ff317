import type { Socket } from 'node:net'
import { WebSocket, type ClientOptions } from 'ws'
import { expectNothingInternal } from './outgoing.ts'

/** A frame of the server, parsed. */
export interface Message {
  readonly type: string
  readonly data: Record<string, unknown>
}

/** How a socket ended. */
export interface Closing {
  readonly code: number
  readonly reason: string
}

/** A client on `/ws` that says exactly what it is told, and looks at every byte that comes back. */
export class SocketClient implements AsyncDisposable {
  readonly socket: WebSocket
  readonly closing: Promise<Closing>
  readonly #arrived: string[] = []
  #awaiting: { resolve: (text: string) => void; reject: (error: Error) => void } | null = null

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data: Buffer, binary: boolean) => {
      if (binary) throw new Error('The server sent a binary frame.')
      this.#arrive(data.toString('utf8'))
    })
    this.closing = new Promise((resolve) => {
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString('utf8') })
        this.#awaiting?.reject(new Error(`The socket closed with ${String(code)} before an answer came.`))
      })
    })
  }

  /** Connects. Rejects with the status when the handshake is refused. */
  static async open(url: string, options: ClientOptions = {}): Promise<SocketClient> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`, { perMessageDeflate: false, ...options })
    const client = new SocketClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve)
      socket.once('error', reject)
    })
    socket.on('error', () => undefined)
    return client
  }

  /** The TCP connection below. */
  get connection(): Socket {
    return (this.socket as unknown as { readonly _socket: Socket })._socket
  }

  /** Sends bytes or text as they are. */
  sendRaw(frame: string | Uint8Array): void {
    this.socket.send(frame)
  }

  send(type: string, data?: unknown): void {
    this.sendRaw(JSON.stringify({ type, data }))
  }

  /** The text of the next frame. */
  async nextText(): Promise<string> {
    const arrived = this.#arrived.shift()
    if (arrived !== undefined) return arrived
    return new Promise((resolve, reject) => {
      this.#awaiting = { resolve, reject }
    })
  }

  async next(): Promise<Message> {
    return JSON.parse(await this.nextText()) as Message
  }

  /** Sends a message and waits for one answer. */
  async ask(type: string, data?: unknown): Promise<Message> {
    this.send(type, data)
    return this.next()
  }

  /** Sends a frame as it is and waits for one answer. */
  async askRaw(frame: string | Uint8Array): Promise<Message> {
    this.sendRaw(frame)
    return this.next()
  }

  /** Frames that came and were not looked at. */
  get unread(): readonly string[] {
    return this.#arrived
  }

  /** Comes back when the server has seen everything sent so far, and its answers are here. */
  async settled(): Promise<void> {
    const pong = new Promise((resolve) => this.socket.once('pong', resolve))
    this.socket.ping()
    await pong
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.terminate()
    await this.closing
  }

  #arrive(text: string): void {
    expectNothingInternal(text)
    const awaiting = this.#awaiting
    this.#awaiting = null
    if (awaiting === null) this.#arrived.push(text)
    else awaiting.resolve(text)
  }
}
