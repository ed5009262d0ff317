import type { Route } from '../http/route.ts'
import type { Host } from '../host.ts'
import type { Plane } from '../access/plane.ts'

/** Routes of an environment that clients also call without naming it, and mean the first one of the server. */
const BARE: readonly (readonly [Route['method'], string, Plane])[] = [
  ['GET', '/tools', 'about'],
  ['GET', '/splits', 'control'],
  ['POST', '/tasks', 'control'],
  ['POST', '/num_tasks', 'control'],
  ['POST', '/task', 'control'],
  ['POST', '/task_range', 'control'],
  ['GET', '/prompt', 'control'],
  ['GET', '/messages', 'control'],
  ['GET', '/task_tools', 'control'],
  ['POST', '/call', 'control'],
  ['POST', '/score_group', 'control'],
]

/** Sends clients that name no environment on to the one that there is; the status keeps method and body. */
export function redirectRoutes({ basePath, environment }: Host): readonly Route[] {
  return BARE.map(([method, path, plane]) => ({
    method,
    path,
    plane,
    summary: `Leads to /${environment.name}${path}`,
    operation: { answers: { 308: { headers: { Location: 'Where to ask' } } } },
    handle: (request) => {
      const location = `${basePath}/${environment.name}${path}${new URL(request.url).search}`
      return new Response(null, { status: 308, headers: { location } })
    },
  }))
}
