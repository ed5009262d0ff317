import { Hono } from 'hono'
import type { AnyEnvironment } from '@openenv-ts/core'
import { DEFAULT_SHAPE, wireSchemas } from '@openenv-ts/core/wire'
import { hostCheck } from './host-check.ts'
import { openApi } from './openapi.ts'
import type { ServerOptions } from './options.ts'
import { failure, json, type Host, type Route } from './route.ts'
import { controlRoutes } from './routes/control.ts'
import { infoRoutes } from './routes/info.ts'
import { mcpRoutes } from './routes/mcp.ts'
import { minimalRoutes } from './routes/minimal.ts'
import { taskRoutes } from './routes/tasks.ts'
import { Sessions } from './session.ts'
import { acceptControlSocket, type SocketHandler, type SocketLike } from './socket.ts'

/** 16 MiB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
/** How often idle sessions are looked for. */
const REAP_INTERVAL_MS = 5000

/** A server without a listener: web-standard requests in, responses out. */
export interface App {
  readonly environment: AnyEnvironment
  /** Every route that is mounted, with its plane. */
  readonly routes: readonly Route[]
  readonly sessions: Sessions
  readonly maxMessageBytes: number
  fetch(request: Request): Promise<Response>
  /**
   * Whether a WebSocket handshake may go on: null, or the answer that refuses it.
   */
  refusal(request: Request): Response | null
  /** Takes over an accepted socket; only after `refusal` said null. */
  acceptSocket(socket: SocketLike): SocketHandler
  /** Closes every episode and opens no more. */
  close(): Promise<void>
}

/** Offers an environment as OpenEnv, over whatever listener calls it. */
export function createApp(environment: AnyEnvironment, options: ServerOptions = {}): App {
  const { mode = 'simulation', routes: surface = 'full', maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options
  const basePath = normalBasePath(options.basePath ?? '')
  const sessions = new Sessions(environment, options)
  const schemas = wireSchemas(environment)
  const actionKeys = keysOf(schemas.action)
  const host: Host = {
    environment,
    sessions,
    mode,
    maxMessageBytes,
    shape: options.shape ?? DEFAULT_SHAPE,
    actionHasKey: (key) => actionKeys.has(key),
    log: options.log ?? (() => undefined),
  }
  const routes = surface === 'minimal' ? minimalRoutes(host) : fullRoutes(host, basePath, options, schemas)
  const check = hostCheck(options.allowedHosts)
  const app = mount(routes, basePath, host)
  const reaper = setInterval(() => void sessions.reap(), REAP_INTERVAL_MS)
  // A server that has nothing else to do may end; Node's timers keep it alive otherwise.
  ;(reaper as { unref?: () => void }).unref?.()
  return {
    environment,
    routes,
    sessions,
    maxMessageBytes,
    fetch: async (request) => check(request) ?? app.fetch(request),
    refusal: (request) => {
      const foreign = check(request)
      if (foreign !== null) return foreign
      const known = surface === 'full' && new URL(request.url).pathname === `${basePath}/ws`
      return known ? null : notFound()
    },
    acceptSocket: (socket) =>
      acceptControlSocket(host, socket, mode === 'simulation' || options.productionControl === true),
    close: async () => {
      clearInterval(reaper)
      await sessions.drain()
    },
  }
}

function fullRoutes(
  host: Host,
  basePath: string,
  options: ServerOptions,
  schemas: ReturnType<typeof wireSchemas>,
): readonly Route[] {
  const listed: readonly Route[] = [
    ...infoRoutes(host, options.about ?? {}),
    ...(host.mode === 'simulation' ? controlRoutes(host) : []),
    ...mcpRoutes(host),
    ...(host.mode === 'simulation' ? taskRoutes(host, basePath) : []),
  ]
  const document = openApi(listed, { description: host.environment.description, schemas })
  return [
    ...listed,
    {
      method: 'GET',
      path: '/openapi.json',
      plane: 'open',
      summary: 'This document',
      handle: () => ({ body: document }),
    },
  ]
}

function mount(routes: readonly Route[], basePath: string, host: Host): Hono {
  const app = new Hono({ strict: true })
  for (const { method, path, handle } of routes) {
    app.on(method, basePath + path, async (context) => {
      try {
        return json(await handle(context.req.raw, context.req.param()))
      } catch (error) {
        return failure(error, host)
      }
    })
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const sharing = routes.filter((route) => route.path === path)
    const allow = sharing.map(({ method }) => method).join(', ')
    app.all(basePath + path, () =>
      json({ status: 405, body: { detail: 'Method Not Allowed' }, headers: { allow } }),
    )
  }
  app.notFound(() => notFound())
  app.onError((error) => failure(error, host))
  return app
}

function notFound(): Response {
  return json({ status: 404, body: { detail: 'Not Found' } })
}

/** A prefix in its one form: empty, or with a leading slash and no trailing one. */
export function normalBasePath(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '')
  return trimmed === '' ? '' : `/${trimmed}`
}

function keysOf(schema: Readonly<Record<string, unknown>>): ReadonlySet<string> {
  const branches = (schema['oneOf'] ?? schema['anyOf'] ?? [schema]) as readonly { readonly properties?: object }[]
  return new Set(branches.flatMap(({ properties }) => Object.keys(properties ?? {})))
}
