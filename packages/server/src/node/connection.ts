import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { KeepAlive } from '../socket/keep-alive.ts'
import { type Pinged } from '../socket/keep-alive.ts'
import type { ServerOptions } from '../options.ts'
import type { SocketHandler } from '../socket/socket-like.ts'
import { SMALL_BYTES } from '../limits/incoming-bytes.ts'
import { MAX_UNREAD_BYTES, CLOSE_GRACE_MS, ignore } from './stream.ts'
import type { NodeSocket } from './ws-socket.ts'

/** What one is told that is cut for its silence, in the words of Python's server. */
const SILENT = 'keepalive ping timeout'

/** Brings what arrives on a WebSocket to its handler, and tells the pings of every sign of life. */
export function takeOver(connection: Connection, stream: Duplex, alive: KeepAlive<Connection>): void {
  const { socket, handler } = connection
  alive.watch(connection)
  const heard = (): void => {
    alive.heard(connection)
  }
  let arriving = 0
  // `ws` gathers a message before it tells of it, so what has come of it is counted here, ahead of `ws`.
  stream.prependListener('data', (chunk: Buffer) => {
    arriving += chunk.length
    if (arriving > SMALL_BYTES) handler.arriving(arriving)
  })
  socket.on('message', (data: Buffer, binary: boolean) => {
    arriving = 0
    heard()
    handler.message(data, binary)
  })
  socket.on('ping', heard)
  socket.on('pong', () => {
    connection.pongs = true
    heard()
  })
  // A reset connection, a frame over the limit, invalid UTF-8: `ws` closes with the right code; `close` follows.
  socket.on('error', ignore)
  socket.on('close', () => {
    alive.forget(connection)
    connection.gone()
  })
}

/** What a stream tells that is a TCP socket: here, every one. */
export type TcpSide = Pick<Socket, 'bytesRead' | 'remoteAddress'>

/** One accepted WebSocket and what answers it. */
export class Connection implements Pinged {
  readonly socket: WebSocket
  readonly handler: SocketHandler
  /** Whether pongs come through from this client at all: some tunnels drop them. */
  pongs = false
  readonly #ours: NodeSocket
  readonly #stream: TcpSide
  readonly #log: NonNullable<ServerOptions['log']>
  #gone = false

  constructor(
    ours: NodeSocket,
    stream: TcpSide,
    handler: SocketHandler,
    log: NonNullable<ServerOptions['log']>,
  ) {
    this.socket = ours.socket
    this.#ours = ours
    this.handler = handler
    this.#stream = stream
    this.#log = log
  }

  get bytesRead(): number {
    return this.#stream.bytesRead
  }

  /**
   * A pong that comes while we do not read is not seen; it says nothing of a client that does not read. And a client
   * that waits for its answer has nothing to say where pongs do not come through. Once we read again or have answered,
   * the client has the whole time.
   */
  get excusedUntil(): number {
    const { isPaused, bufferedAmount } = this.socket
    if (bufferedAmount >= MAX_UNREAD_BYTES) return 0
    if (isPaused || (this.handler.busy && !this.pongs)) return Infinity
    const { resumedAt, sentAt } = this.#ours
    return this.pongs ? resumedAt : Math.max(resumedAt, sentAt)
  }

  ping(): void {
    this.socket.ping()
  }

  cut(): void {
    const address = this.#stream.remoteAddress ?? 'an unknown address'
    const message = `A WebSocket from ${address} was closed (1011): its client was silent and answered no ping in time.`
    this.#log({ level: 'warning', message })
    this.socket.close(1011, SILENT)
    this.gone()
    setTimeout(() => {
      this.socket.terminate()
    }, CLOSE_GRACE_MS).unref()
  }

  /** Frees what the connection holds, once. */
  gone(): void {
    if (this.#gone) return
    this.#gone = true
    this.handler.closed()
  }
}
