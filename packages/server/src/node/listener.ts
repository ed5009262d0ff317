import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError, type HttpBindings } from '@hono/node-server'
import type { MaybePromise } from '@openenv-ts/core'
import { WebSocket, WebSocketServer } from 'ws'
import type { App } from '../app.ts'
import { takeForwarded, type ReadForwarded } from './forwarded.ts'
import { SOCKET_PROTOCOL } from '../access/authorizer.ts'
import { KeepAlive, type KeepAliveTimes, type Pinged } from '../socket/keep-alive.ts'
import type { ServerLimits } from '../limits/limits.ts'
import type { ServerOptions } from '../options.ts'
import { canonicalTarget } from '../access/request-path.ts'
import { failure, json, type Plane } from '../http/route.ts'
import type { SocketHandler, SocketLike } from '../socket/socket.ts'
import { textFrame } from './text-frame.ts'
import { SMALL_BYTES } from '../limits/incoming-bytes.ts'
import { onCutOff, SMALL_ANSWER_BYTES } from '../limits/unread-bytes.ts'
import { settledWithin } from './settled-within.ts'

/** What a listener answers with. */
export type Served = Pick<App, 'fetch' | 'upgrade' | 'maxMessageBytes'> & {
  readonly limits: Pick<ServerLimits, 'connections'>
}

/** Connections that the kernel may hold ready while a storm of them comes in. */
const BACKLOG = 16_384
/** A client that takes longer to say what it wants is holding a connection, not using it. */
const MAX_HEAD_SECONDS = 15
/** Answering waits for a client that leaves this many bytes of answers unread. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** How long clients have to take leave. */
const CLOSE_GRACE_MS = 500
/** How long a client that is cut off has to read why. */
const CUT_OFF_GRACE_MS = 100
/** What they are told then. */
const LEAVING = 'The server is shutting down.'
/** What one is told that is cut for its silence, in the words of Python's server. */
const SILENT = 'keepalive ping timeout'

/** One port. */
export interface Listener {
  readonly server: Server
  readonly sockets: Sockets
  readonly port: number
  /** Settles when every answer that was begun has gone out. */
  flushed(): Promise<void>
}

/**
 * Opens one port.
 *
 * @throws Error with `code` `EADDRINUSE` when it is taken.
 */
export async function openListener(
  app: Served,
  at: {
    readonly port: number
    readonly host: string
    readonly log: NonNullable<ServerOptions['log']>
    readonly planes: ReadonlySet<Plane> | undefined
    readonly requestSeconds: number
    readonly keepAliveSeconds: number
    readonly patience: KeepAliveTimes
    /** What trusted proxies tell of the address that a client used. */
    readonly forwarded: ReadForwarded
  },
): Promise<Listener> {
  const { port, host, log, planes, requestSeconds, forwarded } = at
  const origins = new WeakMap<IncomingMessage, string>()
  const respond = async (request: Request, { incoming, outgoing }: HttpBindings): Promise<Response> => {
    const response = await app.fetch(request, { planes, origin: origins.get(incoming) })
    if (response.body !== null) onCutOff(response.body, () => outgoing.destroy())
    return response
  }
  const answer = getRequestListener((request, env) => respond(request, env as HttpBindings), {
    overrideGlobalObjects: false,
    // For requests that name no host, as HTTP/1.0 allows.
    hostname: 'localhost',
    errorHandler: (error) =>
      error instanceof RequestError ? json({ status: 400, body: BAD_TARGET[400] }) : failure(error, { log }),
  })
  const limits = {
    requestTimeout: requestSeconds * 1000,
    headersTimeout: Math.min(requestSeconds / 4, MAX_HEAD_SECONDS) * 1000,
    connectionsCheckingInterval: Math.min(requestSeconds / 8, 5) * 1000,
    // Counts between requests only; the other limits count within one.
    keepAliveTimeout: at.keepAliveSeconds * 1000,
  }
  const answers = new Set<Promise<void>>()
  const server = createServer(limits, (request, response) => {
    const gone = new Promise<void>((resolve) => response.once('close', resolve))
    answers.add(gone)
    void gone.then(() => answers.delete(gone))
    response.once('finish', () => {
      discardBody(request, response.statusCode)
    })
    const target = canonicalTarget(request.url ?? '', request.headers.host)
    if (typeof target === 'number') {
      response.writeHead(target, { 'content-type': 'application/json', connection: 'close' })
      response.end(JSON.stringify(BAD_TARGET[target]))
      return
    }
    request.url = target
    const origin = takeForwarded(request, forwarded)
    if (origin !== undefined) origins.set(request, origin)
    void answer(request, response)
  })
  const connections = boundConnections(server, app.limits.connections)
  const sockets = attachSockets(server, app, { planes, log, patience: at.patience, forwarded, connections })
  await listen(server, port, host)
  return {
    server,
    sockets,
    port: (server.address() as AddressInfo).port,
    flushed: async () => {
      await Promise.all(answers)
    },
  }
}

/** Takes no more connections; settles when the last one has ended. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
  })
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Bytes that are read of a body that is too large, so that a client that sends it reads the answer afterwards. */
const MAX_DISCARDED_BYTES = 32 * 1024 * 1024
/** How long a client may take to send the rest of a body that is not wanted. */
const DISCARD_MS = 500

/**
 * Ends a request that has been answered before its body was read: nothing is read of a large body that somebody was
 * not admitted with, for it costs the server and its neighbors time and memory.
 */
function discardBody(request: IncomingMessage, status: number): void {
  const length = Number(request.headers['content-length'] ?? Infinity)
  if (request.complete || length <= SMALL_BYTES) return
  if (status !== 413) {
    request.socket.destroy()
    return
  }
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_DISCARDED_BYTES) request.socket.destroy()
  })
  setTimeout(() => {
    if (!request.complete) request.socket.destroy()
  }, DISCARD_MS).unref()
}

/** Connections that are not WebSockets. */
interface Connections {
  /** It has become a WebSocket, which counts as something else. */
  upgraded(connection: Duplex): void
}

/** Refuses connections beyond a number, with 503 and before anything of them is read. */
function boundConnections(server: Server, max: number): Connections {
  const open = new Set<Duplex>()
  server.on('connection', (connection: Duplex) => {
    // A connection that is handed back to HTTP comes here a second time.
    if (open.has(connection)) return
    if (open.size >= max) {
      void writeAndClose(connection, tooManyConnections(max))
      return
    }
    open.add(connection)
    connection.once('close', () => {
      open.delete(connection)
    })
  })
  return {
    upgraded: (connection) => {
      open.delete(connection)
    },
  }
}

function tooManyConnections(max: number): Response {
  const detail = `Too many connections: at most ${String(max)} at a time. Try again later.`
  return json({ status: 503, body: { detail, code: 'CAPACITY_REACHED' }, headers: { 'retry-after': '1' } })
}

/** The open WebSockets of a listener. */
export interface Sockets {
  /** Pings no more. */
  stopPinging(): void
  /** Closes each as soon as the calls that it has sent are answered. */
  finishAll(): Promise<void>
  closeAll(): Promise<void>
}

function attachSockets(
  server: Server,
  app: Served,
  {
    planes,
    log,
    patience,
    forwarded,
    connections,
  }: {
    readonly planes: ReadonlySet<Plane> | undefined
    readonly log: NonNullable<ServerOptions['log']>
    readonly patience: KeepAliveTimes
    readonly forwarded: ReadForwarded
    readonly connections: Connections
  },
): Sockets {
  // Compression costs seven times the CPU of a small message and a quarter megabyte a connection.
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: app.maxMessageBytes,
    handleProtocols: (offered) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  })
  const alive = new KeepAlive<Connection>(patience)
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      declineUpgrade(server, request, stream, head)
      return
    }
    takeForwarded(request, forwarded)
    const decision = decide(app, request, planes)
    if (decision instanceof Response) {
      void writeAndClose(stream, decision)
      return
    }
    acceptor.handleUpgrade(request, stream, head, (socket) => {
      const ours = new NodeSocket(socket, stream)
      let handler: SocketHandler
      try {
        handler = decision(ours)
      } catch {
        // What it was admitted to has gone meanwhile.
        socket.terminate()
        return
      }
      connections.upgraded(stream)
      const connection = new Connection(ours, stream as Duplex & TcpSide, handler, log)
      takeOver(connection, stream, alive)
    })
  })
  return {
    stopPinging: () => {
      alive.stop()
    },
    finishAll: async () => {
      const finished = alive.connections.map(async ({ socket, handler }) => {
        await handler.finish()
        socket.close(1001, LEAVING)
      })
      await Promise.all(finished)
    },
    closeAll: async () => {
      const open = alive.connections.map(({ socket }) => socket)
      if (open.length === 0) return
      for (const socket of open) socket.close(1001, LEAVING)
      await settledWithin(CLOSE_GRACE_MS, allClosed(open))
      for (const socket of open) socket.terminate()
    },
  }
}

/**
 * Answers a request that would rather speak another protocol as the ordinary one that it is (RFC 9110, section 7.8):
 * Java's own client offers HTTP/2 with each. Its head is put back, without the offer, before what follows it.
 */
function declineUpgrade(server: Server, request: IncomingMessage, stream: Duplex, head: Buffer): void {
  const { method = 'GET', url = '/', httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ''
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(name))
      lines.push(`${name}: ${rawHeaders[at + 1] ?? ''}`)
  }
  if (/\bclose\b/i.test(request.headers.connection ?? '')) lines.push('connection: close')
  stream.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', stream)
}

function allClosed(sockets: readonly WebSocket[]): Promise<unknown> {
  return Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve) => {
          socket.once('close', () => {
            resolve()
          })
        }),
    ),
  )
}

function takeOver(connection: Connection, stream: Duplex, alive: KeepAlive<Connection>): void {
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
    handler.message(data, binary, decodeUtf8)
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
type TcpSide = Pick<Socket, 'bytesRead' | 'remoteAddress'>

/** One accepted WebSocket and what answers it. */
class Connection implements Pinged {
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

/** `ws` in the shape that the sessions know. */
class NodeSocket implements SocketLike {
  readonly socket: WebSocket
  /** When it was last read again after a pause, by the clock of `performance.now()`; 0 for never. */
  resumedAt = 0
  /** When an answer was last sent, by the same clock; 0 for never. */
  sentAt = 0
  readonly #stream: Duplex

  constructor(socket: WebSocket, stream: Duplex) {
    this.socket = socket
    this.#stream = stream
  }

  send(text: string): MaybePromise<void> {
    const { readyState, bufferedAmount } = this.socket
    if (readyState !== WebSocket.OPEN) return
    this.sentAt = performance.now()
    if (bufferedAmount < MAX_UNREAD_BYTES && text.length <= SMALL_ANSWER_BYTES) {
      this.#stream.write(textFrame(text))
      return
    }
    return written(this.#stream, textFrame(text))
  }

  close(code: number, reason?: string): void {
    this.socket.close(code, reason)
  }

  cutOff(code: number, reason: string): void {
    this.socket.close(code, reason)
    this.#stream.pause()
    setTimeout(() => {
      this.socket.terminate()
    }, CUT_OFF_GRACE_MS)
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.resumedAt = performance.now()
    this.socket.resume()
  }
}

/** Settles when bytes have gone out. It is apart from the text that they were made of, which is not kept meanwhile. */
function written(stream: Duplex, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(bytes, () => {
      resolve()
    })
  })
}

function decodeUtf8(bytes: Uint8Array): string {
  const { buffer, byteOffset, length } = bytes
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, length)).toString('utf8')
}

function ignore(): void {
  // Nothing to do: the close event comes next.
}

/** What a handshake is judged by. */
const SEEN_HEADERS = ['host', 'origin', 'authorization', 'x-api-key', 'sec-websocket-protocol'] as const

/** Asks the app about a handshake. */
function decide(
  app: Served,
  request: IncomingMessage,
  planes: ReadonlySet<Plane> | undefined,
): ReturnType<App['upgrade']> {
  const target = canonicalTarget(request.url ?? '', request.headers.host)
  return typeof target === 'number'
    ? json({ status: target, body: BAD_TARGET[target] })
    : app.upgrade(webRequest(request, target), { planes })
}

/** What a request with a target that is no route of ours is answered. */
const BAD_TARGET = {
  400: { detail: 'Bad Request' },
  403: { detail: 'This server does not answer to the host in the address.' },
}

/** The head of a request, in the form that the app checks. */
function webRequest({ headers }: IncomingMessage, target: string): Request {
  const fields = new Headers()
  for (const name of SEEN_HEADERS) {
    const value = headers[name]
    if (typeof value === 'string') fields.set(name, value)
  }
  return new Request(`http://localhost${target}`, { headers: fields })
}

async function writeAndClose(stream: Duplex, answer: Response): Promise<void> {
  stream.on('error', ignore)
  // A peer that never closes its half would keep the connection.
  stream.once('finish', () => stream.destroy())
  const body = await answer.text()
  stream.end(
    `HTTP/1.1 ${String(answer.status)} Refused\r\n` +
      'Connection: close\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  )
}
