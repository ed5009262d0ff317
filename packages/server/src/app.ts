import { Hono } from 'hono'
import { declaredKeys, type AnyEnvironment } from '@openenv-ts/core'
import { DEFAULT_SHAPE, wireSchemas } from '@openenv-ts/core/wire'
import { Cors } from './cors.ts'
import { hostCheck } from './host-check.ts'
import { McpEndpoint } from './mcp/endpoint.ts'
import { freshEpisodes, NO_EPISODE } from './mcp/episode-source.ts'
import { openApi } from './openapi.ts'
import { orsRoutes } from './ors/routes.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type ServerOptions } from './options.ts'
import { Gate } from './gate.ts'
import type { ServerLimits } from './limits.ts'
import { sharedQuota } from './quota.ts'
import { routePath } from './request-path.ts'
import { Resumption } from './resume.ts'
import { agentAddress, publicAddress } from './public-url.ts'
import {
  failure,
  json,
  jsonParts,
  type Arrival,
  type Host,
  type Plane,
  type Route,
  type SocketRoute,
  type Visit,
} from './route.ts'
import { controlRoutes } from './routes/control.ts'
import { docsRoutes } from './routes/docs.ts'
import { infoRoutes } from './routes/info.ts'
import { mcpRoutes } from './routes/mcp.ts'
import { minimalRoutes } from './routes/minimal.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { operatorRoutes } from './routes/operator.ts'
import { taskRoutes } from './routes/tasks.ts'
import { Sessions } from './session.ts'
import { rpcSocketRoutes } from './rpc-socket.ts'
import type { UnreadBytes } from './unread-bytes.ts'
import { episodeSocketRoutes, type SocketHandler, type SocketLike } from './socket.ts'

/** How often a server that shuts down looks whether anything is still at work. */
const QUIET_INTERVAL_MS = 5
/** How often idle sessions are looked for. */
const REAP_INTERVAL_MS = 5000
/** Of those, after how many kept episodes are looked through: a minute. */
const EXPIRY_ROUNDS = 12

/** A server without a listener: web-standard requests in, responses out. */
export interface App {
  readonly environment: AnyEnvironment
  /** Every HTTP route that is mounted, with its plane. */
  readonly routes: readonly Route[]
  /** Every WebSocket path that is mounted, with its plane. */
  readonly sockets: readonly SocketRoute[]
  readonly sessions: Sessions
  readonly maxMessageBytes: number
  readonly limits: ServerLimits
  /** Answers a request. */
  fetch(request: Request, arrival?: Arrival): Promise<Response>
  /**
   * Decides on a WebSocket handshake: what takes over the accepted socket, or the answer that refuses it.
   */
  upgrade(request: Request, arrival?: Arrival): ((socket: SocketLike) => SocketHandler) | Response
  /** Settles when no request is being handled and no episode is at a call. Streams that only listen do not count. */
  quiet(): Promise<void>
  /** Closes every episode and opens no more, then ends the streams. */
  close(): Promise<void>
}

/** What a server mounts: one group for each thing that it speaks. */
interface Surface {
  readonly routes: readonly Route[]
  readonly sockets: readonly SocketRoute[]
}

/** Offers an environment as OpenEnv, over whatever listener calls it. */
export function createApp(environment: AnyEnvironment, options: ServerOptions = {}): App {
  const { mode = 'simulation', maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, resumeStore, publicUrl } = options
  const log = options.log ?? (() => undefined)
  const basePath = normalBasePath(options.basePath ?? '')
  const sessions = new Sessions(environment, options)
  const actionKeys = declaredKeys(environment.action)
  const host: Host = {
    environment,
    sessions,
    gate: new Gate(options.tokens),
    basePath,
    publicUrl: publicUrl === undefined ? undefined : publicAddress('publicUrl', publicUrl),
    mode,
    maxMessageBytes,
    shared: sharedQuota(sessions.limits),
    shape: { ...DEFAULT_SHAPE, ...options.shape },
    actionHasKey: (key) => actionKeys.has(key),
    resumption: resumeStore === undefined ? null : new Resumption(resumeStore, log),
    log,
  }
  const mcp = new McpEndpoint(host)
  const { routes, sockets } =
    options.routes === 'minimal'
      ? { routes: minimalRoutes(host), sockets: [] }
      : fullSurface(host, options, mcp)
  const cors = new Cors(options, routes, basePath)
  const check = hostCheck({ hosts: options.allowedHosts, mayUse: cors.mayUse })
  const http = mountRoutes(routes, host, { bare: options.routes === 'minimal' })
  const upgrades = mountSockets(sockets, host)
  let rounds = 0
  /** Requests that have no answer yet. */
  let handling = 0
  const reaper = setInterval(() => {
    void sessions.reap()
    host.shared.unread.cutOffStalled(sessions.limits.readSeconds * 1000, performance.now())
    sessions.cutOffStalled(performance.now())
    mcp.sweep()
    rounds += 1
    if (rounds % EXPIRY_ROUNDS !== 0) return
    host.resumption?.expire().catch((cause: unknown) => {
      log({ level: 'error', message: 'Old episodes could not be removed.', cause })
    })
  }, REAP_INTERVAL_MS)
  // A server that has nothing else to do may end; Node's timers keep it alive otherwise.
  ;(reaper as { unref?: () => void }).unref?.()
  return {
    environment,
    routes,
    sockets,
    sessions,
    maxMessageBytes,
    limits: sessions.limits,
    fetch: async (request, arrival = {}) => {
      handling += 1
      try {
        return (
          check(request, 'http') ??
          cors.preflight(request) ??
          cors.answer(request, await answered(http, request, arrival))
        )
      } finally {
        handling -= 1
      }
    },
    upgrade: (request, arrival) => check(request, 'socket') ?? upgrades(request, arrival),
    quiet: async () => {
      while (handling > 0 || sessions.atWork)
        await new Promise((resolve) => setTimeout(resolve, QUIET_INTERVAL_MS))
    },
    close: async () => {
      clearInterval(reaper)
      await sessions.drain()
      sessions.events.end()
      await mcp.close()
    },
  }
}

function fullSurface(host: Host, options: ServerOptions, mcp: McpEndpoint): Surface {
  const simulation = host.mode === 'simulation'
  const mayControl = simulation || options.productionControl === true
  const { agentEpisode: task } = options
  const agentEpisodes = task === undefined ? NO_EPISODE : freshEpisodes(host, task)
  const listed: readonly Route[] = [
    ...infoRoutes(host, options.about ?? {}),
    ...(simulation ? controlRoutes(host) : []),
    ...mcpRoutes(host, mcp, agentEpisodes),
    ...operatorRoutes(host, options.moreMetrics ?? (() => '')),
    ...(simulation
      ? [
          ...sessionRoutes(host, agentAddress(options)),
          ...taskRoutes(host),
          ...orsRoutes(host, options.clock),
        ]
      : []),
  ]
  const document = openApi(listed, {
    basePath: host.basePath,
    description: host.environment.description,
    schemas: wireSchemas(host.environment),
  })
  const openApiRoute: Route = {
    method: 'GET',
    path: '/openapi.json',
    plane: 'about',
    summary: 'This document',
    handle: () => ({ body: document }),
  }
  return {
    routes: [...listed, openApiRoute, ...docsRoutes(options.apiPage)],
    sockets: [...episodeSocketRoutes(host, mayControl), ...rpcSocketRoutes(host, agentEpisodes)],
  }
}

/** A HEAD is a GET of which nothing but the head is wanted: a stream that it would open is closed again. */
async function answered(http: Hono<Mounted>, request: Request, arrival: Arrival): Promise<Response> {
  if (request.method !== 'HEAD') return http.fetch(request, arrival)
  const { status, headers, body } = await http.fetch(
    new Request(request.url, { headers: request.headers }),
    arrival,
  )
  await body?.cancel()
  return new Response(null, { status, headers })
}

/** What a listener tells with each request. */
interface Mounted {
  Bindings: Arrival
}

/** Where answers count that nobody may be reading. Agents' routes see to theirs themselves. */
function sharedUnread({ gate, shared }: Host, request: Request, plane: Plane): UnreadBytes | undefined {
  if (plane === 'open' || plane === 'agent' || plane === 'capability') return undefined
  const principal = gate.principal(request.headers)
  return principal === 'control' || principal === 'operator' ? undefined : shared.unread
}

/**
 * Routes in order; a known path with another method is 405, everything else 404.
 *
 * @param bare - Whether there are the routes and nothing else, OPTIONS included.
 */
function mountRoutes(
  routes: readonly Route[],
  host: Host,
  { bare }: { readonly bare: boolean },
): Hono<Mounted> {
  const app = new Hono<Mounted>({ getPath: ({ url }) => routePath(url) })
  for (const { method, path, plane, handle } of routes) {
    app.on(method, host.basePath + path, async (context) => {
      const request = context.req.raw
      if (context.env.planes?.has(plane) === false) return notFound()
      const refused = host.gate.refusal(request.headers, plane)
      if (refused !== null) return refused
      const unread = sharedUnread(host, request, plane)
      try {
        // Nothing is done whose answer there would be no room for.
        unread?.reserve()()
        const reply = await handle(request, context.req.param(), visitOf(request, context.env, host))
        if (reply instanceof Response) return reply
        return unread === undefined ? json(reply) : unread.send(...jsonParts(reply))
      } catch (error) {
        return failure(error, host)
      }
    })
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const sharing = routes.filter((route) => route.path === path)
    const allow = sharing.map(({ method }) => method).join(', ')
    app.all(host.basePath + path, ({ req, env: { planes } }) => {
      const served = sharing.filter(({ plane }) => planes?.has(plane) !== false)
      const refusals = served.map(({ plane }) => host.gate.refusal(req.raw.headers, plane))
      // Which methods there are is known to whoever may use one of them.
      if (!refusals.includes(null)) return refusals[0] ?? notFound()
      if (req.method === 'OPTIONS' && !bare) {
        const more = allow.includes('GET') ? ', HEAD, OPTIONS' : ', OPTIONS'
        return new Response(null, { status: 204, headers: { allow: allow + more } })
      }
      return json({ status: 405, body: { detail: 'Method Not Allowed' }, headers: { allow } })
    })
  }
  app.notFound(() => notFound())
  app.onError((error) => failure(error, host))
  return app
}

function visitOf(request: Request, { planes, origin }: Arrival, { gate, publicUrl, basePath }: Host): Visit {
  return {
    get base() {
      return publicUrl ?? `${origin ?? new URL(request.url).origin}${basePath}`
    },
    sees: (plane) => planes?.has(plane) !== false && gate.refusal(request.headers, plane) === null,
  }
}

function mountSockets(sockets: readonly SocketRoute[], host: Host): App['upgrade'] {
  const patterns = sockets.map((route) => ({
    route,
    pattern: new RegExp(`^${escaped(host.basePath)}${route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
  }))
  return (request, { planes } = {}) => {
    const path = routePath(request.url)
    for (const { route, pattern } of patterns) {
      const match = pattern.exec(path)
      if (match === null || planes?.has(route.plane) === false) continue
      return host.gate.refusal(request.headers, route.plane) ?? route.accept(request, match.groups ?? {})
    }
    return notFound()
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function notFound(): Response {
  return json({ status: 404, body: { detail: 'Not Found' } })
}

/** A prefix in its one form: empty, or with a leading slash and no trailing one. */
export function normalBasePath(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '')
  return trimmed === '' ? '' : `/${trimmed}`
}
