import { describe, expect, it } from 'vitest'
import { echo } from '@openenv-ts/echo'
import type { AnyEnvironment } from '@openenv-ts/core'
import { counterEnvironment } from '../../test/environments.ts'
import { get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'

/** What came back from a call: the reply, or the error's code and message. */
interface Outcome {
  readonly reply?: Record<string, unknown>
  readonly status?: number
  readonly code?: unknown
  readonly message?: unknown
  readonly loc?: unknown
}

/** The three calls on one transport. */
interface Wire extends AsyncDisposable {
  reset(data?: object): Promise<Outcome>
  step(action: object): Promise<Outcome>
  state(): Promise<Record<string, unknown>>
}

async function onSocket(environment: AnyEnvironment): Promise<Wire> {
  const server = await serve(environment, { port: 0 })
  const client = await SocketClient.open(server.url)
  const outcome = async (type: string, data?: object): Promise<Outcome> => {
    const answer = await client.ask(type, data)
    if (answer.type !== 'error') return { reply: answer.data }
    const [issue] = (answer.data['errors'] ?? []) as { loc: unknown }[]
    return { code: answer.data['code'], message: answer.data['message'], loc: issue?.loc }
  }
  return {
    reset: (data = {}) => outcome('reset', data),
    step: (action) => outcome('step', action),
    state: async () => (await client.ask('state')).data,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

async function onHttp(environment: AnyEnvironment, routes: 'full' | 'minimal'): Promise<Wire> {
  const server = await serve(environment, { port: 0, routes })
  const outcome = async (path: string, data?: object): Promise<Outcome> => {
    const { status, body } = await post(server.url, path, data)
    if (status === 200) return { reply: body, status }
    const issues = (Array.isArray(body['detail']) ? body['detail'] : body['errors']) as
      { loc: unknown }[] | undefined
    return { status, code: body['code'], message: body['message'] ?? body['detail'], loc: issues?.[0]?.loc }
  }
  return {
    reset: (data = {}) => outcome('/reset', data),
    step: (action) => outcome('/step', action),
    state: async () =>
      (await (routes === 'full' ? get(server.url, '/state') : post(server.url, '/state'))).body,
    [Symbol.asyncDispose]: () => server.close(),
  }
}

const strict = counterEnvironment()
const lenient = counterEnvironment({ countsInvalid: true })

describe.each([
  ['/ws', onSocket],
  ['HTTP', (environment: AnyEnvironment) => onHttp(environment, 'full')],
  ['the minimal routes', (environment: AnyEnvironment) => onHttp(environment, 'minimal')],
] as const)('on %s', (name, open) => {
  /** What state shows of counted steps: on the minimal routes the view alone, which has none [OE-1]. */
  const counted = (steps: number) => (name === 'the minimal routes' ? {} : { step_count: steps })

  it('counts an action that breaks the schema where the environment declares invalid [OE-2]', async () => {
    await using wire = await open(lenient)
    await wire.reset({ task_id: 'from-0' })
    for (const action of [{}, { add: 9 }, { add: 1, more: 1 }, { __proto__x: 1 }]) {
      const { reply } = await wire.step(action)
      expect(reply).toMatchObject({ observation: { total: 0 }, reward: 0, done: false })
      const told = (reply?.['info'] ?? reply?.['metadata']) as Record<string, unknown>
      expect(told['error']).toMatch(/^Invalid action: /)
    }
    expect(await wire.state()).toMatchObject({ ...counted(4), total: 0 })
    expect((await wire.step({ add: 1 })).reply).toMatchObject({ observation: { total: 1 } })
  })

  it('refuses such an action and counts nothing where it does not [OE-2]', async () => {
    await using wire = await open(strict)
    await wire.reset({ task_id: 'from-0' })
    const { code, status, message, loc } = await wire.step({ add: '7' })
    expect(code).toBe('VALIDATION_ERROR')
    expect(status).toBe(name === '/ws' ? undefined : 422)
    expect(loc).toEqual(['add'])
    expect(message).toContain('add')
    expect((await wire.step({ add: 1, summry: 'x' })).loc).toEqual(['summry'])
    expect(await wire.state()).toMatchObject(counted(0))
  })

  it('starts the first task without a selector, and draws a seed [OE-4]', async () => {
    await using wire = await open(strict)
    expect((await wire.reset()).reply).toMatchObject({ observation: { total: 0 } })
    const { seed } = await wire.state()
    if (name === 'the minimal routes') expect(seed).toBeUndefined()
    else expect(Number.isSafeInteger(seed)).toBe(true)
  })

  it('starts the task that is named, or seed mod n, and shows no seed that was given [OE-4]', async () => {
    await using wire = await open(strict)
    expect((await wire.reset({ task_id: 'from-7' })).reply).toMatchObject({ observation: { total: 7 } })
    expect((await wire.reset({ seed: 29 })).reply).toMatchObject({ observation: { total: 29 % 12 } })
    expect(await wire.state()).not.toHaveProperty('seed')
    expect((await wire.reset({ seed: 29, task_id: 'held-out' })).reply).toMatchObject({
      observation: { total: 3 },
    })
    expect((await wire.reset({ split: 'train', index: 6 })).reply).toMatchObject({
      observation: { total: 6 },
    })
    expect((await wire.reset({ task_id: 'from-1', other: { a: 1 }, __proto__x: 2 })).reply).toMatchObject({
      observation: { total: 1 },
    })
  })

  it('refuses an unknown task and names at most ten that exist [OE-4]', async () => {
    await using wire = await open(strict)
    const { code, status, message, loc } = await wire.reset({ task_id: 'from-99' })
    expect(code).toBe('VALIDATION_ERROR')
    expect(status).toBe(name === '/ws' ? undefined : 400)
    expect(message).toContain('from-9')
    expect(String(message).match(/from-\d+/g)).toHaveLength(11)
    expect((loc as unknown[]).at(-1)).toBe('task_id')
    for (const selector of [{ split: 'nope' }, { split: 'train', index: 12 }, { index: -1 }]) {
      expect(await wire.reset(selector)).toMatchObject({ code: 'VALIDATION_ERROR' })
    }
  })

  it('refuses a task on an environment without tasks [OE-4]', async () => {
    await using wire = await open(echo)
    const { code, status, message } = await wire.reset({ task_id: 'x' })
    expect({ code, status }).toEqual({ code: 'VALIDATION_ERROR', status: name === '/ws' ? undefined : 400 })
    expect(message).toContain('no tasks')
  })

  it.each([-1, 1.5, '7', true, 2 ** 53, [1]])('refuses the seed %j [OE-3] [OE-4]', async (seed) => {
    await using wire = await open(strict)
    const { code, loc } = await wire.reset({ seed })
    expect(code).toBe('VALIDATION_ERROR')
    expect((loc as unknown[]).at(-1)).toBe('seed')
    expect((await wire.reset({ seed: 2 ** 53 - 1 })).reply).toBeDefined()
  })

  it('refuses a step before reset and after the end, naming reset, and resets nothing by itself [OE-5]', async () => {
    await using wire = await open(lenient)
    for (const action of [{ add: 1 }, { bad: 1 }]) {
      const { code, status, message } = await wire.step(action)
      expect(code).toBe('EXECUTION_ERROR')
      expect(status).toBe(name === '/ws' ? undefined : 409)
      expect(message).toContain('reset')
    }
    await wire.reset({ goal: 1 })
    expect((await wire.step({ add: 1 })).reply).toMatchObject({ done: true })
    for (const action of [{ add: 1 }, { bad: 1 }]) {
      const { code, message } = await wire.step(action)
      expect(code).toBe('EXECUTION_ERROR')
      expect(message).toContain('reset')
    }
    expect(await wire.state()).toMatchObject(counted(1))
  })

  it('carries info where this wire has a place for it [OE-7]', async () => {
    await using wire = await open(strict)
    const { reply } = await wire.reset({ task_id: 'from-0' })
    const observation = reply?.['observation'] as Record<string, unknown>
    if (name === '/ws') expect(reply).not.toHaveProperty('info')
    else expect(reply).toMatchObject({ info: { left: 10 } })
    if (name === 'the minimal routes') {
      expect(reply).not.toHaveProperty('metadata')
      expect(observation).not.toHaveProperty('metadata')
    } else {
      expect(reply).toMatchObject({ metadata: { left: 10 } })
      expect(observation).toMatchObject({ metadata: { left: 10 } })
    }
  })

  it('carries text that is no sound Unicode as data [OE-9]', async () => {
    await using wire = await open(echo)
    await wire.reset()
    const message = 'lone \ud800 surrogate, \u0000, \u2028, 😀 and \\ud800'
    expect((await wire.step({ message })).reply).toMatchObject({ observation: { message } })
  })
})
