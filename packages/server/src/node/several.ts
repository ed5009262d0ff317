import type { AnyEnvironment } from '@openenv-ts/core'
import type { MountedApp } from '../mounted-app.ts'
import { Cors } from '../access/cors.ts'
import { Authorizer } from '../access/authorizer.ts'
import { hostCheck } from '../access/host-check.ts'
import type { ServerLimits } from '../limits/limits.ts'
import type { Served } from './served.ts'
import { answerTo, mountRoutes } from '../http/mount.ts'
import type { ServerOptions } from '../options.ts'
import { jsonAnswer, TEXT } from '../http/operation.ts'
import { publicAddress } from '../access/public-url.ts'
import { sharedQuota } from '../limits/quota.ts'
import { routePath } from '../access/request-path.ts'
import type { Route } from '../http/route.ts'
import { json } from '../http/reply.ts'
import { listingRoutes } from '../routes/home.ts'
import { HEALTH } from '../routes/info.ts'
import { whyUnavailable } from '../unavailable.ts'

/** An app and the path that all of its routes begin with; empty for the only one. */
export interface Placed {
  readonly path: string
  readonly app: MountedApp
}

/**
 * Several environments behind one listener, each whole and on its own below its path: tokens, sessions and capacity
 * are each app's. The root lists them [OE-23].
 */
export function several(
  placed: readonly Placed[],
  options: ServerOptions & { readonly basePath: string },
): Served {
  const [first] = placed
  if (first !== undefined && placed.length === 1) return first.app
  const appFor = ({ url }: Request): MountedApp | undefined => {
    const asked = routePath(url)
    return placed.find(({ path }) => asked === path || asked.startsWith(`${path}/`))?.app
  }
  if (first === undefined) throw new RangeError('There is no environment to serve.')
  const { limits } = first.app
  const environments = placed.map(({ app }) => app.environment)
  const root = listing(environments, limits, options)
  return {
    limits,
    maxMessageBytes: Math.max(...placed.map(({ app }) => app.maxMessageBytes)),
    fetch: (request, arrival) => (appFor(request)?.fetch ?? root)(request, arrival),
    upgrade: (request, arrival) =>
      appFor(request)?.upgrade(request, arrival) ?? json({ status: 404, body: { detail: 'Not Found' } }),
  }
}

/** What the root answers itself. */
function listing(
  environments: readonly AnyEnvironment[],
  limits: ServerLimits,
  options: ServerOptions & { readonly basePath: string },
): MountedApp['fetch'] {
  const { basePath, publicUrl, tokens, log = () => undefined } = options
  const names = environments.map(({ name }) => name)
  const available = environments
    .filter((environment) => whyUnavailable(environment) === undefined)
    .map(({ name }) => name)
  const health: Route = {
    method: 'GET',
    path: '/health',
    plane: 'open',
    summary: 'Says that the server accepts sessions',
    operation: HEALTH,
    handle: () => ({ body: { status: 'healthy' } }),
  }
  const metadata: Route = {
    method: 'GET',
    path: '/metadata',
    plane: 'about',
    summary: 'Lists the environments that are served',
    operation: { answers: { 200: jsonAnswer({ type: 'object' }) } },
    handle: (_request, _parameters, { base }) => ({
      body: {
        name: 'openenv-ts',
        description: `Several environments, each below its name: ${names.join(', ')}.`,
        readme_content: null,
        version: null,
        author: null,
        documentation_url: null,
        environments: environments.map((environment) => {
          const { name, description, version } = environment
          const available = whyUnavailable(environment) === undefined
          return { name, description, version: available ? version : null, available, url: `${base}/${name}` }
        }),
      },
    }),
  }
  const list: Route = {
    method: 'GET',
    path: '/list_environments',
    plane: 'control',
    summary: 'Names the environments that are served',
    operation: { answers: { 200: jsonAnswer({ type: 'array', items: TEXT }) } },
    // A list of names cannot say more of one.
    handle: () => ({ body: available }),
  }
  const bare = options.routes === 'minimal'
  const routes = bare ? [health] : [health, metadata, list, ...listingRoutes(environments)]
  const mounting = {
    authorizer: new Authorizer(tokens),
    shared: sharedQuota(limits),
    basePath,
    publicUrl: publicUrl === undefined ? undefined : publicAddress('publicUrl', publicUrl),
    log,
  }
  const http = mountRoutes(routes, mounting, { bare })
  const cors = new Cors(options, routes, basePath)
  const check = hostCheck({ hosts: options.allowedHosts, mayUse: cors.mayUse })
  return async (request, arrival = {}) =>
    check(request, 'http') ??
    cors.preflight(request) ??
    cors.answer(request, await answerTo(http, request, arrival))
}
