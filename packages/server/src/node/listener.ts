import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener, RequestError, type HttpBindings } from '@hono/node-server'
import { takeForwarded, type ReadForwarded } from './forwarded.ts'
import type { KeepAliveTimes } from '../socket/keep-alive.ts'
import type { ServerOptions } from '../options.ts'
import { canonicalTarget } from '../access/request-path.ts'
import { failure } from '../http/failure.ts'
import { json } from '../http/reply.ts'
import type { Plane } from '../access/plane.ts'
import { onCutOff } from '../limits/unread-bytes.ts'
import type { Served } from './served.ts'
import { discardBody } from './discard-body.ts'
import { boundConnections } from './bound-connections.ts'
import { type Sockets, attachSockets, BAD_TARGET } from './upgrade.ts'

/** Connections that the kernel may hold ready while a storm of them comes in. */
const BACKLOG = 16_384
/** A client that takes longer to say what it wants is holding a connection, not using it. */
const MAX_HEAD_SECONDS = 15

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
