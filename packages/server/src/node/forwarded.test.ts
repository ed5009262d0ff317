import { describe, expect, it } from 'vitest'
import { readForwarded, type TrustedProxies } from './forwarded.ts'

/** What the reader makes of headers that come from a peer; the request names `envs.internal:8000`. */
function read(
  trusted: TrustedProxies,
  headers: Readonly<Record<string, string>>,
  peer = '127.0.0.1',
): string | null {
  const request = { headers: { host: 'envs.internal:8000', ...headers }, socket: { remoteAddress: peer } }
  const told = readForwarded(trusted)(request as Parameters<ReturnType<typeof readForwarded>>[0])
  return told === null ? null : `${told.protocol}://${told.host}`
}

const TLS = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'envs.example.com' }

describe('the address that a client used', () => {
  it.each<[string, Record<string, string>, string]>([
    ['X-Forwarded-Proto and -Host', TLS, 'https://envs.example.com'],
    [
      'a port in the host',
      { ...TLS, 'x-forwarded-host': 'envs.example.com:8443' },
      'https://envs.example.com:8443',
    ],
    ['X-Forwarded-Port', { ...TLS, 'x-forwarded-port': '8443' }, 'https://envs.example.com:8443'],
    ['the port of the protocol', { ...TLS, 'x-forwarded-port': '443' }, 'https://envs.example.com'],
    [
      'the protocol alone',
      { host: 'envs.example.com:443', 'x-forwarded-proto': 'https' },
      'https://envs.example.com',
    ],
    ['a WebSocket protocol', { ...TLS, 'x-forwarded-proto': 'WSS' }, 'https://envs.example.com'],
    ['Forwarded', { forwarded: 'proto=https;host=envs.example.com' }, 'https://envs.example.com'],
    [
      'Forwarded in quotes',
      { forwarded: 'for="[::1]:9";Host="envs.example.com:8443";Proto="https"' },
      'https://envs.example.com:8443',
    ],
    [
      'Forwarded before X-Forwarded-*',
      { ...TLS, forwarded: 'proto=http;host=other.example' },
      'http://other.example',
    ],
    ['nothing', {}, 'http://envs.internal:8000'],
  ])('is read from %s of a trusted proxy', (_what, headers, address) => {
    expect(read(['loopback'], headers)).toBe(address)
  })

  it.each<[string, TrustedProxies, string]>([
    ['loopback', ['loopback'], '10.0.0.1'],
    ['loopback', ['loopback'], '::ffff:10.0.0.1'],
    ['a network', ['10.0.0.0/8'], '11.0.0.1'],
    ['a network of IPv6', ['fd00::/8'], 'fe80::1'],
    ['an address', ['192.0.2.7'], '192.0.2.8'],
    ['no proxy', [], '127.0.0.1'],
  ])('is never read where only %s is trusted, from a peer elsewhere', (_what, trusted, peer) => {
    expect(read(trusted, { ...TLS, 'x-forwarded-for': '127.0.0.1' }, peer)).toBeNull()
    expect(read(trusted, { forwarded: 'for=127.0.0.1;proto=https;host=a.example' }, peer)).toBeNull()
  })

  it.each<[TrustedProxies, string]>([
    [['loopback'], '127.9.9.9'],
    [['loopback'], '::1'],
    [['loopback'], '::ffff:127.0.0.1'],
    [['10.0.0.0/8', 'fd00::/8'], '::ffff:10.1.2.3'],
    [['10.0.0.0/8', 'fd00::/8'], 'fd12::1'],
    [1, '203.0.113.9'],
  ])('is read where %j is trusted, from %s', (trusted, peer) => {
    expect(read(trusted, TLS, peer)).toBe('https://envs.example.com')
  })

  it('is what trusted proxies wrote, never what a stranger sent them before', () => {
    const spoofed = {
      'x-forwarded-for': '127.0.0.1, 198.51.100.4',
      'x-forwarded-proto': 'http, https',
      'x-forwarded-host': 'evil.example, envs.example.com',
    }
    expect(read(['loopback'], spoofed)).toBe('https://envs.example.com')
    expect(read(1, spoofed)).toBe('https://envs.example.com')
    const forwarded =
      'for=127.0.0.1;host=evil.example;proto=http, for=198.51.100.4;host=envs.example.com;proto=https'
    expect(read(['loopback'], { forwarded })).toBe('https://envs.example.com')
  })

  it('comes from the outermost of several trusted proxies', () => {
    const chain = {
      'x-forwarded-for': '198.51.100.4, 10.0.0.2',
      'x-forwarded-proto': 'https, http',
      'x-forwarded-host': 'envs.example.com, envs.internal',
    }
    expect(read(['loopback', '10.0.0.0/8'], chain)).toBe('https://envs.example.com')
    expect(read(2, chain)).toBe('https://envs.example.com')
    expect(read(['loopback'], chain)).toBe('http://envs.internal')
  })

  it.each(['a b', 'a/b', 'user@evil.example', 'a?b', 'a#b', '"', 'é', 'a:b', 'a:99999', '[::1'])(
    'is not %j, which is no host',
    (host) => {
      expect(read(['loopback'], { ...TLS, 'x-forwarded-host': host })).toBeNull()
    },
  )
})

it.each([['nowhere'], ['10.0.0.0/33'], ['10.0.0.0/a'], ['::/129'], ['10.0.0.0/8/8'], ['']])(
  'refuses %j, which names no proxy',
  (name) => {
    expect(() => readForwarded([name])).toThrow(RangeError)
  },
)

it.each([0, -1, 1.5, Number.NaN])('refuses %d as the number of proxies', (count) => {
  expect(() => readForwarded(count)).toThrow(RangeError)
})
