import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { MaybePromise } from '@openenv-ts/core'
import { WebSocket, WebSocketServer } from 'ws'
import type { App } from './app.ts'
import { SOCKET_PROTOCOL } from './gate.ts'
import type { ServerOptions } from './options.ts'
import { failure, json, type Plane } from './route.ts'
import type { SocketHandler, SocketLike } from './socket.ts'
import { textFrame } from './text-frame.ts'
import { within } from './within.ts'

/** What a listener answers with. */
export type Served = Pick<App, 'fetch' | 'upgrade' | 'maxMessageBytes'>

/** Connections that the kernel may hold ready while a storm of them comes in. */
const BACKLOG = 16_384
/** A client that takes longer to say what it wants is holding a connection, not using it. */
const MAX_HEAD_SECONDS = 15
/** Answering waits for a client that leaves this many bytes of answers unread. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** How long clients have to take leave. */
const CLOSE_GRACE_MS = 500
/** What they are told then. */
const LEAVING = 'The server is shutting down.'

/** One port. */
export interface Listener {
  readonly server: Server
  readonly sockets: Sockets
  readonly port: number
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
  },
): Promise<Listener> {
  const { port, host, log, planes, requestSeconds } = at
  const answer = getRequestListener((request) => app.fetch(request, planes), {
    overrideGlobalObjects: false,
    // For requests that name no host, as HTTP/1.0 allows.
    hostname: 'localhost',
    errorHandler: (error) => (error instanceof RequestError ? badRequest() : failure(error, { log })),
  })
  const limits = {
    requestTimeout: requestSeconds * 1000,
    headersTimeout: Math.min(requestSeconds / 4, MAX_HEAD_SECONDS) * 1000,
    connectionsCheckingInterval: Math.min(requestSeconds / 8, 5) * 1000,
  }
  const server = createServer(limits, (request, response) => void answer(request, response))
  const sockets = attachSockets(server, app, planes)
  await listen(server, port, host)
  return { server, sockets, port: (server.address() as AddressInfo).port }
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

/** The open WebSockets of a listener. */
export interface Sockets {
  pingAll(): void
  /** Closes each as soon as the calls that it has sent are answered. */
  finishAll(): Promise<void>
  closeAll(): Promise<void>
}

function attachSockets(server: Server, app: Served, planes: ReadonlySet<Plane> | undefined): Sockets {
  // Compression costs seven times the CPU of a small message and a quarter megabyte a connection.
  const acceptor = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: app.maxMessageBytes,
    handleProtocols: (offered) => (offered.has(SOCKET_PROTOCOL) ? SOCKET_PROTOCOL : false),
  })
  const silent = new Map<WebSocket, boolean>()
  const handlers = new WeakMap<WebSocket, SocketHandler>()
  server.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      declineUpgrade(server, request, stream, head)
      return
    }
    const decision = decide(app, request, planes)
    if (decision instanceof Response) {
      void writeAndClose(stream, decision)
      return
    }
    acceptor.handleUpgrade(request, stream, head, (socket) => {
      silent.set(socket, false)
      const handler = decision(new NodeSocket(socket, stream))
      handlers.set(socket, handler)
      takeOver(socket, handler, silent)
    })
  })
  return {
    pingAll: () => {
      for (const [socket, missed] of silent) {
        // A pong that came in while we do not read is not seen; it says nothing of a client that does not read.
        const unheard = socket.isPaused && socket.bufferedAmount < MAX_UNREAD_BYTES
        if (missed && !unheard) {
          socket.terminate()
          continue
        }
        silent.set(socket, true)
        socket.ping()
      }
    },
    finishAll: async () => {
      const finished = Array.from(silent.keys(), async (socket) => {
        await handlers.get(socket)?.finish()
        socket.close(1001, LEAVING)
      })
      await Promise.all(finished)
    },
    closeAll: async () => {
      const open = [...silent.keys()]
      if (open.length === 0) return
      for (const socket of open) socket.close(1001, LEAVING)
      await within(CLOSE_GRACE_MS, allClosed(open))
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

function takeOver(socket: WebSocket, handler: SocketHandler, silent: Map<WebSocket, boolean>): void {
  socket.on('message', (data: Buffer, binary: boolean) => {
    handler.message(data, binary, decodeUtf8)
  })
  socket.on('pong', () => {
    silent.set(socket, false)
  })
  // A reset connection, a frame over the limit, invalid UTF-8: `ws` closes with the right code; `close` follows.
  socket.on('error', ignore)
  socket.on('close', () => {
    silent.delete(socket)
    handler.closed()
  })
}

/** `ws` in the shape that the sessions know. */
class NodeSocket implements SocketLike {
  readonly #socket: WebSocket
  readonly #stream: Duplex

  constructor(socket: WebSocket, stream: Duplex) {
    this.#socket = socket
    this.#stream = stream
  }

  send(text: string): MaybePromise<void> {
    const { readyState, bufferedAmount } = this.#socket
    if (readyState !== WebSocket.OPEN) return
    if (bufferedAmount < MAX_UNREAD_BYTES) {
      this.#stream.write(textFrame(text))
      return
    }
    return new Promise((resolve) => {
      this.#stream.write(textFrame(text), () => {
        resolve()
      })
    })
  }

  close(code: number, reason?: string): void {
    this.#socket.close(code, reason)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  return (bytes as Buffer).toString('utf8')
}

function ignore(): void {
  // Nothing to do: the close event comes next.
}

/** What a handshake is judged by. */
const SEEN_HEADERS = ['host', 'origin', 'authorization', 'x-api-key', 'sec-websocket-protocol'] as const

/** Asks the app about a handshake. A target that makes no URL is refused here: nothing would catch it above. */
function decide(
  app: Served,
  request: IncomingMessage,
  planes: ReadonlySet<Plane> | undefined,
): ReturnType<App['upgrade']> {
  let head: Request
  try {
    head = webRequest(request)
  } catch {
    return badRequest()
  }
  return app.upgrade(head, planes)
}

function badRequest(): Response {
  return json({ status: 400, body: { detail: 'Bad Request' } })
}

/** The head of a request, in the form that the app checks. */
function webRequest({ headers, url }: IncomingMessage): Request {
  const fields = new Headers()
  for (const name of SEEN_HEADERS) {
    const value = headers[name]
    if (typeof value === 'string') fields.set(name, value)
  }
  return new Request(new URL(url ?? '/', 'http://localhost'), { headers: fields })
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
