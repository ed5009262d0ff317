import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { echo } from '@openenv-ts/echo'
import { counterEnvironment } from '../../test/environments.ts'
import { get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'

const counter = counterEnvironment({ countsInvalid: true })

// The validator is the `openenv validate` of OpenEnv 0.10.0.
describe('what the validator asks for', () => {
  it('takes seed, episode_id and other keys side by side, and shows the id and the steps', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', { seed: 5, episode_id: 'ep-9', goal: 3, unknown: { deep: [1] } })
    expect((await client.ask('state')).data).toEqual({ episode_id: 'ep-9', step_count: 0, total: 5 })
    expect((await client.ask('step', { add: 3 })).data).toMatchObject({ done: true })
    expect((await client.ask('state')).data).toEqual({ episode_id: 'ep-9', step_count: 1, total: 8 })
    expect((await client.ask('step', { add: 1 })).type).toBe('error')
    expect((await client.ask('state')).data).toMatchObject({ step_count: 1 })
  })

  it('rewards every step with a number inside the declared range [OE-6]', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    expect((await client.ask('reset', {})).data['reward']).toBeNull()
    for (const action of [{ add: 1 }, { add: 'x' }, { add: 5 }]) {
      const { reward } = (await client.ask('step', action)).data
      expect(reward).toBeTypeOf('number')
      expect(Math.abs(reward as number)).toBeLessThanOrEqual(1)
    }
  })

  it.each([counter, echo])('gives replies that fit what /schema publishes', async (environment) => {
    await using server = await serve(environment, { port: 0 })
    const { body: schema } = await get(server.url, '/schema')
    expect(JSON.stringify(schema)).not.toMatch(/"\$ref":"(?!#)/)
    expect(schema['observation']).toMatchObject({
      additionalProperties: false,
      properties: { done: {}, reward: {}, metadata: {} },
    })
    expect(schema['action']).toMatchObject({ additionalProperties: false, properties: { metadata: {} } })
    expect(schema['state']).toMatchObject({ additionalProperties: true })
    const fits = (part: string, value: unknown): boolean =>
      z.fromJSONSchema(schema[part] as Parameters<typeof z.fromJSONSchema>[0]).safeParse(value).success
    await using client = await SocketClient.open(server.url)
    const action = environment === echo ? { message: 'hello' } : { add: 2 }
    expect(fits('action', { ...action, metadata: {} })).toBe(true)
    expect(fits('state', (await client.ask('state')).data)).toBe(true)
    const flat = (data: Record<string, unknown>): unknown => {
      const { observation, reward, done } = data
      return { ...(observation as object), reward, done }
    }
    expect(fits('reset_observation', flat((await client.ask('reset', { seed: 2 })).data))).toBe(true)
    expect(fits('observation', flat((await client.ask('step', action)).data))).toBe(true)
    expect(fits('observation', { wrong: 1 })).toBe(false)
    expect(fits('state', (await client.ask('state')).data)).toBe(true)
  })

  it('drops the metadata that Python clients put into actions [OE-3]', async () => {
    await using server = await serve(counter, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', { task_id: 'from-0' })
    expect((await client.ask('step', { add: 2, metadata: {} })).data).toMatchObject({
      observation: { total: 2 },
    })
  })
})

describe('task routes', () => {
  it('lists, counts and shows tasks under the name of the environment, in any case', async () => {
    await using server = await serve(counter, { port: 0 })
    expect((await get(server.url, '/list_environments')).body).toEqual(['counter'])
    expect((await get(server.url, '/CounTer/splits')).body).toEqual([
      { name: 'train', type: 'train' },
      { name: 'validation', type: 'validation' },
    ])
    const tasks = await post(server.url, '/counter/tasks', { split: 'validation' })
    expect(tasks.body).toEqual({
      tasks: [{ difficulty: 3, id: 'held-out', split: 'validation', index: 0 }],
      env_name: 'counter',
    })
    expect((await post(server.url, '/counter/num_tasks', { split: 'train' })).body).toMatchObject({
      num_tasks: 12,
    })
    expect((await post(server.url, '/counter/task', { split: 'train', index: 3 })).body).toMatchObject({
      task: { id: 'from-3' },
    })
    const ranges: readonly [object, readonly string[]][] = [
      [{ start: 2, stop: 4 }, ['from-2', 'from-3']],
      [{ start: 10 }, ['from-10', 'from-11']],
      [{ start: 11, stop: null }, ['from-11']],
      [{ start: 50, stop: 60 }, []],
      [{ start: 4, stop: 2 }, []],
      [{ start: -2 }, ['from-10', 'from-11']],
      [{ start: -3, stop: 1 }, []],
    ]
    for (const [range, ids] of ranges) {
      const { body } = await post(server.url, '/counter/task_range', { split: 'train', ...range })
      expect((body['tasks'] as { id: string }[]).map(({ id }) => id)).toEqual(ids)
    }
  })

  it('says what is wrong with a question about tasks [OE-11]', async () => {
    await using server = await serve(counter, { port: 0 })
    const task = (body: unknown, env = 'counter') => post(server.url, `/${env}/task`, body)
    expect(await task({ split: 'train', index: 12 })).toMatchObject({
      status: 400,
      body: { detail: 'Invalid task index' },
    })
    expect(await task({ split: 'train', index: -1 })).toMatchObject({
      status: 400,
      body: { detail: 'Invalid task index' },
    })
    expect(await task({ split: 'tran', index: 1 })).toMatchObject({
      status: 400,
      body: { detail: 'Invalid split' },
    })
    expect(await task({ split: '__proto__', index: 1 })).toMatchObject({ status: 400 })
    expect(await task({ split: 'train', index: '1' })).toMatchObject({ status: 422 })
    expect(await task({ split: 'train' })).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'missing', loc: ['body', 'index'] }] },
    })
    expect(await task({ split: 'train', index: 1, more: 1 })).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'extra_forbidden', loc: ['body', 'more'] }] },
    })
    expect(await task({ split: 'train', index: 1 }, 'maze')).toMatchObject({
      status: 404,
      body: { detail: "unknown environment 'maze'" },
    })
  })

  it('answers 501 for each of them when the environment has no tasks', async () => {
    await using server = await serve(echo, { port: 0 })
    expect((await get(server.url, '/list_environments')).body).toEqual(['echo'])
    const answers = [
      await get(server.url, '/echo/splits'),
      await post(server.url, '/echo/tasks', { split: 'train' }),
      await post(server.url, '/echo/num_tasks', { split: 'train' }),
      await post(server.url, '/echo/task', { split: 'train', index: 0 }),
      await post(server.url, '/echo/task_range', { split: 'train' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([501, 501, 501, 501, 501])
    for (const { body } of answers) {
      expect(body['detail']).toMatch(/^\w+ is not supported for this environment\.$/)
      expect(body['code']).toBe('NOT_SUPPORTED')
    }
  })
})
