import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import type { Duplex } from 'node:stream'
import { getRequestListener, RequestError } from '@hono/node-server'
import type { AnyEnvironment, MaybePromise } from '@openenv-ts/core'
import { WebSocketServer, type WebSocket } from 'ws'
import { createApp, normalBasePath, type App } from './app.ts'
import { LOOPBACK_HOSTS } from './host-check.ts'
import type { Mode, ServerOptions } from './options.ts'
import { failure, json, type Plane } from './route.ts'
import type { SocketHandler, SocketLike } from './socket.ts'
import { SOCKET_PROTOCOL } from './gate.ts'
import { installedApiPage } from './swagger-ui.ts'
import { metric } from './tally.ts'

export { createIsolation } from './isolation/isolation.ts'
export type { Isolation, IsolationKind, IsolationOptions } from './isolation/isolation.ts'

/** Where and how to listen, beside what the server does. */
export interface ListenOptions extends ServerOptions {
  /** 8000 when not given, 7860 with minimal routes; 0 takes any free one. */
  readonly port?: number
  /** A port of its own for agents, who are then not served on the other one. */
  readonly agentPort?: number
  /** A port of its own for operators: metrics, readiness, events. */
  readonly operatorPort?: number
  /** `127.0.0.1` when not given. */
  readonly host?: string
  /** Seconds between pings on a socket; one that has not answered by the next is cut off. 20 when not given. */
  readonly pingSeconds?: number
  /**
   * Seconds that a client may take to send a whole request, 60 when not given; a quarter of them, at most 15, for its
   * head or its handshake.
   */
  readonly requestSeconds?: number
}

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  readonly app: App
  readonly port: number
  /** Without a trailing slash, base path included. */
  readonly url: string
  /** Where agents are served; the same as `url` unless they have a port of their own. */
  readonly agentUrl: string
  readonly operatorUrl: string
  /**
   * Lets the calls that are under way come to their end, and opens no more sessions meanwhile: each connection is
   * closed, with 1001, as soon as it has its answer. Then closes.
   *
   * @param seconds - The longest that it waits for calls; 10 when not given.
   */
  drain(seconds?: number): Promise<void>
  /** Stops listening, closes every episode, then every connection. Calls under way are given up. */
  close(): Promise<void>
}

const LAG_INTERVAL_MS = 20
/** Connections that the kernel may hold ready while a storm of them comes in. */
const BACKLOG = 16_384
const DEFAULT_PING_SECONDS = 20
const DEFAULT_DRAIN_SECONDS = 10
const DEFAULT_REQUEST_SECONDS = 60
/** A client that takes longer to say what it wants is holding a connection, not using it. */
const MAX_HEAD_SECONDS = 15
/** Answering waits for a client that leaves this many bytes of answers unread. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** How long environments have to free what they hold when the server closes. */
const EPISODES_GRACE_MS = 5000
/** What clients are told then. */
const LEAVING = 'The server is shutting down.'
/** How long clients have to take leave. */
const CLOSE_GRACE_MS = 500

/**
 * Serves an environment on a port, by default on loopback only.
 *
 * @throws Error with `code` `EADDRINUSE` when the port is taken.
 */
export async function serve(
  environment: AnyEnvironment,
  options: ListenOptions = {},
): Promise<RunningServer> {
  const { host = '127.0.0.1', pingSeconds = DEFAULT_PING_SECONDS } = options
  const port = options.port ?? (options.routes === 'minimal' ? 7860 : 8000)
  const mode = options.mode ?? modeFromVariable(process.env['OPENENV_MODE'])
  const allowedHosts = options.allowedHosts ?? (isLoopback(host) ? [...LOOPBACK_HOSTS, host] : undefined)
  const lag = monitorEventLoopDelay({ resolution: LAG_INTERVAL_MS })
  let agentUrl: string | undefined
  const app = createApp(environment, {
    apiPage: installedApiPage(),
    agentUrl: () => agentUrl,
    moreMetrics: () => processMetrics(lag),
    ...options,
    mode,
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
  })
  const urlAt = (bound: number): string =>
    `http://${urlHost(host)}:${String(bound)}${normalBasePath(options.basePath ?? '')}`
  const listeners: Listener[] = []
  const open = async (at: number, planes?: ReadonlySet<Plane>): Promise<string> => {
    const listener = await openListener(app, {
      port: at,
      host,
      log: options.log ?? ignore,
      planes,
      requestSeconds: options.requestSeconds ?? DEFAULT_REQUEST_SECONDS,
    })
    listeners.push(listener)
    return urlAt(listener.port)
  }
  const { agentPort, operatorPort } = options
  let url: string
  let operatorUrl: string
  try {
    url = await open(port, planesOf(agentPort, operatorPort))
    if (agentPort !== undefined) agentUrl = await open(agentPort, AGENT_PLANES)
    operatorUrl = operatorPort === undefined ? url : await open(operatorPort, OPERATOR_PLANES)
  } catch (error) {
    await shutDown(listeners, app)
    throw error
  }
  lag.enable()
  const pinger = setInterval(() => {
    for (const { sockets } of listeners) sockets.pingAll()
  }, pingSeconds * 1000)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    clearInterval(pinger)
    lag.disable()
    return (closing ??= shutDown(listeners, app))
  }
  const drain = async (seconds = DEFAULT_DRAIN_SECONDS): Promise<void> => {
    app.sessions.stopOpening()
    await within(seconds * 1000, finishAll(listeners, app))
    await close()
  }
  return {
    app,
    port: listeners[0]?.port ?? port,
    url,
    agentUrl: agentUrl ?? url,
    operatorUrl,
    drain,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const AGENT_PLANES: ReadonlySet<Plane> = new Set(['agent', 'capability', 'about', 'open'])
const OPERATOR_PLANES: ReadonlySet<Plane> = new Set(['operator', 'open'])

/** What the first port serves: everything but what has a port of its own. */
function planesOf(
  agentPort: number | undefined,
  operatorPort: number | undefined,
): ReadonlySet<Plane> | undefined {
  if (agentPort === undefined && operatorPort === undefined) return undefined
  const planes = new Set<Plane>(['control', 'about', 'open'])
  if (agentPort === undefined) planes.add('agent').add('capability')
  if (operatorPort === undefined) planes.add('operator')
  return planes
}

/** One port. */
interface Listener {
  readonly server: Server
  readonly sockets: Sockets
  readonly port: number
}

async function openListener(
  app: App,
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

/** Waits for what sockets are doing, then for requests: while there are any, others may still ask whether it is ready. */
async function finishAll(listeners: readonly Listener[], app: App): Promise<void> {
  await Promise.all(listeners.map(({ sockets }) => sockets.finishAll()))
  app.sessions.events.end()
  await Promise.all(listeners.map(({ server }) => stop(server)))
}

/** Takes no more connections; settles when the last one has ended. */
function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve()
    })
  })
}

async function shutDown(listeners: readonly Listener[], app: App): Promise<void> {
  const stopped = listeners.map(({ server }) => stop(server))
  await within(EPISODES_GRACE_MS, app.close())
  await Promise.all(listeners.map(({ sockets }) => sockets.closeAll()))
  for (const { server } of listeners) server.closeAllConnections()
  await Promise.all(stopped)
}

/** How late the event loop is and what the process uses, for Prometheus. */
function processMetrics(lag: IntervalHistogram): string {
  // What is recorded is the time between two looks, of which all beyond the interval is delay; nothing yet is NaN.
  const late = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - LAG_INTERVAL_MS / 1000) : 0
  const { user, system } = process.cpuUsage()
  const text = [
    metric('openenv_event_loop_lag_seconds', 'gauge', 'Delay of the event loop since the last scrape.', [
      ['{quantile="0.5"}', late(lag.percentile(50))],
      ['{quantile="0.99"}', late(lag.percentile(99))],
      ['{quantile="1"}', late(lag.max)],
    ]),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', [['', process.memoryUsage.rss()]]),
    metric('process_cpu_seconds_total', 'counter', 'CPU time used.', [['', (user + system) / 1e6]]),
  ].join('')
  lag.reset()
  return text
}

/** Waits for something, but no longer than this. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds)
  })
  await Promise.race([work, enough])
  clearTimeout(timer)
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
interface Sockets {
  pingAll(): void
  /** Closes each as soon as the calls that it has sent are answered. */
  finishAll(): Promise<void>
  closeAll(): Promise<void>
}

function attachSockets(server: Server, app: App, planes: ReadonlySet<Plane> | undefined): Sockets {
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
    const decision = decide(app, request, planes)
    if (decision instanceof Response) {
      void writeAndClose(stream, decision)
      return
    }
    acceptor.handleUpgrade(request, stream, head, (socket) => {
      silent.set(socket, false)
      const handler = decision(new NodeSocket(socket))
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

  constructor(socket: WebSocket) {
    this.#socket = socket
  }

  send(text: string): MaybePromise<void> {
    const socket = this.#socket
    if (socket.bufferedAmount < MAX_UNREAD_BYTES) {
      socket.send(text)
      return
    }
    return new Promise((resolve) => {
      socket.send(text, () => {
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
  app: App,
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

function modeFromVariable(value: string | undefined): Mode {
  const mode = (value ?? 'simulation').toLowerCase()
  if (mode === 'simulation' || mode === 'production') return mode
  throw new RangeError(`Invalid mode "${mode}" in OPENENV_MODE: use simulation or production.`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

export { readTokens } from './tokens.ts'
export { resumeDirectory } from './resume-directory.ts'
