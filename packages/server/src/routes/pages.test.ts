import type { AnyEnvironment } from '@openenv-ts/core'
import { echo } from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { createApp } from '../app.ts'
import type { ServerOptions } from '../options.ts'
import type { Arrival } from '../http/route.ts'

const HOST = '127.0.0.1:8000'

interface Shown {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

async function show(
  path: string,
  options: ServerOptions = {},
  asked: { readonly token?: string; readonly arrival?: Arrival; readonly environment?: AnyEnvironment } = {},
): Promise<Shown> {
  const { token, arrival, environment = echo } = asked
  const app = createApp(environment, options)
  const headers = { host: HOST, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) }
  const response = await app.fetch(new Request(`http://${HOST}${path}`, { headers }), arrival)
  const text = await response.text()
  await app.close()
  return { status: response.status, text, headers: response.headers }
}

const PAGES = ['/', '/web', '/web/', '/docs', '/docs/']

describe('a page', () => {
  it.each(PAGES)('answers a person, runs nothing and asks no other site: %s', async (path) => {
    for (const basePath of ['', '/envs/lab']) {
      const { status, text, headers } = await show(basePath + path, { basePath })
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe('text/html; charset=utf-8')
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; /)
      expect(policy).not.toContain('unsafe')
      expect(text).not.toMatch(/<script|\son\w+=|javascript:|<link|<img|@import|src=/i)
      expect(text.length).toBeLessThan(60_000)
      expect(text).toContain('on the plane <code>about</code>')
    }
  })

  it.each(PAGES)('escapes what an environment says: %s', async (path) => {
    const hostile = `</pre><script>alert("1")</script>'&`
    const environment = { ...echo, description: hostile, version: hostile }
    const { text } = await show(path, { about: { author: hostile } }, { environment })
    expect(text).not.toContain('<script')
    expect(text).toContain('&lt;script&gt;')
  })

  it.each(PAGES)('wants a token where there are tokens, and reveals nothing: %s', async (path) => {
    const { status, text, headers } = await show(path, { tokens: { control: 'secret' } })
    expect(status).toBe(401)
    expect(headers.get('www-authenticate')).toBe('Bearer')
    expect(headers.get('content-type')).toContain('text/html')
    expect(text).not.toContain(echo.name + '</h1>')
    expect(text).not.toContain(echo.description)
  })

  it.each(PAGES)('is no route of minimal mode: %s', async (path) => {
    expect((await show(path, { routes: 'minimal' })).status).toBe(404)
  })
})

describe('the first page', () => {
  it('says how to connect over each protocol, at the public address', async () => {
    const publicUrl = 'https://envs.example.com/lab'
    const { text } = await show('/', { publicUrl, agentEpisode: '' })
    for (const line of [
      'wss://envs.example.com/lab/ws',
      'npx openenv eval https://envs.example.com/lab --policy random',
      'GenericEnvClient(base_url=&quot;https://envs.example.com/lab&quot;)',
      'claude mcp add --transport http echo https://envs.example.com/lab/mcp',
      'connectOrs(&#39;https://envs.example.com/lab&#39;, { environment: &#39;echo&#39; })',
      'curl -X POST https://envs.example.com/lab/reset',
    ])
      expect(text).toContain(line)
  })

  it('says where the request was sent when nothing else is known', async () => {
    expect((await show('/envs', { basePath: '/envs' })).text).toContain(`http://${HOST}/envs/mcp`)
    const arrival = { origin: 'https://told.example.com' }
    expect((await show('/', {}, { arrival })).text).toContain('https://told.example.com/mcp')
  })

  it.each([`https://a'b.example`, 'https://$(id).example', 'https://a;b.example', 'https://a&b.example'])(
    'shows no address that would mean something to a shell: %s',
    async (origin) => {
      expect((await show('/', {}, { arrival: { origin } })).text).toContain(
        'curl -X POST http://ADDRESS/reset',
      )
    },
  )

  it('lists what the token that it was asked with may use, on the port that it came to', async () => {
    const tokens = { control: 'trainer', agent: 'agent', operator: 'operator' }
    const protocols = async (token: string, arrival?: Arrival) =>
      [
        ...(
          await show('/', { tokens }, { token, ...(arrival === undefined ? {} : { arrival }) })
        ).text.matchAll(/<h2>([^<]*) <small>/g),
      ].map(([, protocol]) => protocol)
    const all = ['OpenEnv (WebSocket)', 'OpenEnv (HTTP)', 'MCP', 'Open Reward Standard']
    expect(await protocols('trainer')).toEqual(all)
    expect(await protocols('agent')).toEqual(['MCP'])
    expect(await protocols('operator')).toEqual([])
    expect(await protocols('trainer', { planes: new Set(['about', 'agent', 'open']) })).toEqual(['MCP'])
    const production = await show('/', { mode: 'production', agentEpisode: '' })
    expect(production.text).not.toContain('/reset')
    expect(production.text).toContain('MCPToolClient')
  })
})

it('/docs shows every route of the OpenAPI document', async () => {
  const { paths } = JSON.parse((await show('/openapi.json')).text) as { paths: Record<string, object> }
  const { text } = await show('/docs')
  for (const [path, methods] of Object.entries(paths))
    for (const method of Object.keys(methods)) expect(text).toContain(`${method.toUpperCase()} ${path}`)
})
