import { originHost, publishedNames } from './host-check.ts'
import type { ServerOptions } from '../options.ts'
import { routePath } from './request-path.ts'
import type { Route } from '../http/route.ts'

/** What pages may read beside the few headers that browsers always show. */
const EXPOSED = [
  ...['Mcp-Session-Id', 'Mcp-Protocol-Version', 'X-Session-ID', 'X-Backend-State'],
  ...['Retry-After', 'WWW-Authenticate', 'Deprecation', 'Sunset', 'Link', 'Allow'],
].join(', ')
const METHODS = 'GET, HEAD, POST, DELETE'
/** How long a browser need not ask again. */
const MAX_AGE_SECONDS = 600
const TOKENS = /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/

/**
 * Which pages of other origins may use the server from a browser, and read its answers (CORS).
 *
 * An origin is answered by itself, never by `*`, and credentials that a browser keeps are never asked for: a page sends
 * its token itself. The operator's plane has a list of its own.
 */
export class Cors {
  readonly #published: (name: string) => boolean
  readonly #allowed: (origin: string) => boolean
  readonly #operators: (origin: string) => boolean
  readonly #operatorPaths: ReadonlySet<string>

  /**
   * @param routes - Those that are served below `basePath`.
   * @throws RangeError for what is no origin.
   */
  constructor(
    { allowedHosts, allowedOrigins = [], operatorOrigins = [] }: OriginOptions,
    routes: readonly Route[],
    basePath: string,
  ) {
    this.#published = publishedNames(allowedHosts)
    this.#allowed = matcher(allowedOrigins)
    this.#operators = matcher(operatorOrigins)
    const operator = routes.filter(({ plane }) => plane === 'operator')
    this.#operatorPaths = new Set(operator.map(({ path }) => basePath + path))
  }

  /** Whether pages of an origin were named for what a request asks for. */
  readonly mayUse = (origin: string, { url }: Request): boolean =>
    this.#isOperators(url) ? this.#operators(origin) : this.#allowed(origin)

  /** The answer to a browser that asks whether a page may send a request; null for other requests and other origins. */
  preflight(request: Request): Response | null {
    const { method, headers } = request
    if (method !== 'OPTIONS' || !headers.has('access-control-request-method')) return null
    const origin = this.#welcome(request)
    if (origin === null) return null
    const asked = headers.get('access-control-request-headers') ?? ''
    return new Response(null, {
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': METHODS,
        // Whatever a client library adds: what a header means is for the routes to judge.
        ...(TOKENS.test(asked) ? { 'access-control-allow-headers': asked } : {}),
        'access-control-max-age': String(MAX_AGE_SECONDS),
        ...(headers.get('access-control-request-private-network') === 'true'
          ? { 'access-control-allow-private-network': 'true' }
          : {}),
        vary: 'Origin, Access-Control-Request-Headers',
      },
    })
  }

  /** Lets the page that asked read an answer, where it may. */
  answer(request: Request, response: Response): Response {
    const origin = this.#welcome(request)
    if (origin === null) return response
    const headers = new Headers(response.headers)
    headers.set('access-control-allow-origin', origin)
    headers.set('access-control-expose-headers', EXPOSED)
    headers.append('vary', 'Origin')
    const { status, statusText, body } = response
    return new Response(body, { status, statusText, headers })
  }

  #welcome(request: Request): string | null {
    const origin = request.headers.get('origin')
    if (origin === null) return null
    if (this.mayUse(origin, request)) return origin
    return !this.#isOperators(request.url) && this.#published(originHost(origin)) ? origin : null
  }

  #isOperators(url: string): boolean {
    return this.#operatorPaths.has(routePath(url).replace(/(.)\/$/, '$1'))
  }
}

/** The options that say whose pages may use a server. */
export type OriginOptions = Pick<ServerOptions, 'allowedHosts' | 'allowedOrigins' | 'operatorOrigins'>

function matcher(origins: readonly string[]): (origin: string) => boolean {
  const exact = new Set<string>()
  const below: (readonly [start: string, end: string])[] = []
  for (const text of origins) {
    const [scheme = '', place = ''] = text.split('://')
    const wildcard = place.startsWith('*.')
    const url = wildcard ? `${scheme}://${place.slice(2)}` : text
    const parsed = /^https?:\/\/[^/?#@*]+\/?$/.test(url) && URL.canParse(url) ? new URL(url) : null
    if (parsed === null) {
      throw new RangeError(`"${text.slice(0, 100)}" is no origin: give one such as https://app.example.com.`)
    }
    if (wildcard) below.push([`${parsed.protocol}//`, `.${parsed.host}`])
    else exact.add(parsed.origin)
  }
  return (origin) =>
    exact.has(origin) || below.some(([start, end]) => origin.startsWith(start) && origin.endsWith(end))
}
