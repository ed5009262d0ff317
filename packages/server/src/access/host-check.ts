import { json } from '../http/reply.ts'

/** The names of this machine: what a listener on loopback answers to. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '*.localhost', '127.0.0.1', '[::1]']

/** Which requests of pages and proxies a server takes. */
export interface HostRules {
  /** Names without port that `Host` may have; `*.example.com` stands for all below. Absent: any name. */
  readonly hosts?: readonly string[] | undefined
  /** Whether pages of an origin may use what a request asks for, wherever they are. */
  readonly mayUse?: ((origin: string, request: Request) => boolean) | undefined
}

/**
 * Refuses requests that name a host which is not ours, and those that a browser sends for a page of another origin: a
 * page elsewhere, or one that had its name resolved to this machine, would otherwise use the server in the name of the
 * person in front of it.
 *
 * @returns A check that gives null or the 403 to answer with.
 */
export function hostCheck({ hosts, mayUse = () => false }: HostRules): HostCheck {
  const ours = hosts === undefined ? () => true : matcher(hosts)
  const published = publishedNames(hosts)
  return (request, way) => {
    const { method, url, headers } = request
    const host = headers.get('host')
    if (host !== null && !ours(withoutPort(host))) {
      return refused(`This server does not answer to the host "${host.slice(0, 100)}".`)
    }
    const origin = headers.get('origin')
    if (origin === null || isSameOrigin(origin, host ?? new URL(url).host)) return null
    if (published(originHost(origin)) || mayUse(origin, request)) return null
    // A browser shows no page what it may not read, and reading changes nothing.
    const reads = way === 'http' && READING.has(method) && hosts === undefined
    return reads ? null : refused('Pages of another origin may not use this server.')
  }
}

/** Judges a request, or the head of a WebSocket handshake. */
export type HostCheck = (request: Request, way: 'http' | 'socket') => Response | null

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** The names that mean this server and no other. */
export function publishedNames(hosts: readonly string[] | undefined): (name: string) => boolean {
  return matcher(hosts?.filter(isPublished) ?? [])
}

/**
 * Whether a name means this server and no other. A name that the operator publishes does, whatever port a proxy has;
 * loopback's names and addresses are shared by everything that runs on the machine.
 */
function isPublished(name: string): boolean {
  return !LOOPBACK_HOSTS.includes(name) && !/^\[|^[\d.]+$/.test(name)
}

/** Whether a page's origin is the address that it asks, port included; what scheme a proxy speaks is not known. */
function isSameOrigin(origin: string, host: string): boolean {
  try {
    const { protocol, host: own } = new URL(origin)
    return (
      /^https?:$/.test(protocol) && withoutRoot(own) === withoutRoot(new URL(`${protocol}//${host}`).host)
    )
  } catch {
    return false
  }
}

function matcher(names: readonly string[]): (name: string) => boolean {
  const plain = names.map((name) => withoutRoot(name.toLowerCase()))
  const exact = new Set(plain.filter((name) => !name.startsWith('*.')))
  const suffixes = plain.filter((name) => name.startsWith('*.')).map((name) => name.slice(1))
  return (name) => exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix))
}

function refused(detail: string): Response {
  return json({ status: 403, body: { detail } })
}

function withoutPort(host: string): string {
  return withoutRoot(host.toLowerCase()).replace(/:\d+$/, '')
}

/** Without the dot of DNS's root behind the name: `example.com.:443` is `example.com:443`. */
function withoutRoot(host: string): string {
  return host.replace(/\.(?=(?::\d+)?$)/, '')
}

/** The host name of an origin; empty for one that has none. */
export function originHost(origin: string): string {
  try {
    return withoutRoot(new URL(origin).hostname.toLowerCase())
  } catch {
    return ''
  }
}
