import { describe, expect, it, vi } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { get, post } from '../../test/http-client.ts'
import { McpSession } from '../../test/mcp-client.ts'
import { OrsClient } from '../../test/ors-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { createApp } from '../app.ts'
import { EpisodeEvents } from '../sessions/events.ts'
import { serve } from '../node/serve.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

/** Reads Prometheus's text format strictly: every sample belongs to a metric that was declared before it. */
function parseMetrics(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  expect(text.endsWith('\n')).toBe(true)
  for (const line of text.slice(0, -1).split('\n')) {
    const comment = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line)
    if (comment !== null) {
      if (comment[1] === 'TYPE') {
        expect(types.has(comment[2] ?? '')).toBe(false)
        types.set(comment[2] ?? '', comment[3] ?? '')
        expect(['counter', 'gauge', 'histogram']).toContain(comment[3])
      }
      continue
    }
    const sample = /^([a-z_]+)(\{(?:[a-z_]+="[^"\\\n]*",?)+\})? (-?[\d.]+(?:e[+-]?\d+)?)$/.exec(line)
    if (sample === null) throw new Error(`No line of Prometheus's format: ${line}`)
    const [, name = '', labels = '', value = ''] = sample
    const family = types.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
    expect(types.get(family), line).toBeDefined()
    expect(samples.has(name + labels), line).toBe(false)
    samples.set(name + labels, Number(value))
  }
  return samples
}

async function metrics(url: string, token?: string): Promise<Map<string, number>> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`${url}/metrics`, { headers })
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return parseMetrics(await response.text())
}

describe('metrics', () => {
  it('count what happened, on every transport', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 3 })
    const fresh = await metrics(server.url)
    expect(fresh.get('openenv_sessions{kind="websocket"}')).toBe(0)
    expect(fresh.get('openenv_call_seconds_count{call="step"}')).toBe(0)

    await using client = await SocketClient.open(server.url)
    await client.ask('reset', { goal: 2 })
    await client.ask('step', { add: 1 })
    await client.ask('step', { add: 1 })
    await client.ask('step', { add: 1 })
    await client.ask('step', { wrong: 1 })
    await client.askRaw('{')
    await client.ask('jump')
    await post(server.url, '/reset', { session_id: 'a' })
    await post(server.url, '/step', { session_id: 'a', action: { add: 2 } })
    const opened = await post(server.url, '/sessions', {})
    const call = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'act', arguments: { add: 1 } },
    }
    await fetch(String(opened.body['agent_url']), { method: 'POST', body: JSON.stringify(call) })
    expect((await post(server.url, '/reset', { session_id: 'b' })).status).toBe(503)

    const now = await metrics(server.url)
    const expected = {
      'openenv_sessions{kind="websocket"}': 1,
      'openenv_sessions{kind="http"}': 2,
      openenv_sessions_max: 3,
      openenv_sessions_opened_total: 3,
      'openenv_episodes_ended_total{status="terminated"}': 1,
      'openenv_episodes_ended_total{status="truncated"}': 0,
      'openenv_call_seconds_count{call="reset"}': 3,
      'openenv_call_seconds_count{call="step"}': 4,
      'openenv_errors_total{call="step",code="EXECUTION_ERROR"}': 2,
      'openenv_errors_total{call="message",code="INVALID_JSON"}': 1,
      'openenv_errors_total{call="message",code="UNKNOWN_TYPE"}': 1,
      'openenv_errors_total{call="open",code="CAPACITY_REACHED"}': 1,
    }
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, now.get(name)]))).toEqual(expected)
    client.socket.terminate()
    await vi.waitUntil(
      async () => (await metrics(server.url)).get('openenv_sessions{kind="websocket"}') === 0,
    )
  })

  it.each([
    [
      'mcp',
      async (url: string) => {
        const session = await McpSession.open(`${url}/mcp`)
        const headers = { 'mcp-session-id': session.id }
        return () => fetch(`${url}/mcp`, { method: 'DELETE', headers })
      },
    ],
    [
      'mcp',
      async (url: string) => {
        const ask = (method: string, params: object) =>
          post(url, '/mcp', { jsonrpc: '2.0', id: 1, method: `openenv/session/${method}`, params })
        const { result } = (await ask('create', {})).body as { readonly result: object }
        return () => ask('close', result)
      },
    ],
    [
      'ors',
      async (url: string) => {
        const client = new OrsClient(url, counter.name)
        expect(await client.create({ split: 'train', index: 0 })).toMatchObject({ status: 200 })
        return () => client.post('/delete')
      },
    ],
  ] as const)('count the sessions of kind %s while they are open', async (kind, open) => {
    await using server = await serve(counter, { port: 0, agentEpisode: '' })
    const count = async (of: string) => (await metrics(server.url)).get(`openenv_sessions{kind="${of}"}`)
    const others = ['websocket', 'http', 'mcp', 'ors'].filter((each) => each !== kind)
    expect(await count(kind)).toBe(0)
    const close = await open(server.url)
    const closeAnother = await open(server.url)
    expect(await count(kind)).toBe(2)
    for (const other of others) expect(await count(other), other).toBe(0)
    await close()
    await vi.waitUntil(async () => (await count(kind)) === 1)
    await closeAnother()
    await vi.waitUntil(async () => (await count(kind)) === 0)
    expect((await metrics(server.url)).get('openenv_sessions_opened_total')).toBe(2)
  })

  it('sort latencies into buckets that grow, the last of them all', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.send('step', { hold: true })
    await held.reached()
    await new Promise((resolve) => setTimeout(resolve, 60))
    held.release()
    await client.next()
    const all = await metrics(server.url)
    const buckets = [...all].filter(([name]) => name.startsWith('openenv_call_seconds_bucket{call="step"'))
    const counts = buckets.map(([, count]) => count)
    expect(counts).toEqual([...counts].sort((a, b) => a - b))
    expect(buckets.find(([name]) => name.includes('le="0.05"'))?.[1]).toBe(0)
    expect(buckets.at(-1)).toEqual(['openenv_call_seconds_bucket{call="step",le="+Inf"}', 1])
    expect(all.get('openenv_call_seconds_sum{call="step"}')).toBeGreaterThan(0.05)
  })

  it('show how late the event loop is: nothing when it rests, and a block as long as it was', async () => {
    await using server = await serve(counter, { port: 0 })
    await new Promise((resolve) => setTimeout(resolve, 100))
    const rest = (await metrics(server.url)).get('openenv_event_loop_lag_seconds{quantile="0.5"}')
    expect(rest).toBeLessThan(0.019)
    await new Promise((resolve) => setTimeout(resolve, 30))
    const until = performance.now() + 200
    while (performance.now() < until);
    await new Promise((resolve) => setTimeout(resolve, 50))
    const blocked = await metrics(server.url)
    expect(blocked.get('openenv_event_loop_lag_seconds{quantile="1"}')).toBeGreaterThan(0.15)
    expect(blocked.get('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(blocked.get('process_cpu_seconds_total')).toBeGreaterThan(0)
  })
})

describe('readiness', () => {
  it('is whether another session would be accepted', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 1 })
    expect(await get(server.url, '/ready')).toMatchObject({
      status: 200,
      body: { status: 'ready', sessions: 0 },
    })
    await post(server.url, '/reset')
    expect(await get(server.url, '/ready')).toMatchObject({
      status: 503,
      body: { status: 'full', max_sessions: 1 },
    })
    // It lives all the same: who restarts what is not healthy must not restart what is busy.
    expect((await get(server.url, '/health')).status).toBe(200)
  })
})

describe('events', () => {
  /** Reads server-sent events until one matches. */
  async function readUntil(reader: ReadableStreamDefaultReader<string>, pattern: RegExp): Promise<string> {
    let text = ''
    while (!pattern.test(text)) {
      const { done, value } = await reader.read()
      if (done) throw new Error(`The stream ended: ${text}`)
      text += value
    }
    return text
  }
  const open = async (url: string, token?: string) => {
    const response = await fetch(
      `${url}/events`,
      token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } },
    )
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    if (reader === undefined) throw new Error('No stream.')
    return { response, reader }
  }

  it('tell of every episode as it happens, to several watchers, and name no session by what opens it', async () => {
    await using server = await serve(counter, { port: 0 })
    const watchers = await Promise.all([open(server.url), open(server.url)])
    for (const { reader } of watchers) await readUntil(reader, /watching/)
    await post(server.url, '/reset', { session_id: 'my-secret-id', task_id: 'from-1', goal: 1 })
    await post(server.url, '/step', { session_id: 'my-secret-id', action: { wrong: 1 } })
    await post(server.url, '/step', { session_id: 'my-secret-id', action: { add: 1 } })
    await fetch(`${server.url}/sessions/my-secret-id`, { method: 'DELETE' })
    for (const { response, reader } of watchers) {
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      const text = await readUntil(reader, /event: closed/)
      const events = [...text.matchAll(/^event: (\w+)\ndata: (.+)$/gm)]
      expect(events.map(([, type]) => type)).toEqual(['opened', 'reset', 'error', 'step', 'closed'])
      const data = events.map(([, , json = '']) => JSON.parse(json) as Record<string, unknown>)
      expect(data).toMatchObject([
        { type: 'opened', kind: 'http', session: 1 },
        { type: 'reset', reply: { observation: { total: 1 } } },
        { type: 'error', call: 'step', code: 'VALIDATION_ERROR' },
        { type: 'step', action: { add: 1 }, reply: { observation: { total: 2 }, status: 'terminated' } },
        { type: 'closed', session: 1 },
      ])
      expect(text).not.toContain('my-secret-id')
      expect(text).not.toContain('gold')
      await reader.cancel()
    }
  })

  it('cost nothing once their watchers have gone', async () => {
    await using server = await serve(counter, { port: 0 })
    const { reader } = await open(server.url)
    await readUntil(reader, /watching/)
    expect(inspect(server).sessions.events.watched).toBe(true)
    await reader.cancel()
    await vi.waitUntil(() => !inspect(server).sessions.events.watched)
  })

  it('are lost to a watcher that does not read, which is told how many', async () => {
    const events = new EpisodeEvents(1)
    const reader = events.stream().getReader()
    const text = 'x'.repeat(100_000)
    const emit = (session: number) => {
      events.emit({ at: 0, session, type: 'error', call: 'step', code: 'X', message: text })
    }
    for (let session = 0; session < 1000; session += 1) emit(session)
    let read = ''
    const decoder = new TextDecoder()
    const next = async () => (read += decoder.decode((await reader.read()).value))
    // Four megabytes are kept, of a hundred.
    while (read.length < 4_000_000) await next()
    emit(1000)
    while (!read.includes('event: dropped')) await next()
    const kept = read.split('event: error').length - 1
    const dropped = Number(/event: dropped\ndata: \{"events":(\d+)\}/.exec(read)?.[1])
    expect(kept + dropped).toBe(1000)
    expect(kept).toBeLessThan(60)
    await next()
    expect(read).toContain('"session":1000')
  })

  it('end when the server does', async () => {
    const server = await serve(counter, { port: 0 })
    const { reader } = await open(server.url)
    await readUntil(reader, /watching/)
    await server.close()
    let last = await reader.read()
    while (!last.done) last = await reader.read()
    expect(last.done).toBe(true)
  })

  it('are for operators, and for control only where operators have no token [OE-21]', async () => {
    const tokens = { control: 'control-token', agent: 'agent-token', operator: 'operator-token' }
    const app = createApp(counter, { tokens })
    for (const path of ['/events', '/metrics', '/ready']) {
      const status = async (authorization: string) => {
        const response = await app.fetch(
          new Request(`http://localhost${path}`, { headers: { authorization } }),
        )
        await response.body?.cancel()
        return response.status
      }
      expect(await status('Bearer operator-token')).toBe(200)
      expect([await status('Bearer control-token'), await status('Bearer agent-token')]).toEqual([403, 403])
      expect(await status('')).toBe(401)
    }
    await app.close()
  })
})

describe('an ordered end', () => {
  it('lets calls under way finish, takes no new session, is not ready, and says 1001', async () => {
    const held = heldEnvironment()
    const server = await serve(held.environment, { port: 0 })
    const busy = await SocketClient.open(server.url)
    await busy.ask('reset', {})
    busy.send('step', { hold: true, tag: 'last' })
    await held.reached()
    const idle = await SocketClient.open(server.url)
    await idle.ask('reset', {})
    const ended = server.drain(20)
    // Who has nothing under way is let go at once.
    expect(await idle.closing).toMatchObject({ code: 1001 })
    expect(await get(server.url, '/ready')).toMatchObject({ status: 503, body: { status: 'draining' } })
    expect((await get(server.url, '/health')).status).toBe(200)
    expect(await post(server.url, '/reset', { session_id: 'late' })).toMatchObject({
      status: 503,
      body: { detail: expect.stringContaining('shutting down') },
    })
    await using late = await SocketClient.open(server.url)
    expect(await late.ask('reset', {})).toMatchObject({ data: { code: 'CAPACITY_REACHED' } })
    // What comes after the drain began is not begun.
    busy.send('step', { hold: false, tag: 'too late' })
    await new Promise((resolve) => setTimeout(resolve, 50))
    held.release()
    expect(await busy.next()).toMatchObject({ data: { observation: { tag: 'last' } } })
    expect(await busy.closing).toMatchObject({ code: 1001 })
    expect(busy.unread).toEqual([])
    await ended
    expect([held.closed, inspect(server).sessions.size]).toEqual([2, 0])
  })

  it('waits for requests over HTTP as well', async () => {
    const held = heldEnvironment()
    const server = await serve(held.environment, { port: 0 })
    await post(server.url, '/reset')
    const step = post(server.url, '/step', { hold: true, tag: 'done' })
    await held.reached()
    const ended = server.drain(20)
    await new Promise((resolve) => setTimeout(resolve, 50))
    held.release()
    expect(await step).toMatchObject({ status: 200, body: { observation: { tag: 'done' } } })
    await ended
  })

  it('waits no longer than it is told', async () => {
    const held = heldEnvironment()
    const server = await serve(held.environment, { port: 0 })
    await using stuck = await SocketClient.open(server.url)
    await stuck.ask('reset', {})
    stuck.send('step', { hold: true })
    await post(server.url, '/reset')
    const step = post(server.url, '/step', { hold: true }).catch((error: unknown) => error)
    await vi.waitUntil(() => held.waiting === 2)
    await server.drain(0.1)
    expect(await stuck.closing).toMatchObject({ code: 1001 })
    expect(held.signals.every(({ aborted }) => aborted)).toBe(true)
    await step
  })
})
