import { manualClock, openLocal, OpenEnvError, definePureEnvironment, type Episode } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { addsUp, echo, frameOf, sums, unruly } from '../test/environments.ts'
import { noopPolicy, randomPolicy } from './policies/scripted.ts'
import { STOP, type PolicyContext } from './policy.ts'
import { runEpisode } from './run-episode.ts'

const GO = (go: string) => () => ({ go })

describe('an episode that completes', () => {
  it('records every counted step, its terms and the score of the last info [OE-14] [OE-16]', async () => {
    await using episode = openLocal(sums)
    const result = await runEpisode(episode, addsUp, { reset: { taskId: 'twelve', seed: 1 } })
    expect(result).toMatchObject({
      outcome: 'completed',
      status: 'terminated',
      endedBy: 'environment',
      score: 1,
      return: 0.75,
      failure: null,
      usage: null,
    })
    expect(result.steps.map(({ action }) => action)).toEqual([{ add: 9 }, { add: 3 }])
    expect(result.steps[1]).toEqual({
      action: { add: 3 },
      observation: {
        sum: 12,
        target: 12,
        noise: expect.any(Number),
      },
      reward: 0.875,
      terms: [
        { name: 'hit', value: 1, weight: 1 },
        { name: 'effort', value: 1, weight: -0.125 },
      ],
      status: 'terminated',
      info: { target: 12, score: 1, task_id: 'twelve', 'reward.hit': 1, 'reward.effort': 1 },
    })
  })

  it('takes the return as the score where no info has one [OE-14]', async () => {
    const rewards = unruly((go) => frameOf(go, 0.5, go === 'end' ? { status: 'terminated' } : {}))
    await using episode = openLocal(rewards)
    const result = await runEpisode(episode, (_observation, { index }: PolicyContext) => ({
      go: index === 2 ? 'end' : 'on',
    }))
    expect(result).toMatchObject({ outcome: 'completed', return: 1.5, score: 1.5 })
  })

  it('reads the terms from info where the reply has none', async () => {
    const info = { 'reward.quality': 0.5, 'reward.late': -0.25, 'reward.note': 'text' }
    const remote = unruly((go) => frameOf(go, 0.25, { status: 'terminated', info }))
    await using episode = openLocal(remote)
    const { steps } = await runEpisode(episode, GO('x'))
    expect(steps[0]?.terms).toEqual([
      { name: 'quality', value: 0.5, weight: 1 },
      { name: 'late', value: -0.25, weight: 1 },
    ])
  })

  it('ends where it starts under noop: completed, truncated, the return 0 [OE-17]', async () => {
    await using episode = openLocal(sums)
    const result = await runEpisode(episode, noopPolicy())
    expect(result).toMatchObject({
      outcome: 'completed',
      status: 'truncated',
      endedBy: 'policy',
      return: 0,
      score: 0,
    })
    expect(result.steps).toEqual([])
  })

  it('records the action as it was given, whatever is done to it or to the observation later', async () => {
    await using episode = openLocal(echo)
    const kept = { message: 'one' }
    const result = await runEpisode(
      episode,
      (observation: { message: string }, { index }) => {
        observation.message = 'scribbled over'
        kept.message = `message ${String(index)}`
        return index === 2 ? STOP : kept
      },
      {},
    )
    expect(result.steps.map(({ action, observation }) => [action, observation])).toEqual([
      [{ message: 'message 0' }, { message: 'message 0' }],
      [{ message: 'message 1' }, { message: 'message 1' }],
    ])
  })

  it('records lone surrogates and prototype keys as they are', async () => {
    await using episode = openLocal(echo)
    const text = '\ud800 __proto__ \u2028'
    const result = await runEpisode(episode, (_observation, { index }: PolicyContext) =>
      index === 1 ? STOP : { message: text },
    )
    expect(result.steps[0]?.observation).toEqual({ message: text })
  })
})

describe('what a policy is told', () => {
  it('gives index, history, merged info, schema and description', async () => {
    await using episode = openLocal(sums)
    const seen: Pick<PolicyContext, 'index' | 'info' | 'description'>[] = []
    const lengths: number[] = []
    const result = await runEpisode(
      episode,
      (observation: { sum: number; target: number }, context: PolicyContext) => {
        const { index, info, description, history } = context
        seen.push({ index, info, description })
        lengths.push(history.length)
        return addsUp(observation)
      },
      { reset: { taskId: 'twelve' }, description: 'words', actionSchema: { type: 'object' } },
    )
    expect(result.outcome).toBe('completed')
    expect(seen).toEqual([
      { index: 0, info: { target: 12, task_id: 'twelve' }, description: 'words' },
      {
        index: 1,
        info: { target: 12, task_id: 'twelve', 'reward.hit': 0, 'reward.effort': 1 },
        description: 'words',
      },
    ])
    expect(lengths).toEqual([0, 1])
  })

  it("keeps the reset's info under the info of later replies", async () => {
    const env = unruly((go) => frameOf(go, 1, { info: { step: go } }))
    await using inner = openLocal(env)
    const told: Episode = Object.assign(Object.create(inner) as Episode, {
      reset: async () => ({ ...(await inner.reset()), info: { routes: 'a,b', step: 'reset' } }),
      step: (action: unknown) => inner.step(action as { go: string }),
    })
    const infos: unknown[] = []
    await runEpisode(told, (_observation: unknown, { info, index }: PolicyContext) => {
      infos.push(info)
      return index === 1 ? STOP : { go: 'first' }
    })
    expect(infos).toEqual([
      { routes: 'a,b', step: 'reset' },
      { routes: 'a,b', step: 'first' },
    ])
  })

  it('gives equal random numbers for equal seeds, apart from the environment’s own', async () => {
    const actions = async (seed: number): Promise<unknown[]> => {
      await using episode = openLocal(sums)
      const actionSchema = {
        type: 'object',
        properties: { add: { type: 'integer', minimum: 1, maximum: 9 } },
        required: ['add'],
      }
      const { steps } = await runEpisode(episode, randomPolicy(), {
        reset: { seed, taskId: 'twelve' },
        actionSchema,
      })
      return steps.map(({ action }) => action)
    }
    expect(await actions(3)).toEqual(await actions(3))
    const others = await Promise.all([4, 5, 6].map(actions))
    expect(others.some((one) => JSON.stringify(one) !== JSON.stringify(others[0]))).toBe(true)
  })

  it('tells why an action was refused, and asks again without counting it', async () => {
    await using episode = openLocal(sums)
    const errors: (string | undefined)[] = []
    const result = await runEpisode(
      episode,
      (_observation: unknown, { error, index }: PolicyContext) => {
        errors.push(error)
        return error === undefined && index === 0 ? { add: 'seven' } : { add: 5 }
      },
      { reset: { taskId: 'five' } },
    )
    expect(result).toMatchObject({ outcome: 'completed', score: 1 })
    expect(result.steps).toHaveLength(1)
    expect(errors[0]).toBeUndefined()
    expect(errors[1]).toMatch(/^Invalid action: add: /)
  })
})

describe('outcomes', () => {
  it('is an agent_error without a score when the policy throws', async () => {
    await using episode = openLocal(sums)
    const result = await runEpisode(episode, () => {
      throw new TypeError('no idea')
    })
    expect(result).toMatchObject({ outcome: 'agent_error', score: null, return: null, retryable: false })
    expect(result.failure).toEqual({ during: 'policy', code: 'TypeError', message: 'no idea' })
  })

  it.each([
    ['breaks the schema', { add: 100 }],
    ['is no object', 'add five'],
    ['is no JSON', { add: NaN }],
    [
      'is a cycle',
      (() => {
        const cycle: Record<string, unknown> = {}
        cycle['add'] = cycle
        return cycle
      })(),
    ],
    ['is missing', undefined],
  ])('is an agent_error after three actions in a row where each %s', async (_what, action) => {
    await using episode = openLocal(sums)
    let asked = 0
    const result = await runEpisode(episode, () => {
      asked += 1
      return action
    })
    expect(asked).toBe(3)
    expect(result).toMatchObject({ outcome: 'agent_error', score: null, return: null, steps: [] })
    expect(result.failure?.message).toMatch(/^3 actions in a row were refused\. The last: Invalid action/)
  })

  it('counts refusals in a row only', async () => {
    await using episode = openLocal(echo)
    let asked = 0
    const result = await runEpisode(
      episode,
      () => {
        asked += 1
        return asked % 3 === 0 ? { message: 'hello' } : { massage: 'hello' }
      },
      { limits: { steps: 3 } },
    )
    expect(result).toMatchObject({ outcome: 'completed', endedBy: 'steps' })
    expect(asked).toBe(9)
  })

  it('is an environment_error when the environment throws; the log names the cause, the policy never sees it', async () => {
    const env = unruly(() => {
      throw new Error('disk on fire')
    })
    await using episode = openLocal(env)
    const result = await runEpisode(episode, GO('x'))
    expect(result).toMatchObject({ outcome: 'environment_error', score: null, return: null })
    expect(result.failure).toEqual({
      during: 'step',
      code: 'EXECUTION_ERROR',
      message: 'The environment failed during step. (disk on fire)',
    })
  })

  it('is an environment_error when a step takes longer than the environment allows', async () => {
    const env = unruly(() => new Promise(() => undefined))
    await using episode = openLocal(env)
    expect(await runEpisode(episode, GO('x'))).toMatchObject({
      outcome: 'environment_error',
      failure: { code: 'TIMEOUT' },
    })
  })

  it('is an environment_error when the task does not exist', async () => {
    await using episode = openLocal(sums)
    expect(await runEpisode(episode, addsUp, { reset: { taskId: 'nope' } })).toMatchObject({
      outcome: 'environment_error',
      failure: { during: 'reset', code: 'VALIDATION_ERROR' },
    })
  })

  it('is a grader_error when a reward term fails or is no number [OE-15]', async () => {
    for (const hit of [
      () => NaN,
      () => {
        throw new Error('no rubric')
      },
    ]) {
      await using episode = openLocal(definePureEnvironment({ ...sums.definition, reward: { hit } }))
      const result = await runEpisode(episode, addsUp)
      expect(result).toMatchObject({
        outcome: 'grader_error',
        score: null,
        return: null,
        failure: { during: 'step' },
      })
    }
  })

  it('is a grader_error when the task ended and nobody graded it, never a 0', async () => {
    const env = unruly((go) => frameOf(go, null, { status: 'terminated' }))
    await using episode = openLocal(env)
    expect(await runEpisode(episode, GO('x'))).toMatchObject({
      outcome: 'grader_error',
      score: null,
      return: null,
      failure: { code: 'NO_GRADE' },
    })
  })

  it('has no return, rather than 0, where it was cut off before anything was scored', async () => {
    const env = unruly((go) => frameOf(go, null))
    await using episode = openLocal(env)
    expect(await runEpisode(episode, GO('x'), { limits: { steps: 2 } })).toMatchObject({
      outcome: 'completed',
      status: 'truncated',
      return: null,
      score: null,
    })
  })

  it.each(['CONNECTION_ERROR', 'CAPACITY_REACHED', 'SESSION_ERROR'] as const)(
    'is an infrastructure_error, worth another try, when the episode says %s',
    async (code) => {
      const env = unruly(() => {
        throw new OpenEnvError(code, 'gone')
      })
      await using episode = openLocal(env)
      expect(await runEpisode(episode, GO('x'))).toMatchObject({
        outcome: 'infrastructure_error',
        retryable: true,
        score: null,
      })
    },
  )

  it('is an infrastructure_error, tried enough, when the policy lost its model', async () => {
    await using episode = openLocal(sums)
    const result = await runEpisode(episode, () => {
      throw new OpenEnvError('CONNECTION_ERROR', 'no model')
    })
    expect(result).toMatchObject({ outcome: 'infrastructure_error', retryable: false, score: null })
  })

  it('is cancelled when the signal is aborted, in the middle of a policy or of a step', async () => {
    const reason = new Error('enough')
    for (const where of ['policy', 'step']) {
      const controller = new AbortController()
      const env = unruly(() => {
        controller.abort(reason)
        return new Promise(() => undefined)
      })
      await using episode = openLocal(env)
      const policy = (): unknown => {
        if (where === 'step') return { go: 'x' }
        controller.abort(reason)
        return new Promise(() => undefined)
      }
      const result = await runEpisode(episode, policy, { signal: controller.signal })
      expect(result).toMatchObject({ outcome: 'cancelled', endedBy: 'signal', score: null, failure: null })
    }
  })

  it('is cancelled when the signal was aborted before', async () => {
    await using episode = openLocal(sums)
    expect(await runEpisode(episode, addsUp, { signal: AbortSignal.abort() })).toMatchObject({
      outcome: 'cancelled',
    })
  })
})

describe('limits', () => {
  it('truncates after so many steps; what was earned counts', async () => {
    await using episode = openLocal(echo)
    const result = await runEpisode(episode, () => ({ message: 'x' }), { limits: { steps: 4 } })
    expect(result).toMatchObject({
      outcome: 'completed',
      status: 'truncated',
      endedBy: 'steps',
      return: 0,
      score: 0,
    })
    expect(result.steps.map(({ status }) => status)).toEqual(['running', 'running', 'running', 'running'])
  })

  it('ends an environment without an end after 1,000 steps', async () => {
    await using episode = openLocal(echo)
    const { steps, endedBy } = await runEpisode(episode, () => ({ message: '' }))
    expect([steps.length, endedBy]).toEqual([1000, 'steps'])
  })

  it('lets the environment end first where both would', async () => {
    await using episode = openLocal(sums)
    const result = await runEpisode(episode, () => ({ add: 1 }), {
      reset: { taskId: 'twelve' },
      limits: { steps: 5 },
    })
    expect(result).toMatchObject({ endedBy: 'environment', status: 'truncated', score: 0 })
  })

  it.each([
    ['a policy', () => new Promise<never>(() => undefined), frameOf('x', 1)],
    ['a step', GO('x'), new Promise<never>(() => undefined)],
  ])('truncates in the middle of %s when the time is over', async (_where, policy, answer) => {
    const env = { ...unruly(() => answer), limits: {} }
    await using episode = openLocal(env)
    const result = await runEpisode(episode, policy, { limits: { seconds: 0.05 } })
    expect(result).toMatchObject({ outcome: 'completed', status: 'truncated', endedBy: 'seconds' })
  })

  it('truncates when the tokens are used up, before the next action', async () => {
    await using episode = openLocal(echo)
    const result = await runEpisode(
      episode,
      (_observation: unknown, { addUsage }: PolicyContext) => {
        addUsage({ requests: 1, prompt_tokens: 30, completion_tokens: 10, total_tokens: 40 })
        return { message: 'x' }
      },
      { limits: { tokens: 100 } },
    )
    expect(result).toMatchObject({ endedBy: 'tokens', status: 'truncated' })
    expect(result.steps).toHaveLength(3)
    expect(result.usage).toEqual({ requests: 3, prompt_tokens: 90, completion_tokens: 30, total_tokens: 120 })
  })

  it.each([
    { steps: 0 },
    { steps: 1.5 },
    { tokens: -1 },
    { invalidActions: 0 },
    { seconds: 0 },
    { seconds: NaN },
  ])('refuses %j and names the limit', async (limits) => {
    await using episode = openLocal(echo, { clock: manualClock() })
    await expect(runEpisode(episode, noopPolicy(), { limits })).rejects.toThrow(
      `"${Object.keys(limits)[0] ?? ''}"`,
    )
  })
})

describe('a policy with a memory', () => {
  it('is started once for each episode', async () => {
    const policy = {
      name: 'counter',
      start: () => {
        let count = 0
        return () => {
          count += 1
          return count > 2 ? STOP : { message: String(count) }
        }
      },
    }
    for (let round = 0; round < 2; round += 1) {
      await using episode = openLocal(echo)
      const { steps } = await runEpisode(episode, policy)
      expect(steps.map(({ observation }) => observation)).toEqual([{ message: '1' }, { message: '2' }])
    }
  })

  it('is an agent_error when it cannot start', async () => {
    await using episode = openLocal(echo)
    const policy = { name: 'broken', start: () => Promise.reject(new Error('no weights')) }
    expect(await runEpisode(episode, policy)).toMatchObject({
      outcome: 'agent_error',
      failure: { message: 'no weights' },
    })
  })
})
