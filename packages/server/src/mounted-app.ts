import type { AnyEnvironment } from '@openenv-ts/core'
import { declaredKeys } from '@openenv-ts/core/host'
import { DEFAULT_SHAPE } from '@openenv-ts/core/wire'
import { Cors } from './access/cors.ts'
import { hostCheck } from './access/host-check.ts'
import { answerTo, mountRoutes, mountSockets } from './http/mount.ts'
import { McpEndpoint } from './mcp/endpoint.ts'
import { freshEpisodes, NO_EPISODE } from './mcp/episode-source.ts'
import { openApi } from './http/openapi.ts'
import { jsonAnswer } from './http/operation.ts'
import { waysIn, type WayIn } from './routes/ways-in.ts'
import { orsRoutes } from './ors/routes.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type ServerOptions } from './options.ts'
import { Authorizer } from './access/authorizer.ts'
import type { ServerLimits } from './limits/limits.ts'
import { sharedQuota } from './limits/quota.ts'
import { Resumption } from './sessions/resume.ts'
import { agentAddress, publicAddress } from './access/public-url.ts'
import type { Arrival, Route, SocketRoute, Visit } from './http/route.ts'
import type { Host } from './host.ts'
import { controlRoutes } from './routes/control.ts'
import { docsRoutes } from './routes/docs.ts'
import { homeRoutes } from './routes/home.ts'
import { infoRoutes } from './routes/info.ts'
import { mcpRoutes } from './routes/mcp.ts'
import { minimalRoutes } from './routes/minimal.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { operatorRoutes } from './routes/operator.ts'
import { taskRoutes } from './routes/tasks.ts'
import { Sessions } from './sessions/sessions.ts'
import { whyUnavailable } from './unavailable.ts'
import { rpcSocketRoutes } from './mcp/rpc-socket.ts'
import { episodeSocketRoutes } from './socket/routes.ts'
import type { SocketHandler, SocketLike } from './socket/socket-like.ts'
import { normalBasePath } from './http/base-path.ts'

/** How often a server that shuts down looks whether anything is still at work. */
const QUIET_INTERVAL_MS = 5
/** How often idle sessions are looked for. */
const REAP_INTERVAL_MS = 5000
/** Of those, after how many kept episodes are looked through: a minute. */
const EXPIRY_ROUNDS = 12

/** An app with all that is inside of it, as the listener and tests see it. */
export interface MountedApp {
  readonly environment: AnyEnvironment
  /** Every HTTP route that is mounted, with its plane. */
  readonly routes: readonly Route[]
  /** Every WebSocket path that is mounted, with its plane. */
  readonly sockets: readonly SocketRoute[]
  readonly sessions: Sessions
  readonly maxMessageBytes: number
  readonly limits: ServerLimits
  /** The OpenAPI document of its routes. */
  openApi(): Promise<Readonly<Record<string, unknown>>>
  /** As `App.fetch`. */
  readonly fetch: (request: Request, arrival?: Arrival) => Promise<Response>
  /** As `App.upgrade`. */
  readonly upgrade: (
    request: Request,
    arrival?: Arrival,
  ) => ((socket: SocketLike) => SocketHandler) | Response
  /** Settles when no request is being handled and no episode is at a call. Streams that only listen do not count. */
  quiet(): Promise<void>
  /** As `App.close`. */
  readonly close: () => Promise<void>
}

/** What a server mounts: one group for each thing that it speaks. */
interface Surface {
  readonly routes: readonly Route[]
  readonly sockets: readonly SocketRoute[]
}

/** Mounts everything that a server offers of an environment. */
export function mountApp(environment: AnyEnvironment, options: ServerOptions = {}): MountedApp {
  const { mode = 'simulation', maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, resumeStore, publicUrl } = options
  const log = options.log ?? (() => undefined)
  const basePath = normalBasePath(options.basePath ?? '')
  const sessions = new Sessions(environment, options)
  const actionKeys = declaredKeys(environment.action)
  const host: Host = {
    environment,
    sessions,
    authorizer: new Authorizer(options.tokens),
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
    openApi: () => openApi(routes, host, host.mode === 'simulation'),
    fetch: async (request, arrival = {}) => {
      handling += 1
      try {
        return (
          check(request, 'http') ??
          cors.preflight(request) ??
          cors.answer(request, await answerTo(http, request, arrival))
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
  const document = (sees: Visit['sees']) => openApi(routes, host, simulation && sees('control'))
  const openApiRoute: Route = {
    method: 'GET',
    path: '/openapi.json',
    plane: 'about',
    summary: 'This document',
    operation: { answers: { 200: jsonAnswer({ type: 'object' }) } },
    handle: async (_request, _parameters, { sees }) => ({ body: await document(sees) }),
  }
  const sockets = [...episodeSocketRoutes(host, mayControl), ...rpcSocketRoutes(host, agentEpisodes)]
  const agents = agentAddress(options)
  const ways = (base: string): readonly WayIn[] => {
    if (whyUnavailable(host.environment) !== undefined) return []
    return waysIn({ environment: host.environment, routes: listed, sockets }, base, {
      agentBase: agents() ?? base,
      playsAtMcp: task !== undefined,
    })
  }
  const pages = [...docsRoutes(document), ...homeRoutes(host.environment, ways)]
  const routes: readonly Route[] = [...listed, openApiRoute, ...pages]
  return { routes, sockets }
}
