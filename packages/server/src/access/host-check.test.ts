import { describe, expect, it } from 'vitest'
import { hostCheck, LOOPBACK_HOSTS } from './host-check.ts'

interface Sent {
  readonly method?: string
  readonly host?: string
  readonly origin?: string
  readonly type?: string
}

function ask(hosts: readonly string[] | undefined, sent: Sent, way: 'http' | 'socket'): 'taken' | 'refused' {
  const { method = 'POST', host, origin, type } = sent
  const headers = new Headers({
    ...(host === undefined ? {} : { host }),
    ...(origin === undefined ? {} : { origin }),
    ...(type === undefined ? {} : { 'content-type': type }),
  })
  const answer = hostCheck({ hosts })(new Request('http://localhost:8000/reset', { method, headers }), way)
  return answer === null ? 'taken' : 'refused'
}

const PUBLIC = ['envs.example.com', '*.ors.example.com', ...LOOPBACK_HOSTS, '127.0.0.1', '10.0.0.7']
const BINDS = { loopback: LOOPBACK_HOSTS, 'every address': undefined, 'published names': PUBLIC }
const STRANGERS: readonly (readonly [host: string, origin: string])[] = [
  ['localhost:8000', 'http://localhost:9999'],
  ['localhost:8000', 'http://localhost'],
  ['localhost', 'http://localhost:8000'],
  ['127.0.0.1:8000', 'http://127.0.0.1:9999'],
  ['127.0.0.1:8000', 'http://localhost:8000'],
  ['[::1]:8000', 'http://[::1]:9999'],
  ['localhost:8000', 'https://evil.example'],
  ['localhost:8000', 'https://localhost'],
  ['localhost:8000', 'null'],
  ['localhost:8000', 'file://'],
  ['localhost:8000', ''],
  ['localhost:8000', 'http://localhost:8000, http://evil.example'],
  ['localhost:8000', 'chrome-extension://localhost:8000'],
]

describe('a page of another origin', () => {
  const rows = Object.entries(BINDS).flatMap(([bind, hosts]) =>
    STRANGERS.flatMap(([host, origin]) =>
      ['text/plain', 'application/json', undefined].map((type) => ({ bind, hosts, host, origin, type })),
    ),
  )
  it.each(rows)('$origin changes nothing at $host on $bind ($type)', ({ hosts, host, origin, type }) => {
    const sent = { host, origin, ...(type === undefined ? {} : { type }) }
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH'])
      expect([method, ask(hosts, { ...sent, method }, 'http')]).toEqual([method, 'refused'])
    expect(ask(hosts, { ...sent, method: 'GET' }, 'socket')).toBe('refused')
  })

  it.each(Object.entries(BINDS))('of the same address may use the server: %s', (_bind, hosts) => {
    for (const host of [
      'localhost:8000',
      'LOCALHOST:8000',
      '127.0.0.1:8000',
      '[::1]:8000',
      'app.localhost:80',
    ]) {
      for (const scheme of ['http', 'https']) {
        if (scheme === 'https' && host.endsWith(':80')) continue
        const sent = { host, origin: `${scheme}://${host}` }
        expect([host, ask(hosts, sent, 'http'), ask(hosts, sent, 'socket')]).toEqual([host, 'taken', 'taken'])
      }
    }
  })

  it('may be one that the operator published, and no address or name of the machine', () => {
    const at = (origin: string) => ask(PUBLIC, { host: 'envs.example.com', origin }, 'http')
    expect(at('https://envs.example.com')).toBe('taken')
    expect(at('https://a.ors.example.com:8443')).toBe('taken')
    for (const origin of [
      'http://localhost:1',
      'http://127.0.0.1',
      'http://10.0.0.7:9',
      'https://ors.example.com',
    ])
      expect([origin, at(origin)]).toEqual([origin, 'refused'])
  })
})

it('a request of no page is judged by the name that it calls the server', () => {
  expect(ask(undefined, { host: 'any.example' }, 'http')).toBe('taken')
  expect(ask(LOOPBACK_HOSTS, { host: 'any.example' }, 'http')).toBe('refused')
  expect(ask(LOOPBACK_HOSTS, {}, 'http')).toBe('taken')
})

describe('a name with the dot of DNS’s root behind it is the name without', () => {
  it.each([
    [PUBLIC, 'envs.example.com.'],
    [PUBLIC, 'ENVS.example.com.:443'],
    [PUBLIC, 'a.ors.example.com.:8443'],
    [LOOPBACK_HOSTS, 'localhost.:8000'],
    [['envs.example.com.', '*.ors.example.com.'], 'envs.example.com'],
    [['envs.example.com.', '*.ors.example.com.'], 'a.ors.example.com.'],
  ])('where %j are served: %s', (hosts, host) => {
    expect(ask(hosts, { host }, 'http')).toBe('taken')
    const bare = host.replace(/\.(?=(:\d+)?$)/, '')
    for (const origin of [`http://${host}`, `http://${bare}`]) {
      expect([origin, ask(hosts, { host, origin }, 'http')]).toEqual([origin, 'taken'])
      expect([origin, ask(hosts, { host: bare, origin }, 'socket')]).toEqual([origin, 'taken'])
    }
  })

  it.each(['envs.example.com..', '.', 'evil.example.', 'envs.example.com.evil.example.', ''])(
    'and %j is none of them',
    (host) => {
      expect(ask(PUBLIC, { host }, 'http')).toBe('refused')
    },
  )
})
