import { definePureEnvironment, taskList } from '@openenv-ts/core'
import { echo } from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { counterEnvironment } from '../../test/environments.ts'
import { get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import type { LogEvent } from '../log-event.ts'
import { serve } from '../node/serve.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()
const spec = (index: number) => ({ id: `from-${String(index)}`, split: 'train', index, difficulty: index })
const specs = (start: number, stop: number) =>
  Array.from({ length: Math.max(0, stop - start) }, (_, at) => spec(start + at))
const SPLITS = [
  { name: 'train', type: 'train' },
  { name: 'validation', type: 'validation' },
]

/** An environment with as many tasks as nobody wants in one message. */
const vast = definePureEnvironment({
  name: 'vast',
  description: 'Has many tasks.',
  action: z.strictObject({}),
  observation: z.strictObject({ at: z.string() }),
  state: z.strictObject({ at: z.string() }),
  tasks: taskList({ train: Array.from({ length: 12_345 }, (_, at) => ({ id: `t${String(at)}` })) }),
  initial: ({ task }) => ({ at: task?.data.id ?? '' }),
  transition: (state) => state,
  observe: (state) => state,
  reward: {},
  status: () => 'running',
})

describe('tasks on the control channel', () => {
  it('looks at the body, then at the name in the path, then at what is asked for, as Python does', async () => {
    await using server = await serve(counter, { port: 0 })
    const app = server.url
    expect((await post(app, '/nobody/num_tasks', {})).status).toBe(422)
    expect((await post(app, '/nobody/num_tasks', { split: 'nope' })).status).toBe(404)
    expect((await post(app, '/counter/num_tasks', { split: 'nope' })).status).toBe(400)
  })

  it('are told by messages whose answers have the type of the question [OE-22]', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    const env_name = 'counter'
    const rows = [
      ['list_splits', undefined, { splits: SPLITS, env_name }],
      ['list_splits', {}, { splits: SPLITS, env_name }],
      ['num_tasks', { split: 'train' }, { num_tasks: 12, env_name }],
      ['get_task', { split: 'train', index: 11 }, { task: spec(11), env_name }],
      ['list_tasks', { split: 'train' }, { tasks: specs(0, 12), env_name }],
      ['list_tasks', { split: 'train', start: 3, stop: 5 }, { tasks: specs(3, 5), env_name }],
      ['list_tasks', { split: 'train', start: null, stop: null }, { tasks: specs(0, 12), env_name }],
      ['list_tasks', { split: 'train', start: 10, stop: 99 }, { tasks: specs(10, 12), env_name }],
      ['list_tasks', { split: 'train', start: 12 }, { tasks: [], env_name }],
      ['list_tasks', { split: 'train', start: 5, stop: 3 }, { tasks: [], env_name }],
    ] as const
    for (const [type, data, reply] of rows) {
      expect(await client.ask(type, data)).toEqual({ type, data: reply })
    }
  })

  it('publish nothing of a task but its spec', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    client.send('list_tasks', { split: 'train' })
    expect(await client.nextText()).not.toContain('secret')
  })

  it.each([
    ['list_splits', { split: 'train' }],
    ['num_tasks', {}],
    ['num_tasks', { split: 7 }],
    ['num_tasks', { split: 'nowhere' }],
    ['num_tasks', { split: '__proto__' }],
    ['num_tasks', { split: 'train', index: 1 }],
    ['get_task', { split: 'train' }],
    ['get_task', { split: 'train', index: 12 }],
    ['get_task', { split: 'train', index: -1 }],
    ['get_task', { split: 'train', index: 1.5 }],
    ['get_task', { split: 'train', index: '2' }],
    ['list_tasks', { start: 0 }],
    ['list_tasks', { split: 'train', start: 0.5 }],
    ['list_tasks', { split: 'train', stop: 1e300 }],
  ])('refuse %s with %j, and the socket stays', async (type, data) => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    const answer = await client.ask(type, data)
    expect(answer).toMatchObject({ type: 'error', data: { code: 'VALIDATION_ERROR' } })
    expect(await client.ask('reset', {})).toHaveProperty('type', 'observation')
  })

  it('take no slot: a full server tells them to whoever asks nothing else [OE-22]', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 1 })
    await using holder = await SocketClient.open(server.url)
    await holder.ask('reset', {})
    await using asker = await SocketClient.open(server.url)
    expect(await asker.ask('num_tasks', { split: 'train' })).toHaveProperty('data.num_tasks', 12)
    // Longer than a client without a slot may stay undecided.
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(await asker.ask('list_splits')).toHaveProperty('type', 'list_splits')
    expect(inspect(server).sessions.size).toBe(1)
    expect(await asker.ask('reset', {})).toHaveProperty('data.code', 'CAPACITY_REACHED')
  })

  it('give the slot of the connection back to others', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 1 })
    await using asker = await SocketClient.open(server.url)
    await asker.ask('list_splits')
    expect(inspect(server).sessions.size).toBe(0)
    await using player = await SocketClient.open(server.url)
    expect(await player.ask('reset', {})).toHaveProperty('type', 'observation')
  })

  it('do not touch an episode that is going on', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', { task_id: 'from-2' })
    await client.ask('list_tasks', { split: 'train' })
    expect(await client.ask('step', { add: 1 })).toHaveProperty('data.observation.total', 3)
  })

  it('are listed whole, however many there are, and by pages', async () => {
    await using server = await serve(vast, { port: 0 })
    await using client = await SocketClient.open(server.url)
    const all = (await client.ask('list_tasks', { split: 'train' })).data['tasks'] as { id: string }[]
    expect(all).toHaveLength(12_345)
    expect(all.at(-1)).toEqual({ id: 't12344', split: 'train', index: 12_344 })
    const paged: unknown[] = []
    for (let start = 0; start < 12_345; start += 1000) {
      const { data } = await client.ask('list_tasks', { split: 'train', start, stop: start + 1000 })
      paged.push(...(data['tasks'] as unknown[]))
    }
    expect(paged).toEqual(all)
    const overHttp = await post(server.url, '/vast/tasks', { split: 'train' })
    expect(overHttp.body['tasks']).toEqual(all)
  })
})

describe('the six routes', () => {
  it('answer as the control channel does, and say what takes their place [OE-22]', async () => {
    await using server = await serve(counter, { port: 0, basePath: '/p' })
    await using client = await SocketClient.open(server.url)
    const said = async (type: string, data?: unknown) => (await client.ask(type, data)).data
    const rows = [
      [await get(server.url, '/list_environments'), ['counter']],
      [await get(server.url, '/counter/splits'), (await said('list_splits'))['splits']],
      [
        await post(server.url, '/counter/num_tasks', { split: 'validation' }),
        await said('num_tasks', { split: 'validation' }),
      ],
      [
        await post(server.url, '/counter/tasks', { split: 'train' }),
        await said('list_tasks', { split: 'train' }),
      ],
      [
        await post(server.url, '/COUNTER/task', { split: 'train', index: 4 }),
        await said('get_task', { split: 'train', index: 4 }),
      ],
      [
        await post(server.url, '/counter/task_range', { split: 'train', start: 2, stop: 4 }),
        await said('list_tasks', { split: 'train', start: 2, stop: 4 }),
      ],
    ] as const
    for (const [{ status, body, headers }, expected] of rows) {
      expect({ status, body }).toEqual({ status: 200, body: expected })
      expect(headers.get('deprecation')).toMatch(/^@\d+$/)
      expect(Date.parse(headers.get('sunset') ?? '')).toBeGreaterThan(
        Number(headers.get('deprecation')?.slice(1)) * 1000,
      )
      expect(headers.get('link')).toBe('</p/ws>; rel="successor-version"')
    }
  })

  it('read a range as a slice, as ORS’s clients do', async () => {
    await using server = await serve(counter, { port: 0 })
    const range = async (start?: number, stop?: number) => {
      const { body } = await post(server.url, '/counter/task_range', { split: 'train', start, stop })
      return (body['tasks'] as { index: number }[]).map(({ index }) => index)
    }
    const all = Array.from({ length: 12 }, (_, index) => index)
    const cases = [[], [0, 3], [-2], [-2, -1], [3, -3], [-99, 2], [5, 99], [12, 13], [4, 4], [5, 2]] as const
    for (const [start, stop] of cases) expect(await range(start, stop)).toEqual(all.slice(start, stop))
  })
})

describe('an environment without tasks', () => {
  it('says 501 on every route and NOT_SUPPORTED on the channel, and logs none of it', async () => {
    const logged: LogEvent[] = []
    await using server = await serve(echo, { port: 0, log: (event) => logged.push(event) })
    await using client = await SocketClient.open(server.url)
    const query = { split: 'train' }
    const answers = [
      await get(server.url, '/echo/splits'),
      await post(server.url, '/echo/tasks', query),
      await post(server.url, '/echo/num_tasks', query),
      await post(server.url, '/echo/task', { ...query, index: 0 }),
      await post(server.url, '/echo/task_range', query),
    ]
    for (const { status, body } of answers) {
      expect({ status, body }).toMatchObject({ status: 501, body: { code: 'NOT_SUPPORTED' } })
      expect(body['detail']).toMatch(/^\w+ is not supported for this environment/)
    }
    for (const [type, data] of [
      ['list_splits', {}],
      ['num_tasks', query],
      ['get_task', { ...query, index: 0 }],
      ['list_tasks', query],
    ] as const) {
      const { data: error } = await client.ask(type, data)
      expect(error).toMatchObject({
        code: 'EXECUTION_ERROR',
        message: expect.stringContaining('not supported'),
      })
    }
    await client.ask('resume', {})
    expect(logged).toEqual([])
    expect((await get(server.url, '/list_environments')).body).toEqual(['echo'])
  })
})

describe('a reset', () => {
  const cases = [
    [{}, 0],
    [{ task_id: 'from-7' }, 7],
    [{ task_spec: spec(5) }, 5],
    [{ split: 'train', index: 9 }, 9],
    [{ split: 'validation', index: 0 }, 3],
    [{ split: 'validation', seed: 2 }, 3],
    [{ seed: 14 }, 2],
    [{ task_id: 'from-1', split: 'train', index: 9, seed: 3 }, 1],
  ] as const
  it.each(cases)(
    'with %j starts from %i, over HTTP and on the socket [IM-17] [IM-19] [OE-4]',
    async (data, total) => {
      await using server = await serve(counter, { port: 0 })
      await using client = await SocketClient.open(server.url)
      expect((await client.ask('reset', data)).data['observation']).toMatchObject({ total })
      expect((await post(server.url, '/reset', data)).body['observation']).toMatchObject({ total })
    },
  )

  it.each([
    { task_id: 'nowhere' },
    { task_spec: {} },
    { task_spec: { id: 'nowhere' } },
    { split: 'train', index: 12 },
    { split: 'nowhere', index: 0 },
    { index: -1 },
  ])('with %j is refused, naming the field', async (data) => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    expect(await client.ask('reset', data)).toMatchObject({
      type: 'error',
      data: {
        code: 'VALIDATION_ERROR',
        errors: [{ loc: expect.arrayContaining([expect.stringMatching(/task|split|index/)]) }],
      },
    })
    expect((await post(server.url, '/reset', data)).status).toBe(400)
  })
})
