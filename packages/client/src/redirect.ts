import { OpenEnvError } from '@openenv-ts/core'
import { printable } from '@openenv-ts/core/host'

/** The statuses that send a client elsewhere by the header `Location`. */
export const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** A redirect that is not followed. */
export interface Redirect {
  /** The address that was asked. */
  readonly from: URL
  readonly status: number
  /** The header `Location`, as it came; null where the platform hides it, as browsers do. */
  readonly location: string | null
  /** What follows the server's address in the address that was asked: `/health`; empty for none. */
  readonly route: string
}

/**
 * The error for a redirect that is not followed. It names the address to give instead, without credentials, query,
 * fragment and route. A `Location` that is not a web address is not printed.
 */
export function redirected({ from, status, location, route }: Redirect): OpenEnvError {
  const asked = webAddress(from, route)
  const target = location !== null && URL.canParse(location, from.href) ? new URL(location, from) : null
  const to = target === null ? null : webAddress(target, route)
  if (target === null || to === null) {
    const where = location === null ? 'another address' : 'something that is not a web address'
    return notFollowed(asked, where, status, GIVE_THE_SERVER)
  }
  // The same server with a route that it does not serve.
  if (to === asked) return notFollowed(asked, printable(target.pathname), status, GIVE_THE_SERVER)
  const address = printable(to)
  return notFollowed(
    asked,
    address,
    status,
    `Give the address of the server itself. If that is your server: ${address}`,
  )
}

/** The error for a server that redirects within itself, again and again. */
export function redirectedTooOften(from: URL, status: number): OpenEnvError {
  return notFollowed(from.origin, 'one address after another', status, GIVE_THE_SERVER)
}

const GIVE_THE_SERVER = 'Give the address of the server itself, with the path that it is served under.'

function notFollowed(from: string | null, to: string, status: number, advice: string): OpenEnvError {
  return new OpenEnvError(
    'CONNECTION_ERROR',
    `${from ?? 'The server'} redirects to ${to} (HTTP ${String(status)}). The redirect is not followed: no token, ` +
      `header or body goes to another address. ${advice}`,
    { data: { status } },
  )
}

const WEB_SCHEMES: Readonly<Record<string, string>> = {
  'http:': 'http:',
  'https:': 'https:',
  'ws:': 'http:',
  'wss:': 'https:',
}

/** The address of the server whose route this is; null for what is not on the web. */
function webAddress({ protocol, host, pathname }: URL, route: string): string | null {
  const scheme = WEB_SCHEMES[protocol]
  return scheme === undefined ? null : `${scheme}//${host}${withoutRoute(pathname, route)}`
}

function withoutRoute(path: string, route: string): string {
  if (route === '') return path
  const [routePath = ''] = route.split('?', 1)
  const bare = withoutTrailingSlashes(path)
  return bare.endsWith(routePath) ? withoutTrailingSlashes(bare.slice(0, -routePath.length)) : bare
}

/** In one pass: a server wrote the path. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length
  while (path[end - 1] === '/') end -= 1
  return path.slice(0, end)
}
