import { describe, expect, it, vi } from 'vitest'
import { counterEnvironment, faultyEnvironment, heldEnvironment, SECRET } from '../../test/environments.ts'
import { SocketClient, type Message } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

async function batch(client: SocketClient, calls: readonly unknown[]): Promise<readonly Message[]> {
  const { type, data } = await client.ask('batch', { calls })
  expect([type, data]).toEqual(['batch', { replies: expect.any(Array) as unknown }])
  return data['replies'] as Message[]
}

describe('a batch', () => {
  it('carries calls on many episodes, with one answer to each, in order', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    const keys = [7, -1, 0, 2 ** 40]
    expect(
      await batch(
        client,
        keys.map((key) => ['open', key]),
      ),
    ).toEqual(keys.map(() => ({ type: 'opened', data: {} })))
    const resets = await batch(
      client,
      keys.map((key, at) => ['reset', key, { task_id: `from-${String(at)}` }]),
    )
    expect(resets.map(({ data }) => data['observation'])).toMatchObject(
      [0, 1, 2, 3].map((total) => ({ total })),
    )
    const mixed = await batch(client, [
      ['step', 7, { add: 1 }],
      ['state', 0],
      ['step', 7, { add: 2 }],
      ['step', -1, { add: 5 }],
      ['close', 2 ** 40],
      ['step', 2 ** 40, { add: 1 }],
      ['state', 7],
    ])
    expect(mixed).toMatchObject([
      { type: 'observation', data: { observation: { total: 1 } } },
      { type: 'state', data: { step_count: 0, total: 2 } },
      { type: 'observation', data: { observation: { total: 3 } } },
      { type: 'observation', data: { observation: { total: 6 } } },
      { type: 'closed' },
      { type: 'error', data: { code: 'VALIDATION_ERROR' } },
      { type: 'state', data: { step_count: 2, total: 3 } },
    ])
    expect(await batch(client, [])).toEqual([])
  })

  it('says of a step exactly what a message of its own says', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await using plain = await SocketClient.open(server.url)
    await batch(client, [['open', 0]])
    const calls = [
      ['reset', { task_id: 'from-3', goal: 2 }],
      ['step', { wrong: 1 }],
      ['step', { add: 2, metadata: {} }],
      ['step', { add: 1 }],
    ] as const
    for (const [type, data] of calls) {
      const [mine] = await batch(client, [[type, 0, data]])
      expect(mine).toEqual(await plain.ask(type, data))
    }
  })

  it.each([
    [{}],
    [{ calls: 1 }],
    [{ calls: [1] }],
    [{ calls: [[]] }],
    [{ calls: [['jump', 0]] }],
    [{ calls: [['step', '0', {}]] }],
    [{ calls: [['step', 0.5, {}]] }],
    [{ calls: [['step', 2 ** 53, {}]] }],
    [{ calls: [['step', 0, null]] }],
    [{ calls: [['step', 0, [1]]] }],
    [{ calls: Array.from({ length: 16_385 }, () => ['state', 0]) }],
  ] as readonly [{ readonly calls?: unknown }][])(
    'that is none is refused as a whole, and nothing of it is done',
    async (data) => {
      await using server = await serve(counter, { port: 0 })
      await using client = await SocketClient.open(server.url)
      const calls = Array.isArray(data.calls) ? [['open', 1], ...(data.calls as unknown[])] : data.calls
      const answer = await client.ask('batch', calls === undefined ? data : { calls })
      expect(answer).toMatchObject({ type: 'error', data: { code: 'VALIDATION_ERROR', errors: [{}] } })
      expect(await batch(client, [['open', 1]])).toMatchObject([{ type: 'opened' }])
    },
  )

  it('is not disturbed by a call that fails: the cause goes to the log, not to the client', async () => {
    const logged: unknown[] = []
    await using server = await serve(faultyEnvironment(), { port: 0, log: (event) => logged.push(event) })
    await using client = await SocketClient.open(server.url)
    await batch(
      client,
      [0, 1, 2].flatMap((key) => [
        ['open', key],
        ['reset', key],
      ]),
    )
    client.send('batch', { calls: ['none', 'throw', 'reject'].map((fault, key) => ['step', key, { fault }]) })
    const text = await client.nextText()
    expect(text).not.toContain('42')
    expect(
      (JSON.parse(text) as { data: { replies: Message[] } }).data.replies.map(({ type }) => type),
    ).toEqual(['observation', 'error', 'error'])
    expect(JSON.stringify(logged.length)).toBe('2')
    expect(String((logged[0] as { cause: Error }).cause)).toContain(SECRET)
  })

  it('waits for slow episodes without holding up the quick ones, and keeps the order of each', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await batch(
      client,
      [0, 1].flatMap((key) => [
        ['open', key],
        ['reset', key],
      ]),
    )
    client.send('batch', {
      calls: [
        ['step', 0, { hold: true, tag: 'a' }],
        ['step', 1, { hold: false, tag: 'quick' }],
        ['step', 0, { hold: true, tag: 'b' }],
        ['step', 1, { hold: false, tag: 'quicker' }],
      ],
    })
    await held.reached()
    // The quick ones are done, and the second step of the slow one has not begun.
    expect([held.waiting, held.signals.length]).toEqual([1, 3])
    held.release()
    await vi.waitUntil(() => held.waiting === 1)
    held.release()
    const { data } = await client.next()
    const tags = (data['replies'] as Message[]).map((reply) => reply.data['observation'])
    expect(tags).toMatchObject([{ tag: 'a' }, { tag: 'quick' }, { tag: 'b' }, { tag: 'quicker' }])
  })

  it('lets neighbors have their turn in the middle of a large one', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await using neighbor = await SocketClient.open(server.url)
    await neighbor.ask('reset', { goal: 1_000_000 })
    await batch(client, [
      ['open', 0],
      ['reset', 0, { goal: 1_000_000 }],
    ])
    const calls = Array.from({ length: 16_384 }, () => ['step', 0, { add: 1 }])
    const order: string[] = []
    client.send('batch', { calls })
    const large = client.next().then((message) => {
      order.push('large')
      return message
    })
    const step = neighbor.ask('step', { add: 1 }).then(() => order.push('neighbor'))
    await step
    const replies = (await large).data['replies'] as Message[]
    expect(order).toEqual(['neighbor', 'large'])
    expect(replies.map(({ data }) => (data['observation'] as { total: number }).total)).toEqual(
      Array.from({ length: 16_384 }, (_, at) => at + 1),
    )
  })
})

describe('the episodes of a batch', () => {
  it('take a slot each, the connection none, and free them when it goes', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 3 })
    const client = await SocketClient.open(server.url)
    const opened = await batch(
      client,
      [0, 1, 2, 3, 0].map((key) => ['open', key]),
    )
    expect(opened).toMatchObject([
      { type: 'opened' },
      { type: 'opened' },
      { type: 'opened' },
      { type: 'error', data: { code: 'CAPACITY_REACHED', max_sessions: 3 } },
      { type: 'error', data: { code: 'VALIDATION_ERROR' } },
    ])
    expect(inspect(server).sessions.size).toBe(3)
    await batch(client, [['close', 1]])
    expect(inspect(server).sessions.size).toBe(2)
    expect(await batch(client, [['open', 3]])).toMatchObject([{ type: 'opened' }])
    client.socket.terminate()
    await vi.waitUntil(() => inspect(server).sessions.size === 0)
  })

  it('are closed when the client leaves in the middle of a step', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    const client = await SocketClient.open(server.url)
    await batch(client, [
      ['open', 0],
      ['reset', 0],
      ['open', 1],
      ['reset', 1],
    ])
    client.send('batch', {
      calls: [
        ['step', 0, { hold: true }],
        ['step', 1, { hold: true }],
      ],
    })
    await vi.waitUntil(() => held.waiting === 2)
    client.socket.terminate()
    await vi.waitUntil(() => held.closed === 2)
    expect(inspect(server).sessions.size).toBe(0)
  })
})
