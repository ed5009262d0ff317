import type { App } from './app.ts'
import type { Served } from './listener.ts'
import { routePath } from './request-path.ts'
import { json, type RouteReply } from './route.ts'

/** An app and the path that all of its routes begin with; empty for the only one. */
export interface Placed {
  readonly path: string
  readonly app: App
}

/**
 * Several environments behind one listener, each whole and on its own below its path: tokens, sessions and capacity
 * are each app's. Beside them there is only `/health`.
 */
export function several(placed: readonly Placed[]): Served {
  const [first] = placed
  if (placed.length === 1 && first !== undefined) return first.app
  const appFor = ({ url }: Request): App | undefined => {
    const asked = routePath(url)
    return placed.find(({ path }) => asked === path || asked.startsWith(`${path}/`))?.app
  }
  return {
    limits: first?.app.limits ?? { connections: Infinity },
    maxMessageBytes: Math.max(...placed.map(({ app }) => app.maxMessageBytes)),
    fetch: async (request, arrival) =>
      appFor(request)?.fetch(request, arrival) ?? json(answerBeside(request)),
    upgrade: (request, arrival) => appFor(request)?.upgrade(request, arrival) ?? json(NOT_FOUND),
  }
}

const NOT_FOUND: RouteReply = { status: 404, body: { detail: 'Not Found' } }

function answerBeside({ method, url }: Request): RouteReply {
  const health = method === 'GET' && routePath(url).endsWith('/health')
  return health ? { body: { status: 'healthy' } } : NOT_FOUND
}
