import { Hono } from 'hono'
import type { SocketHandler, SocketLike } from '../socket/socket-like.ts'
import { refusalPage } from './page.ts'
import { routePath } from '../access/request-path.ts'
import type { Arrival, Route, SocketRoute, Visit } from './route.ts'
import { failure } from './failure.ts'
import type { Host } from '../host.ts'
import { json, jsonParts } from './reply.ts'
import type { Plane } from '../access/plane.ts'
import type { UnreadBytes } from '../limits/unread-bytes.ts'

/** What routes are mounted with. */
/** Decides on a handshake: what takes over the accepted socket, or the answer that refuses it. */
export type Upgrade = (
  request: Request,
  arrival?: Arrival,
) => ((socket: SocketLike) => SocketHandler) | Response

/** What mounting needs of the host. */
export type Mounting = Pick<Host, 'authorizer' | 'shared' | 'basePath' | 'publicUrl' | 'log'>

/** A HEAD is a GET of which nothing but the head is wanted: a stream that it would open is closed again. */
export async function answerTo(http: Hono<Mounted>, request: Request, arrival: Arrival): Promise<Response> {
  if (request.method !== 'HEAD') return http.fetch(request, arrival)
  const { status, headers, body } = await http.fetch(
    new Request(request.url, { headers: request.headers }),
    arrival,
  )
  await body?.cancel()
  return new Response(null, { status, headers })
}

/** What a listener tells with each request. */
export interface Mounted {
  Bindings: Arrival
}

/** Where answers count that nobody may be reading. Agents' routes see to theirs themselves. */
function sharedUnread(
  { authorizer: authorizer, shared }: Mounting,
  request: Request,
  plane: Plane,
): UnreadBytes | undefined {
  if (plane === 'open' || plane === 'agent' || plane === 'capability') return undefined
  const principal = authorizer.principal(request.headers)
  return principal === 'control' || principal === 'operator' ? undefined : shared.unread
}

/**
 * Routes in order; a known path with another method is 405, everything else 404.
 *
 * @param bare - Whether there are the routes and nothing else, OPTIONS included.
 */
export function mountRoutes(
  routes: readonly Route[],
  host: Mounting,
  { bare }: { readonly bare: boolean },
): Hono<Mounted> {
  // A root has no slash behind the base path.
  const at = (path: string): string => (path === '/' ? host.basePath || '/' : host.basePath + path)
  const app = new Hono<Mounted>({ getPath: ({ url }) => routePath(url) })
  for (const { method, path, plane, page, handle } of routes) {
    app.on(method, at(path), async (context) => {
      const request = context.req.raw
      if (context.env.planes?.has(plane) === false) return notFound()
      const refused = host.authorizer.refusal(request.headers, plane)
      if (refused !== null) return page === true ? refusalPage(refused) : refused
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
    const allow = sharing
      .filter(({ operation }) => operation.unsupported !== true)
      .map(({ method }) => method)
      .join(', ')
    app.all(at(path), ({ req, env: { planes } }) => {
      const served = sharing.filter(({ plane }) => planes?.has(plane) !== false)
      const refusals = served.map(({ plane }) => host.authorizer.refusal(req.raw.headers, plane))
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

function visitOf(
  request: Request,
  { planes, origin }: Arrival,
  { authorizer: authorizer, publicUrl, basePath }: Mounting,
): Visit {
  return {
    get base() {
      return publicUrl ?? `${origin ?? new URL(request.url).origin}${basePath}`
    },
    sees: (plane) => planes?.has(plane) !== false && authorizer.refusal(request.headers, plane) === null,
  }
}

/** WebSocket paths in order. */
export function mountSockets(sockets: readonly SocketRoute[], host: Mounting): Upgrade {
  const patterns = sockets.map((route) => ({
    route,
    pattern: new RegExp(`^${escaped(host.basePath)}${route.path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`),
  }))
  return (request, arrival = {}) => {
    const path = routePath(request.url)
    for (const { route, pattern } of patterns) {
      const match = pattern.exec(path)
      if (match === null || arrival.planes?.has(route.plane) === false) continue
      return (
        host.authorizer.refusal(request.headers, route.plane) ??
        route.accept(request, match.groups ?? {}, visitOf(request, arrival, host))
      )
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
