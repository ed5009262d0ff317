import { manualClock } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { doors, moves } from '../../test/mcp-environments.ts'
import { post } from '../../test/http-client.ts'
import {
  askModern,
  FrameSocket,
  initialize,
  McpSession,
  postMcp,
  rpc,
  toolNames,
  type Message,
} from '../../test/mcp-client.ts'
import type { ServerOptions } from '../options.ts'
import { serve } from '../node/serve.ts'
import type { ListenOptions, RunningServer } from '../node/listen-options.ts'
import { inspect } from '../inspect.ts'

const fresh = (options: ListenOptions = {}) => serve(doors, { port: 0, agentEpisode: 'third', ...options })

async function grant(server: RunningServer, body: object = {}): Promise<{ url: string; id: string }> {
  const answer = await post(server.url, '/sessions', body)
  return { url: answer.body['agent_url'] as string, id: answer.body['session_id'] as string }
}

describe('a server that gives agents episodes', () => {
  it('gives each MCP session a fresh one of its task, and none starts it over [OE-19]', async () => {
    await using server = await fresh()
    const one = await McpSession.open(`${server.url}/mcp`)
    const two = await McpSession.open(`${server.url}/mcp`)
    expect((await one.call('open_door', { door: 3 }))['structuredContent']).toEqual({ result: 'a garden' })
    expect((await one.call('count'))['structuredContent']).toEqual({ result: 1 })
    expect((await two.call('count'))['structuredContent']).toEqual({ result: 0 })
    for (const name of ['reset', 'step', 'state', 'close']) {
      expect(await one.call(name, {})).toHaveProperty('error.code', -32602)
    }
    await one.call('leave')
    for (const name of ['count', 'leave', 'open_door']) {
      expect(await one.call(name, {})).toMatchObject({
        isError: true,
        content: [{ text: expect.stringContaining('over') }],
      })
    }
    for (const method of [
      'reset',
      'openenv/session/create',
      'tasks/list',
      'prompts/list',
      'resources/list',
    ]) {
      expect(await one.ask(method)).toHaveProperty('error.code', -32601)
    }
    // A second greeting is no second episode.
    const again = await initialize(one.url, { 'mcp-session-id': one.id })
    expect(again.message).toHaveProperty('error')
    expect(await one.call('count', {})).toMatchObject({ isError: true })
    expect(inspect(server).sessions.size).toBe(2)
  })

  it('tells an agent its task, in the greeting of either revision', async () => {
    await using server = await fresh()
    const { opening } = await McpSession.open(`${server.url}/mcp`)
    expect(opening).toMatchObject({
      protocolVersion: '2025-11-25',
      capabilities: { tools: { listChanged: false } },
      serverInfo: { name: 'doors', version: '3.1.0' },
      instructions: expect.stringContaining('Find the open one of three doors.'),
    })
    const { message } = await askModern(`${server.url}/mcp`, 'server/discover')
    expect(message['result']).toMatchObject({
      instructions: expect.stringContaining('Find the open one of three doors.'),
    })
  })

  it.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])(
    'speaks revision %s as the client asks, and its newest of that kind to one that asks for another',
    async (revision) => {
      await using server = await fresh()
      const greet = async (protocolVersion: string) => {
        const clientInfo = { name: 'test', version: '1' }
        const params = { protocolVersion, capabilities: {}, clientInfo }
        const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params }
        return (await postMcp(`${server.url}/mcp`, body)).message['result'].protocolVersion as string
      }
      expect(await greet(revision)).toBe(revision)
      expect(await greet('1999-01-01')).toBe('2025-11-25')
    },
  )

  it('ends the episode with DELETE, and knows the session no more', async () => {
    await using server = await fresh({ maxSessions: 1 })
    const session = await McpSession.open(`${server.url}/mcp`)
    expect((await session.request('DELETE')).status).toBe(200)
    expect(inspect(server).sessions.size).toBe(0)
    expect((await session.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(404)
    expect((await session.request('DELETE')).status).toBe(404)
    expect((await session.request('GET')).status).toBe(404)
    await McpSession.open(`${server.url}/mcp`)
  })

  it('answers 503 when all sessions are taken, in either revision', async () => {
    await using server = await fresh({ maxSessions: 1 })
    const held = await McpSession.open(`${server.url}/mcp`)
    for (const answer of [
      await initialize(`${server.url}/mcp`),
      await askModern(`${server.url}/mcp`, 'tools/list'),
    ]) {
      expect(answer).toMatchObject({
        status: 503,
        message: { error: { message: expect.stringContaining('1/1') } },
      })
    }
    await held.request('DELETE')
    expect((await askModern(`${server.url}/mcp`, 'tools/list')).status).toBe(200)
  })

  it('takes no slot for a greeting that the protocol refuses', async () => {
    await using server = await fresh()
    const url = `${server.url}/mcp`
    expect((await initialize(url, { accept: 'text/html' })).status).toBe(406)
    expect((await initialize(url, { 'content-type': 'text/plain' })).status).toBe(415)
    const nonsense = { jsonrpc: '2.0', id: 1, method: 'initialize', params: {} }
    expect((await postMcp(url, nonsense)).message).toHaveProperty('error')
    expect((await postMcp(url, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(400)
    expect(inspect(server).sessions.size).toBe(0)
  })

  it('shares one episode among requests of the revision without sessions, and opens a fresh one after its end [OE-19]', async () => {
    await using server = await fresh()
    const call = async (name: string, args: object = {}) =>
      (await askModern(`${server.url}/mcp`, 'tools/call', { name, arguments: args })).message[
        'result'
      ] as Message
    expect((await call('open_door', { door: 3 }))['structuredContent']).toEqual({ result: 'a garden' })
    expect((await call('count'))['structuredContent']).toEqual({ result: 1 })
    await call('leave')
    // It holds no slot any more.
    expect(inspect(server).sessions.size).toBe(0)
    expect((await call('count'))['structuredContent']).toEqual({ result: 0 })
    expect(inspect(server).sessions.size).toBe(1)
  })

  it('shares one episode for each token, when there are tokens [OE-19]', async () => {
    await using server = await fresh({ tokens: { agent: 'for-agents', control: 'for-control' } })
    const tried = async (token: string) => {
      const params = { name: 'open_door', arguments: { door: 1 } }
      const headers = { authorization: `Bearer ${token}` }
      await askModern(`${server.url}/mcp`, 'tools/call', params, headers)
      const { message } = await askModern(`${server.url}/mcp`, 'tools/call', { name: 'count' }, headers)
      return message['result'].structuredContent.result as number
    }
    expect([await tried('for-agents'), await tried('for-agents'), await tried('for-control')]).toEqual([
      1, 2, 1,
    ])
    expect((await askModern(`${server.url}/mcp`, 'tools/list')).status).toBe(401)
  })

  it('keeps the shared episode however long the agent thinks, and opens no other while the server shuts down', async () => {
    const clock = manualClock()
    await using server = await fresh({ clock, idleSeconds: 10 })
    const count = async () => askModern(`${server.url}/mcp`, 'tools/call', { name: 'count' })
    await count()
    clock.advance(3_600_000)
    await inspect(server).sessions.reap()
    expect((await count()).message['result']).toMatchObject({ isError: false })
    await inspect(server).sessions.drain()
    expect(await count()).toMatchObject({
      status: 503,
      message: { error: { message: expect.stringContaining('shutting down') } },
    })
  })

  it('ends an MCP session that nobody goes on with, and not one whose stream is open', async () => {
    const clock = manualClock()
    await using server = await fresh({ clock, idleSeconds: 900 })
    const { sessions } = inspect(server)
    const idle = await McpSession.open(`${server.url}/mcp`)
    const listening = await McpSession.open(`${server.url}/mcp`)
    const controller = new AbortController()
    const stream = await listening.request('GET', controller.signal)
    expect(stream.status).toBe(200)
    clock.advance(901_000)
    await sessions.reap()
    expect(sessions.size).toBe(1)
    expect((await idle.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(404)
    expect(await listening.call('count')).toMatchObject({ isError: false })
    controller.abort()
    await expect
      .poll(async () => {
        clock.advance(901_000)
        await sessions.reap()
        return sessions.size
      })
      .toBe(0)
  })

  it.each(['the agent leaves', 'the agent opens too many others'])(
    'holds an episode no longer for a stream that ended because %s',
    async (why) => {
      await using server = await serve(doors, { port: 0 })
      const { url, id } = await grant(server)
      const session = await McpSession.open(url)
      const stream = await session.request('GET')
      expect(inspect(server).sessions.find(id)).toMatchObject({ held: true })
      if (why === 'the agent leaves') await session.request('DELETE')
      else for (let count = 0; count < 16; count += 1) await McpSession.open(url)
      await stream.text()
      expect(inspect(server).sessions.find(id)).toMatchObject({ held: false })
    },
  )

  it('does not start for a task that there is not', async () => {
    await expect(fresh({ agentEpisode: 'fourth' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining('third') as string,
    })
  })

  it('has nothing else for agents in production mode', async () => {
    await using server = await fresh({ mode: 'production' })
    const url = `${server.url}/mcp`
    expect(toolNames((await rpc(url, 'tools/list'))['result'] as Message)).toContain('open_door')
    expect(await rpc(url, 'openenv/session/create')).toHaveProperty('error.code', -32000)
    const session = await McpSession.open(url)
    const named = { name: 'count', session_id: session.id }
    expect(await rpc(url, 'tools/call', named)).toHaveProperty('error.code', -32000)
  })
})

describe('a server where orchestrators open the episodes', () => {
  it('lists tools to anybody at /mcp, and has no episode to act in', async () => {
    await using server = await serve(doors, { port: 0 })
    for (const ask of [
      (method: string, params?: Record<string, unknown>) => askModern(`${server.url}/mcp`, method, params),
      (method: string, params: Record<string, unknown> = {}) =>
        postMcp(`${server.url}/mcp`, { jsonrpc: '2.0', id: 1, method, params }),
    ]) {
      expect(toolNames((await ask('tools/list')).message['result'] as Message)).toContain('open_door')
      expect((await ask('tools/call', { name: 'count' })).message['result']).toMatchObject({ isError: true })
    }
    // Nothing is kept of such clients, however many say hello.
    expect((await initialize(`${server.url}/mcp`)).headers.get('mcp-session-id')).toBeNull()
    expect(inspect(server).sessions.size).toBe(0)
  })

  it('gives an agent the one episode of its address, in every dialect and revision [OE-19]', async () => {
    await using server = await serve(doors, { port: 0 })
    const { url, id } = await grant(server, { task_id: 'third', episode_id: 'granted' })
    const door = { name: 'open_door', arguments: { door: 3 } }
    const session = await McpSession.open(url)
    expect(session.opening['instructions']).toContain('Find the open one of three doors.')
    expect(await session.ask('tools/call', door)).toMatchObject({ structuredContent: { result: 'a garden' } })
    await askModern(url, 'tools/call', door)
    expect(await rpc(url, 'tools/call', door)).toMatchObject({ result: { data: 'a garden' } })
    const told = (await rpc(url, 'openenv/session/create'))['result'] as { session_id: string }
    expect(told.session_id).not.toBe(id)
    await using raw = await FrameSocket.open(url)
    await raw.ask({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: door })
    await using steps = await FrameSocket.open(url.replace(/mcp$/, 'ws'))
    await steps.step({ type: 'call_tool', tool_name: 'open_door', arguments: { door: 1 } })
    expect((await steps.step({ tool_name: 'count' }))['result'].data).toBe(5)
    const state = await (await fetch(`${server.url}/state?session_id=${id}`)).json()
    expect(state).toMatchObject({ episode_id: 'granted', step_count: 6 })
    expect(inspect(server).sessions.size).toBe(1)
  })

  it('lets no agent start its episode over, on none of the ways there are to its address [OE-19]', async () => {
    await using server = await serve(doors, { port: 0 })
    const { url, id } = await grant(server, { episode_id: 'kept' })
    const base = url.replace(/\/mcp$/, '')
    const session = await McpSession.open(url)
    await session.call('count', {})
    for (const method of ['reset', 'step', 'state', 'close', 'openenv/reset', 'openenv/session/reset']) {
      expect(await session.ask(method)).toHaveProperty('error.code', -32601)
      expect(await rpc(url, method)).toHaveProperty('error.code', -32601)
      expect((await askModern(url, method)).message).toHaveProperty('error.code', -32601)
      expect(await session.call(method, {})).toHaveProperty('error.code', -32602)
    }
    await using socket = await FrameSocket.open(`${base}/ws`)
    for (const message of [
      { type: 'reset', data: {} },
      { type: 'state' },
      { type: 'list_splits' },
      { type: 'batch', data: { open: 1 } },
    ]) {
      expect([message.type, await socket.ask(message)]).toMatchObject([message.type, { type: 'error' }])
    }
    await using raw = await FrameSocket.open(url)
    expect(await raw.ask({ type: 'reset', data: {} })).toHaveProperty('error.code', -32600)
    for (const path of ['/reset', '/step', '/state', '/tasks', '/sessions', '/metadata', '/', '']) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        expect([method, path, (await fetch(base + path, { method })).status]).toEqual([method, path, 404])
      }
    }
    // Taking leave is all that close does, and another's session is unknown.
    const other = await grant(server)
    const { session_id } = (await rpc(url, 'openenv/session/create'))['result'] as { session_id: string }
    expect(await rpc(url, 'openenv/session/close', { session_id: id })).toHaveProperty('error.code', -32602)
    expect((await rpc(url, 'openenv/session/close', { session_id }))['result']).toEqual({
      session_id,
      closed: false,
      closing: true,
    })
    expect(await rpc(url, 'openenv/session/close', { session_id: other.id })).toHaveProperty(
      'error.code',
      -32602,
    )
    await session.request('DELETE')
    expect(inspect(server).sessions.size).toBe(2)
    // The same episode still; a call of a tool that there is not is a step like any other.
    const state = await (await fetch(`${server.url}/state?session_id=${id}`)).json()
    expect(state).toMatchObject({ episode_id: 'kept', step_count: 7 })
  })

  it('refuses addresses that were guessed', async () => {
    await using server = await serve(doors, { port: 0 })
    const { url, id } = await grant(server)
    const capability = /agent\/([^/]+)\/mcp$/.exec(url)?.[1] ?? ''
    expect(capability).toMatch(/^[\w-]{43}$/)
    const guesses = [
      id,
      'default',
      '0',
      capability.slice(0, -1),
      `${capability}A`,
      capability.toLowerCase(),
      '%00',
    ]
    for (const guess of guesses) {
      const address = `${server.url}/agent/${guess}/mcp`
      const post = await fetch(address, {
        method: 'POST',
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}',
      })
      expect([guess, post.status, (await initialize(address)).status]).toEqual([guess, 404, 404])
      for (const path of ['ws', 'mcp'])
        await expect(FrameSocket.open(address.replace(/mcp$/, path))).rejects.toThrow('404')
    }
  })

  it('ends the address with the session, for conversations that had begun too', async () => {
    await using server = await serve(doors, { port: 0 })
    const { url, id } = await grant(server)
    const session = await McpSession.open(url)
    await using socket = await FrameSocket.open(url.replace(/mcp$/, 'ws'))
    await socket.step({ tool_name: 'count' })
    expect((await fetch(`${server.url}/sessions/${id}`, { method: 'DELETE' })).status).toBe(200)
    expect((await session.post({ jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(404)
    expect((await socket.step({ tool_name: 'count' }))['error']).toMatchObject({
      error_type: 'execution_error',
    })
  })

  it('takes a session of MCP only at the address where it began', async () => {
    await using server = await serve(doors, { port: 0, agentEpisode: '' })
    const one = await grant(server)
    const two = await grant(server)
    const session = await McpSession.open(one.url)
    const asked = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'count' } }
    for (const url of [two.url, `${server.url}/mcp`]) {
      expect((await postMcp(url, asked, { 'mcp-session-id': session.id })).status).toBe(404)
    }
    expect(await session.call('count')).toMatchObject({ isError: false })
  })

  it('bounds the conversations that an agent may open: the oldest goes', async () => {
    await using server = await serve(doors, { port: 0 })
    const { url } = await grant(server)
    const sessions: McpSession[] = []
    for (let count = 0; count < 18; count += 1) sessions.push(await McpSession.open(url))
    const alive = await Promise.all(
      sessions.map(async (session) => (await session.post({ jsonrpc: '2.0', id: 1, method: 'ping' })).status),
    )
    expect(alive).toEqual([404, 404, ...Array<number>(16).fill(200)])
  })
})

describe('tools over MCP', () => {
  async function episode(environment: Parameters<typeof serve>[0], options: ServerOptions = {}) {
    const server = await serve(environment, { port: 0, agentEpisode: '', ...options })
    const session = await McpSession.open(`${server.url}/mcp`)
    return { session, url: `${server.url}/mcp`, [Symbol.asyncDispose]: () => server.close() }
  }

  it('are one for a plain schema, with observe beside it [OE-20]', async () => {
    await using game = await episode(counterEnvironment())
    const { tools } = (await game.session.ask('tools/list')) as { tools: Message[] }
    expect(toolNames({ tools })).toEqual(['act', 'observe'])
    expect(tools[0]?.['inputSchema']).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { add: { type: 'integer', minimum: 1, maximum: 5 } },
      required: ['add'],
      additionalProperties: false,
    })
    const stepped = await game.session.call('act', { add: 2 })
    expect(stepped['structuredContent']).toEqual({
      observation: { total: 2, note: null },
      reward: 0.2,
      done: false,
      info: { left: 8, task_id: 'from-0', 'reward.progress': 2 },
    })
    expect(JSON.parse(stepped['content'][0].text as string)).toEqual(stepped['structuredContent'])
    // No step: the same reply again.
    expect(await game.session.call('observe')).toEqual(stepped)
    expect(await game.session.call('observe', {})).toEqual(stepped)
  })

  it('are one for each kind of a union, the field that tells them apart removed [OE-20]', async () => {
    await using game = await episode(moves)
    const { tools } = (await game.session.ask('tools/list')) as { tools: Message[] }
    expect(toolNames({ tools })).toEqual(['go', 'rest', 'observe'])
    expect(tools[0]?.['inputSchema'].properties).not.toHaveProperty('kind')
    expect(tools[0]?.['inputSchema'].required).toEqual(['to'])
    // What the schema refers to is where it says.
    const reference = tools[0]?.['inputSchema'].properties.to.$ref as string | undefined
    if (reference !== undefined) {
      const name = reference.replace('#/$defs/', '')
      expect(tools[0]?.['inputSchema'].$defs).toHaveProperty(name)
    }
    expect(tools[0]?.['description']).toContain('Goes somewhere.')
    for (const { description } of tools) {
      expect(description).toContain('Nine and nine is the corner.')
      expect(description).toContain('routes: any')
    }
    const { structuredContent } = await game.session.call('go', { to: { x: 9, y: 9 } })
    expect(structuredContent).toMatchObject({ observation: { at: { x: 9, y: 9 } }, reward: 1, done: true })
  })

  it('count bad arguments as a step where the environment does, with what is wrong in info [OE-2]', async () => {
    await using game = await episode(moves)
    const result = await game.session.call('go', { to: { x: '9', y: 9 } })
    expect(result).toMatchObject({
      isError: false,
      structuredContent: { reward: 0, done: false, info: { bad: 1, error: expect.stringContaining('to.x') } },
    })
  })

  it('refuse bad arguments where the environment does not count them, naming the field [OE-2]', async () => {
    await using game = await episode(counterEnvironment())
    for (const args of [{ add: '2' }, { add: 9 }, { add: 2, more: 1 }, {}]) {
      expect(await game.session.call('act', args)).toMatchObject({
        isError: true,
        content: [{ text: expect.stringMatching(/add|more/) }],
      })
    }
    expect((await game.session.call('observe'))['structuredContent']).toMatchObject({
      observation: { total: 0 },
    })
  })

  it('may be called without arguments, and an unknown one is an error of the protocol', async () => {
    await using game = await episode(doors)
    expect(await game.session.ask('tools/call', { name: 'count' })).toMatchObject({ isError: false })
    expect(await game.session.call('lick')).toHaveProperty('error.code', -32602)
    expect((await askModern(game.url, 'tools/call', { name: 'lick' })).message).toHaveProperty(
      'error.code',
      -32602,
    )
  })

  it('have a description, and names that every client takes', async () => {
    await using game = await episode(doors)
    const { tools } = await game.session.ask('tools/list')
    for (const { name, description } of tools as Message[]) {
      expect(name).toMatch(/^[\w./-]{1,64}$/)
      expect(description).not.toBe('')
    }
  })

  it('show pictures as pictures', async () => {
    await using game = await episode(doors)
    expect(await game.session.call('look')).toMatchObject({
      content: [{ type: 'image', data: 'aGk=', mimeType: 'image/png' }],
      structuredContent: { seen: true },
    })
  })

  it('fail as results, with what the tool said', async () => {
    await using game = await episode(doors)
    expect(await game.session.call('kick')).toEqual({
      content: [{ type: 'text', text: 'The door is not found to be harmed.' }],
      isError: true,
    })
  })

  it('tell their progress, growing and before the result, to who asks for it', async () => {
    await using game = await episode(doors)
    const params = { name: 'walk', arguments: { steps: 3, each: 5 } }
    const _meta = { progressToken: 'walking' }
    const body = { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { ...params, _meta } }
    const legacy = await game.session.post(body)
    const modern = await askModern(game.url, 'tools/call', { ...params, _meta })
    for (const { messages } of [legacy, modern]) {
      expect(
        messages.slice(0, -1).map(({ method, params: told }) => [method, told.progressToken, told.progress]),
      ).toEqual([1, 2, 3].map((step) => ['notifications/progress', 'walking', step]))
      expect(messages.at(-1)).toHaveProperty('result.structuredContent', { result: 3 })
    }
    expect((await askModern(game.url, 'tools/call', params)).messages).toHaveLength(1)
  })

  it('end when the client cancels, and the episode goes on', async () => {
    await using game = await episode(doors)
    const params = { name: 'walk', arguments: { steps: 1, each: 60_000 } }
    const call = game.session.post({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params })
    await new Promise((resolve) => setTimeout(resolve, 100))
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'slow' } }
    expect((await game.session.post(cancel)).status).toBe(202)
    // Its stream has ended, without an answer.
    expect((await call).messages).toEqual([])
    expect((await game.session.call('count'))['structuredContent']).toEqual({ result: 0 })
  })

  it('are given up when the client of the revision without sessions hangs up', async () => {
    await using game = await episode(doors)
    const controller = new AbortController()
    const params = { name: 'walk', arguments: { steps: 1, each: 60_000 } }
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta } }
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'walk' }
    const call = postMcp(game.url, body, headers, controller.signal)
    await new Promise((resolve) => setTimeout(resolve, 100))
    controller.abort()
    await expect(call).rejects.toThrow()
    // A call that was still running would hold this one up for a minute.
    expect((await askModern(game.url, 'tools/call', { name: 'count' })).message).toHaveProperty('result')
  })
})
