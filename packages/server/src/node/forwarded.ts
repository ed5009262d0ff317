import { BlockList, isIP } from 'node:net'
import type { IncomingMessage } from 'node:http'

/**
 * Which proxies are believed. `loopback`, an address, or a network such as `10.0.0.0/8`, any number of them; or how many
 * proxies a request always comes through, whatever their addresses.
 */
export type TrustedProxies = readonly string[] | number

/** The address that a client used, as a trusted proxy tells it. */
export interface Forwarded {
  readonly protocol: 'http' | 'https'
  /** With its port, where it is not the protocol's own. */
  readonly host: string
}

/** Reads what proxies tell of a request; null where there is none or it is not trusted. */
export type ReadForwarded = (request: Pick<IncomingMessage, 'headers' | 'socket'>) => Forwarded | null

/**
 * Makes the reader of `Forwarded` (RFC 7239), and of `X-Forwarded-Proto`, `-Host` and `-Port` where that is missing.
 *
 * Each proxy appends to these headers, so what a trusted proxy wrote stands at the right, and what stands left of that
 * was sent by a stranger.
 *
 * @throws RangeError for what names no proxy.
 */
export function readForwarded(trusted: TrustedProxies): ReadForwarded {
  const hopsOf = typeof trusted === 'number' ? fixedHops(trusted) : hopsByAddress(trusted)
  return ({ headers, socket }) => {
    const one = headers['forwarded']
    if (one !== undefined) {
      const elements = split(one, ',').map(parametersOf)
      const hops = hopsOf(
        socket.remoteAddress,
        elements.map((element) => element.get('for') ?? ''),
      )
      return hops === 0 ? null : addressOf(headers.host, asSeen(elements, hops) ?? new Map())
    }
    const listed = (name: string): readonly string[] => split([headers[name]].flat().join(','), ',')
    const hops = hopsOf(socket.remoteAddress, listed('x-forwarded-for'))
    if (hops === 0) return null
    const told = new Map<string, string>()
    for (const name of ['proto', 'host', 'port']) {
      const value = asSeen(listed(`x-forwarded-${name}`), hops)
      if (value !== undefined) told.set(name, value)
    }
    return addressOf(headers.host, told)
  }
}

/** How many of the last entries trusted proxies wrote; 0 when the peer itself is not trusted. */
type HopsOf = (peer: string | undefined, clients: readonly string[]) => number

function fixedHops(count: number): HopsOf {
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(`The number of trusted proxies is a whole number above 0, not ${String(count)}.`)
  }
  return () => count
}

function hopsByAddress(trusted: readonly string[]): HopsOf {
  const networks = new BlockList()
  for (const name of trusted) addNetwork(networks, name)
  const isTrusted = (address: string): boolean => {
    const family = isIP(address)
    return family !== 0 && networks.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
  return (peer, clients) => {
    let hops = 0
    for (const address of [peer ?? '', ...clients.toReversed().map(bareAddress)]) {
      if (!isTrusted(bareAddress(address))) break
      hops += 1
    }
    return hops
  }
}

function addNetwork(networks: BlockList, name: string): void {
  if (name === 'loopback') {
    networks.addSubnet('127.0.0.0', 8, 'ipv4')
    networks.addAddress('::1', 'ipv6')
    return
  }
  const [address = '', prefix, ...rest] = name.split('/')
  const family = isIP(address)
  const longest = family === 4 ? 32 : 128
  const bits = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN
  if (family === 0 || rest.length > 0 || !(bits <= longest)) {
    throw new RangeError(
      `"${name.slice(0, 100)}" names no proxy: give "loopback", an address, a network such as 10.0.0.0/8, or a number.`,
    )
  }
  networks.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6')
}

/** Without port and brackets, and IPv4 as itself: `[::1]:80`, `::ffff:10.0.0.1`, `10.0.0.1:80`. */
function bareAddress(text: string): string {
  const inner = /^\[([^\]]*)\]/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1')
  return inner.replace(/^::ffff:(?=\d+\.)/i, '')
}

/** What the outermost trusted proxy wrote; a proxy that replaces a header leaves one entry. */
function asSeen<T>(entries: readonly T[], hops: number): T | undefined {
  return entries[Math.max(0, entries.length - hops)]
}

function addressOf(named: string | undefined, told: ReadonlyMap<string, string>): Forwarded | null {
  const proto = told.get('proto')?.toLowerCase()
  const host = told.get('host') ?? named
  if (host === undefined) return null
  const protocol = proto === 'https' || proto === 'wss' ? 'https' : 'http'
  const port = told.get('port') ?? ''
  const address = /:\d+$/.test(host) || !/^\d{1,5}$/.test(port) ? host : `${host}:${port}`
  if (!/^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.test(address)) return null
  try {
    return { protocol, host: new URL(`${protocol}://${address}`).host }
  } catch {
    return null
  }
}

/** The pairs of one element of `Forwarded`, names in lower case. */
function parametersOf(element: string): ReadonlyMap<string, string> {
  const pairs = split(element, ';').map((pair) => {
    const at = pair.indexOf('=')
    const value = pair.slice(at + 1).trim()
    const quoted = /^"(.*)"$/.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1')
    return [pair.slice(0, at).trim().toLowerCase(), quoted ?? value] as const
  })
  return new Map(pairs)
}

/** Splits where `separator` stands outside of quotes; nothing for an empty text. */
function split(text: string, separator: ',' | ';'): readonly string[] {
  const parts: string[] = []
  let begun = 0
  let quoted = false
  for (let at = 0; at <= text.length; at += 1) {
    const character = text[at]
    if (character === '"') quoted = !quoted
    else if (quoted && character === '\\') at += 1
    else if (character === undefined || (character === separator && !quoted)) {
      parts.push(text.slice(begun, at).trim())
      begun = at + 1
    }
  }
  return parts.filter((part) => part !== '')
}

/**
 * Puts the address that a client used in place of the one that its proxy used, so that everything behind judges the same.
 *
 * @returns The origin that the client used; undefined where no trusted proxy tells it.
 */
export function takeForwarded(request: IncomingMessage, read: ReadForwarded): string | undefined {
  const told = read(request)
  if (told === null) return undefined
  const { protocol, host } = told
  request.headers.host = host
  const at = request.rawHeaders.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'host')
  if (at === -1) request.rawHeaders.push('Host', host)
  else request.rawHeaders[at + 1] = host
  return `${protocol}://${host}`
}
