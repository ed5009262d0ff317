import { manualClock, definePureEnvironment } from '@openenv-ts/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { call } from '../../test/http-client.ts'
import { doors, moves } from '../../test/mcp-environments.ts'
import { FrameSocket, rpc, rpcRaw, toolNames, type Message } from '../../test/mcp-client.ts'
import { createApp } from '../app.ts'
import { dialectOf } from './dialect.ts'
import { serve } from '../node/serve.ts'
import type { RunningServer } from '../node/listen-options.ts'
import { inspect } from '../inspect.ts'

const HTTP = { port: 0 } as const

async function create(server: RunningServer): Promise<string> {
  return (await rpc(`${server.url}/mcp`, 'openenv/session/create', {}))['result'].session_id as string
}

/** A session with an episode in it. */
async function begun(server: RunningServer, body: object = {}): Promise<string> {
  const session_id = await create(server)
  const headers = { 'content-type': 'application/json' }
  await fetch(`${server.url}/reset`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ session_id, ...body }),
  })
  return session_id
}

const openDoor = (door: number) => ({ type: 'call_tool', tool_name: 'open_door', arguments: { door } })

// What MCPToolClient of OpenEnv 0.10.0 sends and reads (`openenv/core/mcp_client.py`).
describe("OpenEnv's JSON-RPC over HTTP", () => {
  it('creates a session, lists and calls its tools, and closes it, always with 200 and JSON', async () => {
    await using server = await serve(doors, HTTP)
    const url = `${server.url}/mcp`
    const session_id = await begun(server, { task_id: 'third' })
    const { result } = await rpc(url, 'tools/list', { session_id })
    expect(result.tools).toHaveLength(doors.tools?.length ?? 0)
    const call = { name: 'open_door', arguments: { door: 3 }, session_id }
    expect(await rpc(url, 'tools/call', call)).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: {
        content: [{ type: 'text', text: 'a garden' }],
        structuredContent: { result: 'a garden' },
        isError: false,
        data: 'a garden',
      },
    })
    expect(await rpc(url, 'openenv/session/close', { session_id })).toEqual({
      jsonrpc: '2.0',
      id: 7,
      result: { session_id, closed: true },
    })
    expect(inspect(server).sessions.size).toBe(0)
  })

  it('lists every tool with a description and both spellings of an object schema, also one that says nothing about itself', async () => {
    await using server = await serve(doors, HTTP)
    for (const params of [{}, { session_id: await create(server) }, { session_id: '' }]) {
      const { result } = await rpc(`${server.url}/mcp`, 'tools/list', params)
      for (const tool of result.tools as Message[]) {
        expect(tool['description']).toBeTypeOf('string')
        expect(tool['inputSchema']).toMatchObject({ type: 'object' })
        expect(tool['input_schema']).toEqual(tool['inputSchema'])
        expect(Object.values(tool)).not.toContain(null)
      }
      expect(toolNames(result as Message)).toContain('count')
    }
  })

  it.each([
    ['open_door', { door: 2 }, 'a goat'],
    ['count', {}, 0],
    ['list', {}, ['a', 'b']],
    ['nothing', {}, null],
    ['look', {}, { seen: true }],
  ])('gives what the tool %s gave as data, for the Python user', async (name, args, data) => {
    await using server = await serve(doors, HTTP)
    const call = { name, arguments: args, session_id: await begun(server) }
    const { result } = await rpc(`${server.url}/mcp`, 'tools/call', call)
    expect(result).toHaveProperty('data', data)
  })

  it.each([
    ['a tool that raises', 'kick', {}, 'not found to be harmed'],
    ['a tool that there is not', 'lick', {}, "Unknown tool: 'lick'"],
    ['arguments of the wrong kind', 'open_door', { door: 'one' }, 'door'],
    ['arguments out of range', 'open_door', { door: 4 }, 'door'],
    ['arguments that nobody knows', 'open_door', { door: 1, gently: true }, 'gently'],
    ['arguments that are none', 'open_door', [1], 'arguments'],
  ])('answers %s with an error, not with a result', async (_what, name, args, message) => {
    await using server = await serve(doors, HTTP)
    const call = { name, arguments: args, session_id: await begun(server) }
    const answer = await rpc(`${server.url}/mcp`, 'tools/call', call)
    expect(answer['error']).toEqual({ code: -32603, message: expect.stringContaining(message), data: null })
    expect(answer).not.toHaveProperty('result')
  })

  it('has no key error in what succeeds, and all three keys in what does not', async () => {
    await using server = await serve(doors, HTTP)
    const url = `${server.url}/mcp`
    const created = await rpc(url, 'openenv/session/create')
    expect(Object.keys(created)).toEqual(['jsonrpc', 'id', 'result'])
    expect(created['result'].session_id).not.toBe('')
    const failed = await rpc(url, 'tools/call', { name: 'lick', session_id: created['result'].session_id })
    expect(Object.keys(failed)).toEqual(['jsonrpc', 'id', 'error'])
    expect(Object.keys(failed['error'] as object)).toEqual(['code', 'message', 'data'])
  })

  it('takes params and arguments that are not there, and arguments that are null', async () => {
    await using server = await serve(doors, HTTP)
    const url = `${server.url}/mcp`
    expect(await rpcRaw(url, '{"jsonrpc":"2.0","method":"openenv/session/create"}')).toMatchObject({
      id: null,
      result: {},
    })
    const session_id = await begun(server)
    expect(await rpc(url, 'tools/call', { name: 'count', session_id })).toMatchObject({ result: { data: 0 } })
    const call = { name: 'count', arguments: null, session_id, _meta: {} }
    expect(await rpc(url, 'tools/call', call)).toMatchObject({ result: { data: 0 } })
  })

  it('answers -32602 to a session that it does not know, for every method that names one', async () => {
    await using server = await serve(doors, HTTP)
    for (const method of ['tools/list', 'tools/call', 'openenv/session/close']) {
      const answer = await rpc(`${server.url}/mcp`, method, { name: 'count', session_id: 'gone' })
      expect([method, answer['error']]).toEqual([
        method,
        { code: -32602, message: expect.stringContaining('gone'), data: null },
      ])
    }
  })

  it.each([
    ['not JSON', '{', null, -32700],
    ['an array', '[]', null, -32700],
    ['a number', '7', null, -32700],
    ['an empty object', '{}', null, -32600],
    ['another version', '{"jsonrpc":"1.0","id":3,"method":"tools/list"}', null, -32600],
    ['no method', '{"jsonrpc":"2.0","id":3}', null, -32600],
    ['params an array', '{"jsonrpc":"2.0","id":3,"method":"tools/list","params":[]}', null, -32600],
    ['half an id', '{"jsonrpc":"2.0","id":1.5,"method":"tools/list"}', null, -32600],
    ['a key too many', '{"jsonrpc":"2.0","id":3,"method":"tools/list","more":1}', null, -32600],
    ['a method that there is not', '{"jsonrpc":"2.0","id":"a","method":"resources/list"}', 'a', -32601],
    ['no name of a tool', '{"jsonrpc":"2.0","id":0,"method":"tools/call","params":{}}', 0, -32602],
    [
      'no session to close',
      '{"jsonrpc":"2.0","id":3,"method":"openenv/session/close","params":{"session_id":""}}',
      3,
      -32602,
    ],
  ])('answers %s with its code, and the id where there is one', async (_what, body, id, code) => {
    await using server = await serve(doors, HTTP)
    expect(await rpcRaw(`${server.url}/mcp`, body)).toEqual({
      jsonrpc: '2.0',
      id,
      error: { code, message: expect.any(String), data: null },
    })
    expect(inspect(server).sessions.size).toBe(0)
  })

  it('answers every JSON that there is in its own form, and none of it harms the server', async () => {
    const app = createApp(doors)
    const member = fc.oneof(fc.constantFrom('2.0', 'tools/list', 'tools/call', 7, null), fc.jsonValue())
    const request = fc.dictionary(fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'more'), member)
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), request), async (body) => {
        // What MCP would take is MCP's to answer.
        fc.pre(dialectOf(new Headers(), body) === 'openenv')
        const answer = await call(app, 'POST', '/mcp', { json: body })
        expect([answer.status, answer.body['jsonrpc']]).toEqual([200, '2.0'])
        expect('result' in answer.body).not.toBe('error' in answer.body)
        expect(answer.body).toHaveProperty('id')
      }),
      { numRuns: 500 },
    )
    expect(inspect(app).sessions.size).toBe(0)
    await app.close()
  })

  it('says so when all sessions are taken, with the numbers', async () => {
    await using server = await serve(doors, { ...HTTP, maxSessions: 1 })
    const session_id = await create(server)
    expect((await rpc(`${server.url}/mcp`, 'openenv/session/create'))['error']).toEqual({
      code: -32000,
      message: expect.stringContaining('1/1'),
      data: { active_sessions: 1, max_sessions: 1 },
    })
    await rpc(`${server.url}/mcp`, 'openenv/session/close', { session_id })
    expect(await create(server)).not.toBe(session_id)
  })

  it('refuses a call before reset, and resets nothing by itself [OE-5]', async () => {
    await using server = await serve(doors, HTTP)
    const session_id = await create(server)
    const { error } = await rpc(`${server.url}/mcp`, 'tools/call', { name: 'count', session_id })
    expect(error).toMatchObject({ code: -32603, message: expect.stringContaining('reset') })
  })

  it('does one call after the other, also when they come at once', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, HTTP)
    const session_id = await begun(server)
    const act = (tag: string) =>
      rpc(`${server.url}/mcp`, 'tools/call', { name: 'act', arguments: { hold: true, tag }, session_id })
    const first = act('first')
    await held.reached()
    const second = act('second')
    held.release()
    await first
    await held.reached()
    expect(held.waiting).toBe(1)
    held.release()
    expect((await second)['result'].data.observation).toEqual({ tag: 'second' })
  })
})

describe('attaching to a session, /ws?session_id=', () => {
  it('takes no second slot: one server, one slot, one environment for calls and steps', async () => {
    await using server = await serve(doors, { ...HTTP, maxSessions: 1 })
    const session_id = await create(server)
    await using socket = await FrameSocket.open(`${server.url}/ws?session_id=${session_id}`)
    await socket.ask({ type: 'reset', data: { task_id: 'third', episode_id: 'one' } })
    const call = { name: 'open_door', arguments: { door: 1 }, session_id }
    await rpc(`${server.url}/mcp`, 'tools/call', call)
    expect((await socket.step(openDoor(3)))['result'].data).toBe('a garden')
    expect((await rpc(`${server.url}/mcp`, 'tools/call', { name: 'count', session_id }))['result'].data).toBe(
      2,
    )
    expect((await socket.ask({ type: 'state' }))['data']).toMatchObject({ episode_id: 'one', step_count: 3 })
    expect(inspect(server).sessions.size).toBe(1)
  })

  it('ends with the socket only as an attachment: another may follow, and close says closed', async () => {
    await using server = await serve(doors, HTTP)
    const session_id = await create(server)
    const address = `${server.url}/ws?session_id=${session_id}`
    const first = await FrameSocket.open(address)
    await first.ask({ type: 'reset', data: { episode_id: 'kept' } })
    first.socket.send('{"type":"close"}')
    expect(await first.closing).toBe(1000)
    const second = await FrameSocket.open(address)
    expect((await second.ask({ type: 'state' }))['data']).toMatchObject({ episode_id: 'kept' })
    second.socket.terminate()
    await second.closing
    await using third = await FrameSocket.open(address)
    expect((await third.ask({ type: 'state' }))['data']).toMatchObject({ episode_id: 'kept' })
    await third[Symbol.asyncDispose]()
    const { result } = await rpc(`${server.url}/mcp`, 'openenv/session/close', { session_id })
    expect(result).toEqual({ session_id, closed: true })
  })

  it('holds a close back until it is over', async () => {
    await using server = await serve(doors, HTTP)
    const session_id = await begun(server)
    const socket = await FrameSocket.open(`${server.url}/ws?session_id=${session_id}`)
    await socket.ask({ type: 'state' })
    expect((await rpc(`${server.url}/mcp`, 'openenv/session/close', { session_id }))['result']).toEqual({
      session_id,
      closed: false,
      closing: true,
    })
    expect((await socket.step(openDoor(2)))['error']).toBeNull()
    await socket[Symbol.asyncDispose]()
    await expect.poll(() => inspect(server).sessions.size).toBe(0)
    expect(await rpc(`${server.url}/mcp`, 'tools/list', { session_id })).toHaveProperty('error.code', -32602)
  })

  // Each waits a second for the close that follows the refusal: at the same time.
  it.concurrent.each(['unknown', '%20', 'x'.repeat(200)])(
    'refuses the session "%s" with a frame',
    async (id) => {
      await using server = await serve(doors, HTTP)
      await using socket = await FrameSocket.open(`${server.url}/ws?session_id=${id}`)
      expect(await socket.next()).toMatchObject({ type: 'error', data: { code: 'SESSION_ERROR' } })
      expect(await socket.closing).toBe(1000)
      expect(inspect(server).sessions.size).toBe(0)
    },
  )

  it('refuses a second socket, and takes one when the first has left', async () => {
    await using server = await serve(doors, HTTP)
    const address = `${server.url}/ws?session_id=${await create(server)}`
    const first = await FrameSocket.open(address)
    await first.ask({ type: 'state' })
    const second = await FrameSocket.open(address)
    expect(await second.next()).toMatchObject({ type: 'error', data: { code: 'SESSION_ERROR' } })
    second.socket.terminate()
    await second.closing
    // The one that was refused leaves the other's attachment as it is.
    const third = await FrameSocket.open(address)
    expect(await third.next()).toMatchObject({ type: 'error' })
    third.socket.terminate()
    await third.closing
    await first[Symbol.asyncDispose]()
    await using last = await FrameSocket.open(address)
    expect(await last.ask({ type: 'state' })).toMatchObject({ type: 'state' })
  })

  it.each([
    ['/ws', (id: string) => `/ws?session_id=${id}`],
    ["an agent's /ws", (_id: string, capability: string) => `/agent/${capability}/ws`],
    ["an agent's /mcp", (_id: string, capability: string) => `/agent/${capability}/mcp`],
  ])('keeps a session as long as %s is open, and not for ever after', async (_where, path) => {
    const clock = manualClock()
    await using server = await serve(doors, { ...HTTP, clock, idleSeconds: 900 })
    const { sessions } = inspect(server)
    const session_id = await begun(server)
    const session = sessions.find(session_id)
    if (session === undefined) throw new Error('There is no session.')
    const capability = sessions.grant(session)
    const socket = await FrameSocket.open(server.url + path(session_id, capability))
    const other = await FrameSocket.open(server.url + path(session_id, capability))
    await expect.poll(() => session.held).toBe(true)
    await other[Symbol.asyncDispose]()
    clock.advance(3_600_000)
    await sessions.reap()
    expect(session.isOpen).toBe(true)
    await socket[Symbol.asyncDispose]()
    await expect.poll(() => session.held).toBe(false)
    clock.advance(899_000)
    await sessions.reap()
    expect(session.isOpen).toBe(true)
    clock.advance(2_000)
    await sessions.reap()
    expect(session.isOpen).toBe(false)
  })
})

describe('tools as steps on /ws', () => {
  it.each(['simulation', 'production'] as const)(
    'are listed before reset and called, in %s mode',
    async (mode) => {
      await using server = await serve(doors, { ...HTTP, mode })
      await using socket = await FrameSocket.open(`${server.url}/ws`)
      const listed = await socket.ask({ type: 'step', data: { type: 'list_tools' } })
      expect(listed).toMatchObject({ type: 'observation', data: { reward: null, done: false } })
      for (const tool of listed['data'].observation.tools as Message[]) {
        expect(tool).toEqual({
          name: expect.any(String),
          description: expect.any(String),
          input_schema: expect.objectContaining({ type: 'object' }),
        })
      }
      const { error, result } = await socket.step(openDoor(1))
      expect(result).toBeNull()
      expect(error).toEqual({ error_type: 'execution_error', message: expect.any(String) })
    },
  )

  it('answer with the whole observation, data included', async () => {
    await using server = await serve(doors, HTTP)
    await using socket = await FrameSocket.open(`${server.url}/ws`)
    await socket.ask({ type: 'reset', data: { task_id: 'first' } })
    expect(await socket.ask({ type: 'step', data: openDoor(1) })).toEqual({
      type: 'observation',
      data: {
        observation: {
          metadata: { task_id: 'first' },
          tool_name: 'open_door',
          result: {
            content: [{ type: 'text', text: 'a garden' }],
            structured_content: { result: 'a garden' },
            data: 'a garden',
            is_error: false,
          },
          error: null,
        },
        metadata: { task_id: 'first' },
        reward: null,
        done: false,
      },
    })
  })

  it.each([
    ['kick', {}, 'execution_error'],
    ['lick', {}, 'tool_not_found'],
    ['open_door', {}, 'invalid_args'],
    ['open_door', { door: 'one' }, 'invalid_args'],
  ])('show the failure of %s as an observation with a known kind', async (tool_name, args, kind) => {
    await using server = await serve(doors, HTTP)
    await using socket = await FrameSocket.open(`${server.url}/ws`)
    await socket.ask({ type: 'reset', data: {} })
    const {
      error,
      result,
      tool_name: named,
    } = await socket.step({ type: 'call_tool', tool_name, arguments: args })
    expect([named, result]).toEqual([tool_name, null])
    expect(error).toEqual({ error_type: kind, message: expect.any(String) })
  })

  it.each([
    ['no type', { tool_name: 'count', arguments: {} }],
    ['metadata beside it', { type: 'call_tool', tool_name: 'count', arguments: {}, metadata: { a: 1 } }],
    ['no arguments', { type: 'call_tool', tool_name: 'count' }],
    ['arguments that are null', { type: 'call_tool', tool_name: 'count', arguments: null }],
  ])('may have %s', async (_what, action) => {
    await using server = await serve(doors, HTTP)
    await using socket = await FrameSocket.open(`${server.url}/ws`)
    await socket.ask({ type: 'reset', data: {} })
    expect((await socket.step(action))['result'].data).toBe(0)
  })

  it('end the episode with a reward when the tool is the last', async () => {
    await using server = await serve(doors, HTTP)
    await using socket = await FrameSocket.open(`${server.url}/ws`)
    await socket.ask({ type: 'reset', data: {} })
    await socket.step(openDoor(2))
    const last = await socket.ask({ type: 'step', data: { tool_name: 'leave' } })
    expect(last['data']).toMatchObject({ reward: 1, done: true, observation: { tool_name: 'leave' } })
  })

  it('leave the names that clients sniff for to tools', () => {
    for (const name of ['tools', 'tool_name']) {
      const define = () =>
        definePureEnvironment({
          name: 'sniffed',
          description: '',
          action: z.strictObject({}),
          observation: z.object({ [name]: z.string() }),
          state: z.strictObject({}),
          initial: () => ({}),
          transition: (state) => state,
          observe: () => ({ [name]: '' }),
          reward: { none: () => 0 },
          status: () => 'running',
        })
      expect(define).toThrow(name)
    }
  })

  it('of an action-shaped environment are its derived ones, beside the actions themselves [OE-20]', async () => {
    await using server = await serve(moves, HTTP)
    await using socket = await FrameSocket.open(`${server.url}/ws`)
    await socket.ask({ type: 'reset', data: {} })
    expect(toolNames(await socket.step({ type: 'list_tools' }))).toEqual(['go', 'rest', 'observe'])
    const called = { type: 'call_tool', tool_name: 'go', arguments: { to: { x: 1, y: 2 } } }
    expect((await socket.step(called))['result'].data.observation).toEqual({ at: { x: 1, y: 2 } })
    expect(await socket.step({ kind: 'go', to: { x: 3, y: 4 } })).toMatchObject({ at: { x: 3, y: 4 } })
  })
})

describe('JSON-RPC inside /ws, as messages of type mcp', () => {
  it('plays the session of the socket', async () => {
    await using server = await serve(doors, { ...HTTP, maxSessions: 1 })
    await using socket = await FrameSocket.open(`${server.url}/ws`)
    await socket.ask({ type: 'reset', data: { task_id: 'first' } })
    const ask = async (method: string, params: object = {}) => {
      const { type, data } = await socket.ask({
        type: 'mcp',
        data: { jsonrpc: '2.0', id: 1, method, params },
      })
      expect(type).toBe('mcp')
      return data as Message
    }
    const { session_id } = (await ask('openenv/session/create'))['result'] as { session_id: string }
    expect(await ask('tools/call', { name: 'open_door', arguments: { door: 1 } })).toMatchObject({
      result: { data: 'a garden' },
    })
    // The session is the socket's, whatever is named.
    expect(await ask('tools/call', { name: 'count', session_id: 'another' })).toMatchObject({
      result: { data: 1 },
    })
    expect(await ask('openenv/session/close', { session_id })).toMatchObject({ error: { code: -32600 } })
    expect(await ask('openenv/session/close', { session_id: 'another' })).toMatchObject({
      error: { code: -32602 },
    })
    expect(await ask('openenv/session/close')).toMatchObject({ error: { code: -32602 } })
    expect(await ask('reset')).toMatchObject({ error: { code: -32601 } })
    expect((await socket.ask({ type: 'state' }))['data']).toMatchObject({ step_count: 2 })
  })
})

describe('JSON-RPC on a socket of its own, WS /mcp', () => {
  const request = (method: string, params: object = {}) => ({ jsonrpc: '2.0', id: 1, method, params })

  it('has one session, whose id an orchestrator may use elsewhere', async () => {
    await using server = await serve(doors, { ...HTTP, maxSessions: 1 })
    await using socket = await FrameSocket.open(`${server.url}/mcp`)
    const { result } = await socket.ask(request('openenv/session/create'))
    const { session_id } = result as { session_id: string }
    expect(await socket.ask(request('tools/call', { name: 'count' }))).toMatchObject({
      error: { code: -32603 },
    })
    await fetch(`${server.url}/reset`, { method: 'POST', body: JSON.stringify({ session_id }) })
    expect(await socket.ask(request('tools/call', { name: 'count' }))).toMatchObject({ result: { data: 0 } })
    expect(await socket.ask(request('openenv/session/close', { session_id }))).toMatchObject({
      error: { code: -32600 },
    })
    await socket[Symbol.asyncDispose]()
    await expect.poll(() => inspect(server).sessions.size).toBe(0)
  })

  it('stays open after frames that are no requests', async () => {
    await using server = await serve(doors, HTTP)
    await using socket = await FrameSocket.open(`${server.url}/mcp`)
    for (const [frame, code] of [
      ['{', -32700],
      ['[1]', -32700],
      ['{}', -32600],
    ] as const) {
      expect(await socket.ask(frame)).toEqual({
        jsonrpc: '2.0',
        id: null,
        error: { code, message: expect.any(String), data: null },
      })
    }
    socket.socket.send(Buffer.from('{}'), { binary: true })
    expect(await socket.next()).toMatchObject({ id: null, error: { code: -32700 } })
    expect(await socket.ask(request('tools/list'))).toMatchObject({ result: { tools: expect.any(Array) } })
  })

  it('takes no slot by connecting, and says when there is no session left', async () => {
    await using server = await serve(doors, { ...HTTP, maxSessions: 1 })
    await using first = await FrameSocket.open(`${server.url}/mcp`)
    await first.ask(request('openenv/session/create'))
    await using socket = await FrameSocket.open(`${server.url}/mcp`)
    expect(await socket.ask(request('openenv/session/create'))).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: { code: -32000, message: expect.any(String), data: { active_sessions: 1, max_sessions: 1 } },
    })
    // It may still list tools, and try again.
    expect(await socket.ask(request('tools/list'))).toHaveProperty('result')
  })

  it('says when there is no episode left, then closes, where the operator gives agents one', async () => {
    await using server = await serve(doors, { ...HTTP, maxSessions: 1, agentEpisode: '' })
    await using first = await FrameSocket.open(`${server.url}/mcp`)
    await first.ask(request('tools/list'))
    await using socket = await FrameSocket.open(`${server.url}/mcp`)
    expect(await socket.next()).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: expect.any(String), data: { active_sessions: 1, max_sessions: 1 } },
    })
    expect(await socket.closing).toBe(1000)
  })

  it('plays a fresh episode where the operator gives agents one [OE-19]', async () => {
    await using server = await serve(doors, { ...HTTP, mode: 'production', agentEpisode: 'third' })
    for (let player = 0; player < 2; player += 1) {
      await using socket = await FrameSocket.open(`${server.url}/mcp`)
      const call = request('tools/call', { name: 'open_door', arguments: { door: 3 } })
      expect(await socket.ask(call)).toMatchObject({ result: { data: 'a garden' } })
      expect(await socket.ask(request('tools/call', { name: 'count' }))).toMatchObject({
        result: { data: 1 },
      })
    }
    await expect.poll(() => inspect(server).sessions.size).toBe(0)
  })

  it('forgets a client that leaves while its episode still begins', async () => {
    await using server = await serve(counterEnvironment(), { ...HTTP, agentEpisode: '' })
    for (let visit = 0; visit < 20; visit += 1) {
      const socket = await FrameSocket.open(`${server.url}/mcp`)
      socket.socket.terminate()
      await socket.closing
    }
    await expect.poll(() => inspect(server).sessions.size).toBe(0)
  })
})
