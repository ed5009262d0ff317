import { connect } from '@openenv-ts/client'
import { RESERVED_TOOL_NAMES, type ToolHost } from '@openenv-ts/core/host'
import { serve } from '@openenv-ts/server/node'
import { describe, expect, expectTypeOf, it } from 'vitest'
import guess from '@openenv-ts/examples/guess.ts'

const post = async (url: string, body: unknown) => {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const rpc = async (url: string, method: string, params: unknown = {}) =>
  (await post(url, { jsonrpc: '2.0', id: 1, method, params })).body

describe('the agent plane', () => {
  it('has no reset, no state and no tasks, as a type', () => {
    expectTypeOf<keyof ToolHost>().toEqualTypeOf<'listTools' | 'callTool'>()
    const has: Readonly<Record<keyof ToolHost, true>> = { listTools: true, callTool: true }
    expect(Object.keys(has)).toEqual(['listTools', 'callTool'])
  })

  it('is all that production mode serves', async () => {
    await using server = await serve(guess, { port: 0, mode: 'production' })
    for (const path of [
      '/reset',
      '/step',
      '/state',
      '/sessions',
      '/guess/tasks',
      '/guess/task',
      '/guess/num_tasks',
    ]) {
      expect([path, (await post(server.url + path, {})).status]).toEqual([path, 404])
    }
    await using episode = await connect(server.url, { environment: guess })
    await expect(episode.reset()).rejects.toThrow()
    expect(await rpc(`${server.url}/mcp`, 'openenv/session/create')).toHaveProperty('error')
  })

  it('reaches the tools of one episode and nothing else by the address that an agent is given', async () => {
    await using server = await serve(guess, { port: 0 })
    const mine = (await post(`${server.url}/sessions`, { seed: 7 })).body
    const other = (await post(`${server.url}/sessions`, { seed: 7 })).body
    const url = mine['agent_url'] as string

    const { result } = (await rpc(url, 'tools/list')) as { result: { tools: { name: string }[] } }
    const names = result.tools.map(({ name }) => name)
    expect(names).toContain('act')
    expect(names.filter((name) => name !== 'observe' && RESERVED_TOOL_NAMES.includes(name))).toEqual([])

    // Another episode's id changes nothing: this address is this episode.
    const call = { name: 'act', arguments: { number: 50 }, session_id: other['session_id'] }
    expect(await rpc(url, 'tools/call', call)).toHaveProperty(
      'result.structuredContent.observation.triesLeft',
      6,
    )
    expect(await state(server.url, mine)).toHaveProperty('step_count', 1)
    expect(await state(server.url, other)).toHaveProperty('step_count', 0)

    for (const method of ['reset', 'state', 'list_tasks', 'openenv/session/reset', 'openenv/reset']) {
      expect(await rpc(url, method)).toHaveProperty('error.code', -32601)
    }
    for (const name of ['reset', 'state', 'close']) {
      expect(await rpc(url, 'tools/call', { name, arguments: {} })).toHaveProperty('error')
    }
    // "Creating" a session answers the one that is there, as it stands, and under a name that opens nothing.
    const told = await rpc(url, 'openenv/session/create')
    expect(told).toHaveProperty('result.session_id', expect.any(String))
    const { session_id } = (told as { result: { session_id: string } }).result
    expect(session_id).not.toBe(mine['session_id'])
    expect((await fetch(`${server.url}/state?session_id=${session_id}`)).status).toBe(404)
    expect(await state(server.url, mine)).toHaveProperty('step_count', 1)
    for (const path of ['reset', 'step', 'state', 'tasks', 'ws']) {
      expect((await post(url.replace(/mcp$/, path), { seed: 8 })).status).toBeGreaterThanOrEqual(400)
    }
  })
})

async function state(url: string, session: Readonly<Record<string, unknown>>): Promise<unknown> {
  return (await fetch(`${url}/state?session_id=${String(session['session_id'])}`)).json()
}
