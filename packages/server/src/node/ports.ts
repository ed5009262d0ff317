import { LOOPBACK_HOSTS } from '../access/host-check.ts'
import { publicAddress } from '../access/public-url.ts'
import type { Plane } from '../access/plane.ts'
import type { ListenOptions } from './listen-options.ts'

export const AGENT_PLANES: ReadonlySet<Plane> = new Set(['agent', 'capability', 'about', 'open'])
export const OPERATOR_PLANES: ReadonlySet<Plane> = new Set(['operator', 'open'])

/** What the first port serves: everything but what has a port of its own. */
export function planesOf(
  agentPort: number | undefined,
  operatorPort: number | undefined,
): ReadonlySet<Plane> | undefined {
  if (agentPort === undefined && operatorPort === undefined) return undefined
  const planes = new Set<Plane>(['control', 'about', 'open'])
  if (agentPort === undefined) planes.add('agent').add('capability')
  if (operatorPort === undefined) planes.add('operator')
  return planes
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** What the server is called: on loopback by this machine's names, and by what its public address says. */
export function namesOf(
  host: string,
  { allowedHosts, publicUrl }: ListenOptions,
): readonly string[] | undefined {
  const names = allowedHosts ?? (isLoopback(host) ? [...LOOPBACK_HOSTS, host] : undefined)
  if (names === undefined || publicUrl === undefined) return names
  return [...names, new URL(publicAddress('publicUrl', publicUrl)).hostname]
}

/** The host as it is written in a URL; the loopback address where a server listens on all. */
export function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
