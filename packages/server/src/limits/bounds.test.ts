import { echo } from '@openenv-ts/echo'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { deliver, FakeSocket } from '../../test/fake-socket.ts'
import { createApp, type App } from '../app.ts'
import { Calls } from '../ors/calls.ts'
import type { ServerOptions } from '../options.ts'
import type { SocketHandler } from '../socket/socket-like.ts'
import { inspect } from '../inspect.ts'

const TOKENS = { control: 'control-token', agent: 'agent-token' }
const WHO = { none: undefined, agent: TOKENS.agent, control: TOKENS.control } as const
type Who = keyof typeof WHO
const URL_OF_APP = 'http://localhost'

let app: App
const start = (options: ServerOptions = {}): void => {
  app = createApp(echo, { tokens: TOKENS, ...options })
}
beforeEach(() => {
  start()
})
afterEach(() => app.close())

function headersOf(who: Who): Record<string, string> {
  const token = WHO[who]
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

function handshake(path: string, who: Who = 'none'): ReturnType<App['upgrade']> {
  return app.upgrade(new Request(URL_OF_APP + path, { headers: headersOf(who) }))
}

function open(
  path: string,
  who: Who = 'none',
): { readonly socket: FakeSocket; readonly handler: SocketHandler } {
  const decision = handshake(path, who)
  if (decision instanceof Response) throw new Error(`Refused with ${String(decision.status)}.`)
  const socket = new FakeSocket()
  return { socket, handler: decision(socket) }
}

/** Opens an episode for an agent. */
async function granted(): Promise<string> {
  const answer = await send('POST', '/sessions', {}, 'control')
  const { agent_url: url } = (await answer.json()) as { agent_url: string }
  return new URL(url).pathname.replace(/\/mcp$/, '')
}

function send(method: string, path: string, json: unknown, who: Who = 'none'): Promise<Response> {
  const headers = { ...headersOf(who), 'content-type': 'application/json' }
  return app.fetch(new Request(URL_OF_APP + path, { method, headers, body: JSON.stringify(json) }))
}

const rpc = (method: string, params: unknown = {}) => ({ jsonrpc: '2.0', id: 1, method, params })
const observe = rpc('tools/call', { name: 'observe', arguments: {} })
const say = (bytes: number) => rpc('tools/call', { name: 'act', arguments: { message: 'x'.repeat(bytes) } })

describe('an address that leads to no episode', () => {
  const addresses = ['made-up', 'a'.repeat(43), '%00', 'default', '..%2f']
  const rows = addresses.flatMap((capability) =>
    (['ws', 'mcp'] as const).flatMap((end) =>
      (['none', 'agent', 'control'] as const).map((who) => [capability, end, who] as const),
    ),
  )
  it.each(rows)('/agent/%s/%s is refused before a socket is there, for %s', (capability, end, who) => {
    const answer = handshake(`/agent/${capability}/${end}`, who)
    expect(answer).toBeInstanceOf(Response)
    expect(answer).toHaveProperty('status', 404)
  })

  it('is refused over HTTP before the body is read', async () => {
    let read = false
    const body = new ReadableStream(
      {
        pull: () => {
          read = true
        },
      },
      { highWaterMark: 0 },
    )
    const request = new Request(`${URL_OF_APP}/agent/made-up/mcp`, {
      method: 'POST',
      body,
      duplex: 'half',
    })
    expect((await app.fetch(request)).status).toBe(404)
    expect(read).toBe(false)
  })

  it('is refused again when its episode has ended', async () => {
    const address = await granted()
    expect(handshake(`${address}/ws`)).not.toBeInstanceOf(Response)
    await inspect(app).sessions.drain()
    expect(handshake(`${address}/ws`)).toHaveProperty('status', 404)
  })
})

describe('connections of one agent', () => {
  it('are bounded over all transports together, and an orchestrator is not', async () => {
    start({ limits: { agentConnections: 3 } })
    const address = await granted()
    const sockets = [open(`${address}/ws`), open(`${address}/mcp`), open(`${address}/ws`)]
    for (const end of ['ws', 'mcp']) expect(handshake(`${address}/${end}`)).toHaveProperty('status', 429)
    const other = await granted()
    expect(handshake(`${other}/ws`)).not.toBeInstanceOf(Response)
    sockets[0]?.handler.closed()
    expect(handshake(`${address}/mcp`)).not.toBeInstanceOf(Response)
    for (let count = 0; count < 50; count += 1)
      expect(handshake('/ws', 'control')).not.toBeInstanceOf(Response)
  })

  it('without an episode are bounded for all together', () => {
    start({ limits: { idleSockets: 2 } })
    const [first] = [open('/mcp', 'agent'), open('/mcp', 'agent')]
    expect(handshake('/mcp', 'agent')).toHaveProperty('status', 503)
    first.handler.closed()
    expect(handshake('/mcp', 'agent')).not.toBeInstanceOf(Response)
  })
})

describe('calls of one agent over HTTP', () => {
  const shapes = {
    "OpenEnv's JSON-RPC": {},
    MCP: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
    },
  }

  it('are bounded until their answers are read', async () => {
    const address = await granted()
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => send('POST', `${address}/mcp`, observe)),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(8)
    expect(statuses.filter((status) => status === 429)).toHaveLength(4)
    await Promise.all(answers.map((answer) => answer.arrayBuffer()))
    expect((await send('POST', `${address}/mcp`, observe)).status).toBe(200)
  })

  it('leave one large answer unread, and no other is made', async () => {
    const address = await granted()
    const first = await send('POST', `${address}/mcp`, say(3_000_000))
    await first.arrayBuffer()
    const unread = await send('POST', `${address}/mcp`, observe)
    expect(unread.status).toBe(200)
    for (let count = 0; count < 20; count += 1) {
      const refused = await send('POST', `${address}/mcp`, observe)
      expect(refused.status).toBe(429)
      expect(await refused.json()).toHaveProperty('code', 'CAPACITY_REACHED')
    }
    // Its neighbors and its orchestrator are not concerned.
    expect((await send('POST', `${await granted()}/mcp`, observe)).status).toBe(200)
    await unread.arrayBuffer()
    expect((await send('POST', `${address}/mcp`, observe)).status).toBe(200)
  })

  it('that is given up unread is forgotten', async () => {
    const address = await granted()
    await (await send('POST', `${address}/mcp`, say(3_000_000))).arrayBuffer()
    for (let count = 0; count < 20; count += 1) {
      const answer = await send('POST', `${address}/mcp`, observe)
      expect(answer.status).toBe(200)
      await answer.body?.cancel()
    }
  })

  it.each(Object.entries(shapes))('count each request of a batch, in %s', async (_dialect, headers) => {
    const address = await granted()
    const request = new Request(`${URL_OF_APP}${address}/mcp`, {
      method: 'POST',
      headers,
      body: JSON.stringify(Array.from({ length: 100 }, () => observe)),
    })
    expect((await app.fetch(request)).status).toBe(429)
  })

  it('can be cancelled where there are too many of them', async () => {
    const held = heldEnvironment()
    app = createApp(held.environment)
    const address = await granted()
    const act = rpc('tools/call', { name: 'act', arguments: { hold: true } })
    const calls = Array.from({ length: 8 }, () => send('POST', `${address}/mcp`, act))
    await held.reached()
    expect((await send('POST', `${address}/mcp`, observe)).status).toBe(429)
    const cancel = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }
    expect((await send('POST', `${address}/mcp`, cancel)).status).not.toBe(429)
    const release = setInterval(() => {
      held.release()
    }, 1)
    await Promise.all(calls)
    clearInterval(release)
  })
})

describe('large messages that are arriving', () => {
  it.each(['ws', 'mcp'])('of one agent on /%s sockets are cut off where they are too many', async (end) => {
    start({ maxMessageBytes: 4_000_000 })
    const address = await granted()
    const sockets = Array.from({ length: 4 }, () => open(`${address}/${end}`))
    for (const { handler } of sockets) handler.arriving(1_000_000)
    expect(sockets.filter(({ socket }) => socket.cutOffWith !== null)).toEqual([])
    for (const { handler } of sockets) handler.arriving(2_000_000)
    expect(sockets.filter(({ socket }) => socket.cutOffWith === 1013).length).toBeGreaterThan(1)
  })

  it('of an orchestrator with a token are not', () => {
    start({ maxMessageBytes: 4_000_000 })
    const sockets = Array.from({ length: 20 }, () => open('/ws', 'control'))
    for (const { handler } of sockets) handler.arriving(3_000_000)
    expect(sockets.map(({ socket }) => socket.cutOffWith)).toEqual(sockets.map(() => null))
  })

  it('of clients without tokens and without an episode are cut off too', () => {
    app = createApp(echo, { maxMessageBytes: 4_000_000 })
    const sockets = Array.from({ length: 20 }, () => open('/ws'))
    for (const { handler } of sockets) handler.arriving(3_000_000)
    expect(sockets.filter(({ socket }) => socket.cutOffWith === 1013).length).toBeGreaterThan(15)
  })

  it('are read one at a time: what comes behind one waits in the kernel', async () => {
    const held = heldEnvironment()
    app = createApp(held.environment)
    const { socket, handler } = open(`${await granted()}/ws`)
    const call = { type: 'call_tool', tool_name: 'act', arguments: { hold: true, tag: 'x'.repeat(100_000) } }
    deliver(handler, 'step', call)
    expect(socket.paused).toBe(true)
    await held.reached()
    held.release()
    await vi.waitUntil(() => !socket.paused)
  })
})

describe('slots', () => {
  const fill = { tokens: TOKENS, maxSessions: 20 }

  it('are not taken by a socket of an agent without an episode', async () => {
    start(fill)
    for (let count = 0; count < 100; count += 1) open('/mcp', 'agent')
    const { socket, handler } = open('/mcp', 'agent')
    handler.message(Buffer.from(JSON.stringify(rpc('openenv/session/create'))), false)
    await vi.waitUntil(() => socket.sent.length === 1)
    expect(JSON.parse(socket.sent[0] ?? '')).toHaveProperty('error.code', -32000)
    expect(inspect(app).sessions.size).toBe(0)
    expect((await send('POST', '/reset', {}, 'control')).status).toBe(200)
  })

  it('of agents leave some for orchestrators, over MCP by HTTP and by WebSocket', async () => {
    start({ ...fill, agentEpisode: '' })
    for (let count = 0; count < 15; count += 1) open('/mcp', 'agent')
    await vi.waitUntil(() => inspect(app).sessions.size === 15)
    const hello = rpc('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1' },
    })
    const initialize = () =>
      app.fetch(
        new Request(`${URL_OF_APP}/mcp`, {
          method: 'POST',
          headers: {
            ...headersOf('agent'),
            accept: 'application/json, text/event-stream',
            'content-type': 'application/json',
          },
          body: JSON.stringify(hello),
        }),
      )
    for (let count = 0; count < 5; count += 1) await (await initialize()).text()
    expect(inspect(app).sessions.size).toBe(18)
    expect((await initialize()).status).toBe(503)
    for (const id of ['one', 'two'])
      expect((await send('POST', '/reset', { session_id: id }, 'control')).status).toBe(200)
    expect((await send('POST', '/reset', { session_id: 'three' }, 'control')).status).toBe(503)
  })

  it('of an environment that has one go to the orchestrator that wants it', async () => {
    const { environment } = heldEnvironment({ concurrent: false })
    app = createApp(environment, { tokens: TOKENS, agentEpisode: '' })
    open('/mcp', 'agent')
    await vi.waitUntil(() => inspect(app).sessions.size === 1)
    expect((await send('POST', '/reset', {}, 'control')).status).toBe(200)
    // And no agent takes it from an orchestrator.
    const { socket } = open('/mcp', 'agent')
    await vi.waitUntil(() => socket.sent.length === 1)
    expect(JSON.parse(socket.sent[0] ?? '')).toHaveProperty('error.code', -32000)
    expect((await send('GET', '/state', undefined, 'control')).status).toBe(200)
  })
})

describe('an agent', () => {
  it('is told a name of its session that opens nothing, on no way there is', async () => {
    app = createApp(counterEnvironment())
    const opened = (await (await send('POST', '/sessions', {})).json()) as Record<string, string>
    const address = new URL(opened['agent_url'] ?? '').pathname.replace(/\/mcp$/, '')
    const { socket, handler } = open(`${address}/mcp`)
    handler.message(Buffer.from(JSON.stringify(rpc('openenv/session/create'))), false)
    await vi.waitUntil(() => socket.sent.length === 1)
    const said = [
      socket.sent.join(),
      await (await send('POST', `${address}/mcp`, rpc('openenv/session/create'))).text(),
    ]
    for (const text of said) {
      expect(text).not.toContain(opened['session_id'])
      const { session_id: told } = (JSON.parse(text) as { result: { session_id: string } }).result
      const state = await app.fetch(new Request(`${URL_OF_APP}/state?session_id=${told}`))
      expect(state.status).toBe(404)
      expect((await send('POST', '/step', { session_id: told, add: 1 })).status).toBe(404)
      expect((await send('DELETE', `/sessions/${told}`, undefined)).status).toBe(404)
    }
  })

  it('with an address on a server without tokens is warned of, once', async () => {
    const log = vi.fn()
    app = createApp(echo, { log })
    await granted()
    await granted()
    expect(log.mock.calls).toEqual([
      [{ level: 'warning', message: expect.stringContaining('no tokens') as string }],
    ])
    const guarded = vi.fn()
    start({ log: guarded })
    await granted()
    expect(guarded).not.toHaveBeenCalled()
  })
})

describe('many small messages on one socket', () => {
  it('are answered in turns, with others between them', async () => {
    const { handler, socket } = open('/ws', 'control')
    deliver(handler, 'reset', {})
    await vi.waitUntil(() => socket.sent.length === 1)
    let turns = 0
    const beat = setInterval(() => (turns += 1))
    for (let count = 0; count < 20_000; count += 1) deliver(handler, 'step', { message: 'x' })
    await vi.waitUntil(() => socket.sent.length === 20_001, { timeout: 20_000 })
    clearInterval(beat)
    expect(turns).toBeGreaterThan(1)
  })
})

describe('what an ORS session keeps', () => {
  const limits = { sessionCalls: 2, keptResultBytes: 1000 }
  const clock = { now: () => 0 } as never

  it('is bounded in calls and in streams that tell of them', async () => {
    const calls = new Calls(clock, limits)
    let finish: (value: null) => void = () => undefined
    const pending = new Promise<null>((resolve) => (finish = resolve))
    const begun = [calls.begin('call', () => pending), calls.begin('call', () => pending)]
    expect(() => calls.begin('call', () => pending)).toThrow('2 calls under way')
    const left = [calls.follow(), calls.follow()]
    expect(() => calls.follow()).toThrow('2 streams open')
    left[0]?.()
    left[0]?.()
    calls.follow()
    expect(() => calls.follow()).toThrow('2 streams open')
    finish(null)
    await Promise.all(begun.map(({ outcome }) => outcome))
    expect(calls.begin('call', () => pending).taskId).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is bounded in bytes, and the newest result can always be asked for', async () => {
    const calls = new Calls(clock, limits)
    const taskIds: string[] = []
    for (const size of [400, 400, 400, 5000]) {
      const { taskId, outcome } = calls.begin('call', () => Promise.resolve('x'.repeat(size)))
      taskIds.push(taskId)
      await outcome
      await Promise.resolve()
    }
    expect(taskIds.map((taskId) => calls.find('call', taskId) !== undefined)).toEqual([
      false,
      false,
      false,
      true,
    ])
  })
})

it('unknown limits, and limits that bound nothing, are refused', () => {
  expect(() => createApp(echo, { limits: { agentCall: 1 } as never })).toThrow('There is no limits.agentCall')
  for (const value of [0, -1, Number.NaN])
    expect(() => createApp(echo, { limits: { agentCalls: value } })).toThrow('limits.agentCalls')
})
