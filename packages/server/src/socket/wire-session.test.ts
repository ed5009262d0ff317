import { echo } from '@openenv-ts/echo'
import { describe, expect, it, vi } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

// What unmodified clients of OpenEnv 0.2.3, 0.8 and 0.10 rely on; the source is OpenEnv 0.10.0,
// `openenv/core/env_server/` and `openenv/core/env_client.py`.
describe('a session on /ws', () => {
  it('sends nothing before the first message of the client', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.settled()
    expect(client.unread).toEqual([])
  })

  it('answers reset, step and state with one frame each, and close with none and 1000', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    expect((await client.ask('reset', { seed: 1, anything: [1] })).type).toBe('observation')
    expect((await client.ask('step', { add: 1 })).type).toBe('observation')
    expect((await client.ask('state')).type).toBe('state')
    expect((await client.ask('reset')).type).toBe('observation')
    client.send('close')
    expect(await client.closing).toMatchObject({ code: 1000 })
    expect(client.unread).toEqual([])
  })

  it('answers pipelined messages in order', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    client.send('reset', { task_id: 'from-0' })
    for (let add = 1; add <= 3; add += 1) client.send('step', { add })
    client.send('nonsense')
    client.send('state')
    client.send('step', { add: 4 })
    const types: string[] = []
    const totals: unknown[] = []
    for (let count = 0; count < 7; count += 1) {
      const { type, data } = await client.next()
      types.push(type)
      totals.push((data['observation'] as { total?: number } | undefined)?.total)
    }
    expect(types).toEqual([
      'observation',
      'observation',
      'observation',
      'observation',
      'error',
      'state',
      'observation',
    ])
    expect(totals).toEqual([0, 1, 3, 6, undefined, undefined, 10])
  })

  it('answers pipelined messages in order when only some steps take time', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    const tags = ['a', 'b', 'c', 'd', 'e']
    for (const tag of tags) client.send('step', { hold: tag === 'a' || tag === 'd', tag })
    client.sendRaw('{')
    for (let holds = 0; holds < 2; holds += 1) {
      await held.reached()
      expect(held.waiting).toBe(1)
      held.release()
    }
    for (const tag of tags) expect(await client.next()).toMatchObject({ data: { observation: { tag } } })
    expect(await client.next()).toMatchObject({ data: { code: 'INVALID_JSON' } })
  })

  it('gives observation, reward and done in every reply, of the right kinds', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    const replies = [await client.ask('reset', { goal: 2 }), await client.ask('step', { add: 1 })]
    replies.push(await client.ask('step', { add: 5 }))
    expect(replies.map(({ data }) => data['reward'])).toEqual([null, 0.1, 0.5])
    expect(replies.map(({ data }) => data['done'])).toEqual([false, false, true])
    for (const { data } of replies) expect(data['observation']).toEqual(expect.any(Object))
  })

  it('puts the declared fields and metadata into the observation, null fields kept', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    const { data } = await client.ask('reset', { task_id: 'from-4' })
    expect(data['observation']).toEqual({ total: 4, note: null, metadata: { left: 10, task_id: 'from-4' } })
  })

  it('repeats metadata at the top level when there is any, and never as null [OE-7]', async () => {
    await using told = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(told.url)
    expect((await client.ask('reset', {})).data).toMatchObject({ metadata: { left: 10 } })
    expect(Object.keys((await client.ask('step', { add: 1 })).data).sort()).toEqual([
      'done',
      'metadata',
      'observation',
      'reward',
      'terms',
    ])
    await using silent = await serve(echo, { port: 0 })
    await using other = await SocketClient.open(silent.url)
    const { data } = await other.ask('reset', {})
    expect(data).toEqual({ observation: { message: '', metadata: {} }, reward: null, done: false })
  })

  it('gives episode_id and step_count in every state', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    expect((await client.ask('state')).data).toEqual({ episode_id: null, step_count: 0 })
    await client.ask('reset', { seed: 1 })
    expect((await client.ask('state')).data).toEqual({
      episode_id: expect.any(String),
      step_count: 0,
      total: 1,
    })
  })

  it('answers an error and goes on with the next message', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    const bad = await client.ask('step', { addd: 1 })
    expect(bad).toMatchObject({
      type: 'error',
      data: { message: expect.any(String), code: 'VALIDATION_ERROR' },
    })
    expect(bad.data['errors']).toEqual([
      { type: 'missing', loc: ['add'], msg: 'Field required', input: { addd: 1 } },
      { type: 'extra_forbidden', loc: ['addd'], msg: 'Unknown field', input: 1 },
    ])
    expect(await client.ask('step', { add: 1 })).toMatchObject({ data: { observation: { total: 1 } } })
  })

  it('refuses at capacity with a frame, waits for the client, then closes with 1000', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 1 })
    await using holder = await SocketClient.open(server.url)
    await using late = await SocketClient.open(server.url)
    const refusal = await late.next()
    expect(refusal).toMatchObject({
      type: 'error',
      data: { code: 'CAPACITY_REACHED', active_sessions: 1, max_sessions: 1 },
    })
    expect(refusal.data['message']).toMatch(/^Server at capacity: 1\/1 sessions active\. .*--max-sessions/)
    expect(late.socket.readyState).toBe(late.socket.OPEN)
    late.send('reset', {})
    expect(await late.closing).toMatchObject({ code: 1000 })
    expect(late.unread).toEqual([])
    await using silent = await SocketClient.open(server.url)
    expect(await silent.next()).toMatchObject({ data: { code: 'CAPACITY_REACHED' } })
    expect(await silent.closing).toMatchObject({ code: 1000 })
    expect(await holder.ask('reset', {})).toMatchObject({ type: 'observation' })
  })

  it('frees the slot of a dropped socket at once, even while a step is running', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0, maxSessions: 1 })
    for (const leave of ['close', 'terminate', 'resetAndDestroy'] as const) {
      await using client = await SocketClient.open(server.url)
      await client.ask('reset', {})
      client.send('step', { hold: true })
      await held.reached()
      if (leave === 'resetAndDestroy') client.connection.resetAndDestroy()
      else client.socket[leave]()
      await client.closing
      await vi.waitUntil(() => inspect(server).sessions.size === 0)
      await using next = await SocketClient.open(server.url)
      expect(await next.ask('reset', {})).toMatchObject({ type: 'observation' })
      expect(held.signals.at(-1)?.aborted).toBe(true)
      held.release()
    }
    await vi.waitUntil(() => held.closed === 6)
  })

  it('gives the late reply of an abandoned step to nobody else', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using first = await SocketClient.open(server.url)
    await first.ask('reset', {})
    first.send('step', { hold: true, tag: 'abandoned' })
    await held.reached()
    first.socket.terminate()
    await first.closing
    await using second = await SocketClient.open(server.url)
    await second.ask('reset', {})
    held.release()
    expect(await second.ask('step', { hold: false, tag: 'mine' })).toMatchObject({
      data: { observation: { tag: 'mine' } },
    })
    await second.settled()
    expect(second.unread).toEqual([])
  })

  it('answers a step without a reset with an error that names reset [OE-5]', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    const { type, data } = await client.ask('step', { add: 1 })
    expect(type).toBe('error')
    expect(data).toEqual({ message: 'There is no episode yet: call reset first.', code: 'EXECUTION_ERROR' })
    expect((await client.ask('state')).data).toMatchObject({ step_count: 0 })
  })
})
