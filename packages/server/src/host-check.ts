import { json } from './route.ts'

/** The names of this machine: what a listener on loopback answers to. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '*.localhost', '127.0.0.1', '[::1]']

/**
 * Refuses requests that name a host which is not ours, in `Host` or in a browser's `Origin`: a page elsewhere that
 * had its name resolved to this machine would otherwise reach the server.
 *
 * @param allowed - Names without port; `*.example.com` stands for all below. Absent: nothing is checked.
 * @returns A check that gives null or the 403 to answer with.
 */
export function hostCheck(allowed: readonly string[] | undefined): (request: Request) => Response | null {
  if (allowed === undefined) return () => null
  const exact = new Set(allowed.filter((name) => !name.startsWith('*.')).map((name) => name.toLowerCase()))
  const suffixes = allowed.filter((name) => name.startsWith('*.')).map((name) => name.slice(1).toLowerCase())
  const ours = (name: string): boolean => exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix))
  return (request) => {
    const host = request.headers.get('host')
    if (host !== null && !ours(withoutPort(host))) {
      return refused(`This server does not answer to the host "${host.slice(0, 100)}".`)
    }
    const origin = request.headers.get('origin')
    if (origin !== null && !ours(originHost(origin))) {
      return refused('Pages of another origin may not use this server.')
    }
    return null
  }
}

function refused(detail: string): Response {
  return json({ status: 403, body: { detail } })
}

function withoutPort(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '')
}

function originHost(origin: string): string {
  try {
    return new URL(origin).hostname.toLowerCase()
  } catch {
    return ''
  }
}
