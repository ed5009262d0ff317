/** Characters that mean the same percent-encoded as written out (RFC 3986, section 2.3). */
const UNRESERVED = /%(?:2d|2e|3\d|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/gi

/** A request target that every reader understands alike: nothing encoded, no dots to resolve, no empty segment. */
const PLAIN = /^\/(?:[\w~-][\w.~-]*(?:\/[\w~-][\w.~-]*)*\/?)?(?:\?[^#\\\s]*)?$/

/**
 * The target of a request in the one form that routes are looked up by, for HTTP and for WebSocket handshakes: a path
 * and a query, with dot segments resolved and nothing encoded that need not be.
 *
 * @param target - As it came in: a path, or a whole URL (absolute-form).
 * @param host - What the request's `Host` says; a whole URL has to name the same.
 * @returns The target; or the status to refuse it with: 400 for what is no path, or has a backslash in it, and 403 for
 * a URL of another host.
 */
export function canonicalTarget(target: string, host: string | undefined): string | 400 | 403 {
  if (PLAIN.test(target)) return target
  const [path = ''] = target.split('?')
  if (path.includes('\\') || path.includes('#')) return 400
  const whole = /^https?:\/\//i.test(target)
  if (!whole && !target.startsWith('/')) return 400
  try {
    const url = new URL(whole ? target : `http://localhost${target}`)
    if (whole && url.host !== new URL(`${url.protocol}//${host ?? ''}`).host) return 403
    return decoded(url.pathname) + url.search
  } catch {
    return 400
  }
}

/** The path that a URL's route is looked up by: a slash at its end changes nothing, as in FastAPI. */
export function routePath(url: string): string {
  const path = decoded(new URL(url).pathname)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

function decoded(path: string): string {
  return path.includes('%') ? path.replaceAll(UNRESERVED, (encoded) => decodeURIComponent(encoded)) : path
}
