import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { doors } from '../../test/mcp-environments.ts'
import { call } from '../../test/http-client.ts'
import { createApp } from '../app.ts'
import { inspect } from '../inspect.ts'
import { dialectOf } from './dialect.ts'

const BOTH = { accept: 'application/json, text/event-stream' }
const ANY = { accept: '*/*' }
const meta = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }
const list = { jsonrpc: '2.0', id: 1, method: 'tools/list' }

describe('which dialect a POST to /mcp speaks', () => {
  it.each([
    ['3: a session of MCP', { ...ANY, 'mcp-session-id': 'x' }, list, 'mcp'],
    [
      '3: also for a response',
      { ...ANY, 'mcp-session-id': 'x' },
      { jsonrpc: '2.0', id: 1, result: {} },
      'mcp',
    ],
    ['3: also for what is no JSON', { ...ANY, 'mcp-session-id': 'x' }, undefined, 'mcp'],
    ['4: initialize', ANY, { method: 'initialize' }, 'mcp'],
    ['4: server/discover', ANY, { method: 'server/discover' }, 'mcp'],
    ['4: ping', ANY, { method: 'ping' }, 'mcp'],
    ['4: a notification', ANY, { method: 'notifications/initialized' }, 'mcp'],
    ['4 before 6: ping that names a session', ANY, { method: 'ping', params: { session_id: 'a' } }, 'mcp'],
    ['5: the version as a header', { ...ANY, 'mcp-protocol-version': '2025-11-25' }, list, 'mcp'],
    ['5: the method as a header', { ...ANY, 'mcp-method': 'tools/list' }, list, 'mcp'],
    ['5: the envelope', ANY, { ...list, params: meta }, 'mcp'],
    [
      '5 before 6: the envelope with a session',
      ANY,
      { ...list, params: { ...meta, session_id: 'a' } },
      'mcp',
    ],
    ['6: a method of OpenEnv', BOTH, { method: 'openenv/session/create' }, 'openenv'],
    ['6: a session of OpenEnv', BOTH, { ...list, params: { session_id: 'a' } }, 'openenv'],
    ['6 wants a text: a session that is a number', BOTH, { ...list, params: { session_id: 1 } }, 'mcp'],
    ['7: both media types', BOTH, list, 'mcp'],
    ['7: the stream alone', { accept: 'text/event-stream' }, list, 'mcp'],
    ['7: also for an array', BOTH, [list], 'mcp'],
    ['8: anything', ANY, list, 'openenv'],
    ['8: JSON only', { accept: 'application/json' }, list, 'openenv'],
    ['8: no Accept at all', {}, list, 'openenv'],
    ['8: an empty object', ANY, {}, 'openenv'],
    ['8: an array', ANY, [list], 'openenv'],
    ['8: what is no JSON', ANY, undefined, 'openenv'],
    ['8: other members of _meta', ANY, { ...list, params: { _meta: { progressToken: 1 } } }, 'openenv'],
    ['8: a method that only begins alike', ANY, { method: 'pinging' }, 'openenv'],
  ])('row %s', (_row, headers, body, dialect) => {
    expect(dialectOf(new Headers(headers as Record<string, string>), body)).toBe(dialect)
  })

  it('is decided for every body that there is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.boolean(), (body, stream) => {
        expect(['mcp', 'openenv']).toContain(dialectOf(new Headers(stream ? BOTH : ANY), body))
      }),
    )
  })
})

describe('other requests to /mcp', () => {
  it('are refused before all for a foreign host or page: row 0', async () => {
    const app = createApp(doors, { allowedHosts: ['localhost'] })
    for (const headers of [{ host: 'evil.example' }, { host: 'localhost', origin: 'http://evil.example' }]) {
      expect((await call(app, 'POST', '/mcp', { json: list, headers })).status).toBe(403)
    }
  })

  it.each(['GET', 'DELETE'])('are MCP with %s, which needs a session: row 1', async (method) => {
    const app = createApp(doors, { agentEpisode: '' })
    expect(await call(app, method, '/mcp')).toMatchObject({
      status: 400,
      body: { jsonrpc: '2.0', error: { message: expect.stringContaining('Mcp-Session-Id') as string } },
    })
    const headers = { 'mcp-session-id': 'unknown' }
    expect(await call(app, method, '/mcp', { headers })).toMatchObject({ status: 404 })
  })

  it.each(['GET', 'DELETE'])(
    'are never answered with %s where MCP has no sessions: row 1',
    async (method) => {
      const app = createApp(doors)
      expect(await call(app, method, '/mcp')).toMatchObject({ status: 405, body: { jsonrpc: '2.0' } })
      const { paths } = (await inspect(app).openApi()) as { paths: Record<string, object> }
      expect(Object.keys(paths['/mcp'] ?? {})).toEqual(['post'])
    },
  )

  it.each(['GET', 'DELETE'])('are refused with %s as the OpenAPI document says', async (method) => {
    const app = createApp(doors, { agentEpisode: '' })
    const { paths } = (await inspect(app).openApi()) as {
      paths: Record<string, Record<string, { responses: object }>>
    }
    const documented = Object.keys(paths['/mcp']?.[method.toLowerCase()]?.responses ?? {})
    expect(documented).not.toContain('405')
    for (const headers of [
      {},
      { 'mcp-session-id': '' },
      { 'mcp-session-id': 'unknown' },
      { accept: 'text/plain' },
      { 'mcp-protocol-version': '2026-07-28' },
    ] as Record<string, string>[]) {
      const { status } = await call(app, method, '/mcp', { headers })
      expect(documented, JSON.stringify(headers)).toContain(String(status))
    }
  })

  it('say what is wrong with a body that is no JSON, in the dialect that the headers speak', async () => {
    const app = createApp(doors, { agentEpisode: '' })
    const openenv = await call(app, 'POST', '/mcp', { text: '{', headers: ANY })
    expect(openenv).toMatchObject({ status: 200, body: { id: null, error: { code: -32700, data: null } } })
    const mcp = await call(app, 'POST', '/mcp', { text: '{', headers: BOTH })
    expect(mcp).toMatchObject({ status: 400, body: { id: null, error: { code: -32700 } } })
  })
})
