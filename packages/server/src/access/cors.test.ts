import { echo } from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { createApp } from '../app.ts'
import type { ServerOptions } from '../options.ts'
import { inspect } from '../inspect.ts'

const PAGE = 'https://app.example.com'
const BASE = 'http://127.0.0.1:8000'

async function ask(options: ServerOptions, path: string, init: RequestInit & { readonly origin?: string }) {
  const app = createApp(echo, options)
  try {
    const { origin, headers, ...rest } = init
    const sent = {
      host: '127.0.0.1:8000',
      ...(headers as object),
      ...(origin === undefined ? {} : { origin }),
    }
    const response = await app.fetch(new Request(BASE + path, { ...rest, headers: sent }))
    await response.body?.cancel()
    return response
  } finally {
    await app.close()
  }
}

const preflight = (options: ServerOptions, path: string, origin: string) =>
  ask(options, path, {
    origin,
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,mcp-protocol-version',
    },
  })

const LOOPBACK = { allowedHosts: ['localhost', '127.0.0.1'] }

describe('an allowed origin', () => {
  const routes = inspect(createApp(echo)).routes
  const paths = [...new Set(routes.map(({ path }) => path))]
  const isOperator = (path: string) =>
    routes.some((route) => route.path === path && route.plane === 'operator')

  it.each(['', '/envs/lab'])('is told so for every route but the operator’s, below %j', async (basePath) => {
    const options = { ...LOOPBACK, basePath, allowedOrigins: [PAGE], tokens: { control: 'secret' } }
    for (const path of paths.flatMap((each) => [each, `${each}/`])) {
      const { status, headers } = await preflight(options, basePath + path, PAGE)
      const told = [status, headers.get('access-control-allow-origin')]
      if (isOperator(path.replace(/(.)\/$/, '$1'))) expect([path, ...told]).toEqual([path, 403, null])
      else expect([path, ...told]).toEqual([path, 204, PAGE])
      expect(headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  it.each([
    ['exactly', PAGE, PAGE],
    ['below a domain', 'https://*.example.com', PAGE],
    ['with a port', 'http://localhost:5173', 'http://localhost:5173'],
    ['below a domain with a port', 'https://*.example.com:8443', 'https://a.b.example.com:8443'],
  ])('is one that is named %s', async (_how, named, origin) => {
    const { headers } = await ask({ ...LOOPBACK, allowedOrigins: [named] }, '/health', { origin })
    expect(headers.get('access-control-allow-origin')).toBe(origin)
    expect(headers.get('access-control-expose-headers')).toContain('Mcp-Session-Id')
    expect(headers.get('access-control-expose-headers')).toContain('X-Session-ID')
    expect(headers.get('vary')).toContain('Origin')
  })

  it('is, without a list, a page of a name that the server is published under', async () => {
    const options = { allowedHosts: ['localhost', '127.0.0.1', 'envs.example.com'] }
    expect((await preflight(options, '/mcp', 'https://envs.example.com')).status).toBe(204)
    expect((await preflight(options, '/mcp', 'http://localhost:5173')).status).toBe(403)
  })

  it('reads the operator’s plane where it is named for that, and nothing else there', async () => {
    const options = { ...LOOPBACK, operatorOrigins: [PAGE] }
    const metrics = await ask(options, '/metrics', { origin: PAGE })
    expect([metrics.status, metrics.headers.get('access-control-allow-origin')]).toEqual([200, PAGE])
    expect((await ask(options, '/health', { origin: PAGE })).status).toBe(403)
    expect((await ask(options, '/reset', { origin: PAGE, method: 'POST' })).status).toBe(403)
  })
})

describe('any other origin', () => {
  it.each([
    'https://evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://app.example.com.evil.example',
    'https://evilapp.example.com.',
    'null',
    '*',
  ])('gets no leave and is refused: %s', async (origin) => {
    const options = { ...LOOPBACK, allowedOrigins: [PAGE] }
    for (const path of ['/health', '/mcp', '/reset', '/create_session']) {
      for (const answer of [
        await preflight(options, path, origin),
        await ask(options, path, { origin, method: 'POST' }),
      ]) {
        expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null])
      }
    }
  })

  it('gets no leave where names are not checked', async () => {
    const { status, headers } = await preflight({}, '/reset', PAGE)
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, null])
  })
})

it.each([
  '*',
  'app.example.com',
  'https://',
  'https://a/b',
  'https://a?b',
  'https://me@a',
  'https://*',
  'ws://a',
  '',
])('refuses %j, which is no origin', (origin) => {
  expect(() => createApp(echo, { allowedOrigins: [origin] })).toThrow(RangeError)
})

describe('HEAD and OPTIONS', () => {
  it('answer the head of a GET, and which methods there are', async () => {
    const head = await ask({}, '/metadata', { method: 'HEAD' })
    expect([head.status, head.body, head.headers.get('content-type')]).toEqual([
      200,
      null,
      'application/json',
    ])
    const allowed = async (options: ServerOptions) => {
      const { status, headers } = await ask(options, '/mcp', { method: 'OPTIONS' })
      return [status, headers.get('allow')]
    }
    // GET and DELETE belong to a session, and without episodes of their own MCP clients have none.
    expect(await allowed({})).toEqual([204, 'POST, OPTIONS'])
    expect(await allowed({ agentEpisode: '' })).toEqual([204, 'POST, GET, DELETE, HEAD, OPTIONS'])
    expect((await ask({}, '/nowhere', { method: 'OPTIONS' })).status).toBe(404)
    expect((await ask({}, '/nowhere', { method: 'HEAD' })).status).toBe(404)
  })

  it('leave no stream of events behind', async () => {
    const app = createApp(echo)
    expect((await app.fetch(new Request(`${BASE}/events`, { method: 'HEAD' }))).status).toBe(200)
    expect(inspect(app).sessions.events.watched).toBe(false)
    await app.close()
  })

  it('tell nothing to those who may use no method', async () => {
    const options = await ask({ tokens: { control: 'secret' } }, '/reset', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([401, null])
  })

  it('are no routes of minimal mode', async () => {
    expect((await ask({ routes: 'minimal' }, '/reset', { method: 'OPTIONS' })).status).toBe(405)
    expect((await ask({ routes: 'minimal' }, '/reset', { method: 'HEAD' })).status).toBe(405)
  })
})
