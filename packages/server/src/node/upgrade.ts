import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { MountedApp } from '../mounted-app.ts'
import { takeForwarded, type ReadForwarded } from './forwarded.ts'
import { SOCKET_PROTOCOL } from '../access/authorizer.ts'
import { KeepAlive, type KeepAliveTimes } from '../socket/keep-alive.ts'
import type { ServerOptions } from '../options.ts'
import { canonicalTarget } from '../access/request-path.ts'
import { json } from '../http/reply.ts'
import type { Plane } from '../access/plane.ts'
import type { SocketHandler } from '../socket/socket-like.ts'
import { settledWithin } from './settled-within.ts'
import { CLOSE_GRACE_MS, writeAndClose } from './stream.ts'
import type { Served } from './served.ts'
import type { Connections } from './bound-connections.ts'
import { NodeSocket } from './ws-socket.ts'
import { takeOver, type TcpSide, Connection } from './connection.ts'

/** What they are told then. */
const LEAVING = 'The server is shutting down.'

/** The open WebSockets of a listener. */
export interface Sockets {
  /** Pings no more. */
  stopPinging(): void
  /** Closes each as soon as the calls that it has sent are answered. */
  finishAll(): Promise<void>
  closeAll(): Promise<void>
}

/** Answers the upgrades of a server: each handshake is decided on, accepted ones are taken over. */
export function attachSockets(
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

/** What a handshake is judged by. */
const SEEN_HEADERS = ['host', 'origin', 'authorization', 'x-api-key', 'sec-websocket-protocol'] as const

/** Asks the app about a handshake. */
function decide(
  app: Served,
  request: IncomingMessage,
  planes: ReadonlySet<Plane> | undefined,
): ReturnType<MountedApp['upgrade']> {
  const target = canonicalTarget(request.url ?? '', request.headers.host)
  return typeof target === 'number'
    ? json({ status: target, body: BAD_TARGET[target] })
    : app.upgrade(webRequest(request, target), { planes })
}

/** What a request with a target that is no route of ours is answered. */
export const BAD_TARGET = {
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
