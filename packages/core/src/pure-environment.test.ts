import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import guess from '@openenv-ts/examples/guess.ts'
import type { ActionOf, ObservationOf } from './environment.ts'
import { openLocal } from './local.ts'
import { definePureEnvironment, type PureStep } from './pure-environment.ts'
import { taskList } from './task-list.ts'

const Hint = z.enum(['start', 'warm', 'cold'])

/** As small as they come, for what one test changes. */
const parts = {
  name: 'tiny',
  description: 'Tiny.',
  action: z.strictObject({ n: z.int() }),
  observation: z.strictObject({ n: z.int() }),
  state: z.strictObject({ n: z.int() }),
  initial: () => ({ n: 0 }),
  transition: ({ n }: { readonly n: number }, action: { readonly n: number }) => ({ n: n + action.n }),
  observe: ({ n }: { readonly n: number }) => ({ n }),
  reward: {},
  status: () => 'running' as const,
}

describe('definePureEnvironment [OE-1]', () => {
  it('plays the example from five functions and nothing else', async () => {
    await using episode = openLocal(guess)
    const first = await episode.reset({ seed: 7 })
    expect(first).toEqual({
      observation: { hint: 'start', triesLeft: 7 },
      reward: null,
      status: 'running',
      done: false,
      info: {},
    })
    let [low, high] = [1, 100]
    for (let tries = 6; ; tries -= 1) {
      const number = Math.floor((low + high) / 2)
      const { observation, reward, status, terms } = await episode.step({ number })
      expect(observation.triesLeft).toBe(tries)
      expect(terms).toEqual([{ name: 'found', value: reward, weight: 1 }])
      if (observation.hint === 'found') {
        expect([reward, status]).toEqual([1, 'terminated'])
        break
      }
      if (observation.hint === 'higher') low = number + 1
      else high = number - 1
    }
  })

  it('gives a number as reward at every step, clipped to its range, with raw terms [OE-6] [OE-1]', async () => {
    const env = definePureEnvironment({
      ...parts,
      rewardRange: [-1, 1],
      reward: { n: { weight: 2, score: ({ n }) => n } },
    })
    await using episode = openLocal(env)
    await episode.reset()
    expect(await episode.step({ n: 3 })).toMatchObject({
      reward: 1,
      terms: [{ name: 'n', value: 3, weight: 2 }],
    })
    expect(await episode.step({ n: -9 })).toMatchObject({ reward: -1, terms: [{ value: -6 }] })
    expect(env.rubric).toEqual([{ name: 'n', weight: 2 }])
    await using plain = openLocal(definePureEnvironment(parts))
    await plain.reset()
    expect((await plain.step({ n: 1 })).reward).toBe(0)
  })

  it('refuses an invalid action and counts nothing, where it does not say what to do with it [OE-2]', async () => {
    await using episode = openLocal(definePureEnvironment(parts))
    await episode.reset()
    await expect(episode.step({ n: 'x' } as never)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      http: 422,
    })
    expect(episode.stepCount).toBe(0)
  })

  it('counts an invalid action as a step where it does: reward 0, info.error, the state that it says [OE-2]', async () => {
    const env = definePureEnvironment({
      ...parts,
      invalid: ({ n }, issues) => ({ n: n - issues.length }),
      info: (_state, { index, reward, action }) => ({
        index,
        reward: reward ?? 'none',
        acted: action !== null,
      }),
      reward: { always: () => 5 },
      status: ({ n }) => (n <= -2 ? 'terminated' : 'running'),
    })
    await using episode = openLocal(env)
    expect((await episode.reset()).info).toEqual({ index: 0, reward: 'none', acted: false })
    expect(await episode.step({ m: 'x' } as never)).toEqual({
      observation: { n: -2 },
      reward: 0,
      terms: [{ name: 'always', value: 0, weight: 1 }],
      status: 'terminated',
      done: true,
      info: {
        index: 1,
        reward: 0,
        acted: false,
        error: 'Invalid action: n: Field required; m: Unknown field.',
        'reward.always': 0,
        score: 0,
      },
    })
    expect(episode.stepCount).toBe(1)
    await episode.reset()
    for (const bad of [null, 'text', [], 7]) {
      await expect(episode.step(bad as never)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    }
    expect(episode.stepCount).toBe(0)
  })

  it('tells terms and info what led to the state', async () => {
    const seen: PureStep<unknown, unknown>[] = []
    const env = definePureEnvironment({
      ...parts,
      reward: {
        look: (_state, step) => {
          seen.push({ ...step })
          return 1
        },
      },
      info: (_state, { terms, reward }) => ({ reward: reward ?? 0, look: terms[0]?.value ?? 'none' }),
    })
    await using episode = openLocal(env)
    await episode.reset()
    await episode.step({ n: 1 })
    const { info } = await episode.step({ n: 2 })
    expect(seen).toEqual([
      { index: 1, before: { n: 0 }, action: { n: 1 } },
      { index: 2, before: { n: 1 }, action: { n: 2 } },
    ])
    expect(info).toEqual({ reward: 1, look: 1, 'reward.look': 1 })
  })

  it('gives each step its own stream of random numbers, one stream however often it is read', async () => {
    const env = definePureEnvironment({
      ...parts,
      observation: z.strictObject({ list: z.array(z.int()) }),
      state: z.strictObject({ list: z.array(z.int()) }),
      initial: ({ random }) => ({ list: [random.integer(0, 1e6)] }),
      transition: ({ list }, _action, context) => ({
        list: [...list, context.random.integer(0, 1e6), context.random.integer(0, 1e6)],
      }),
      observe: (state) => state,
    })
    await using episode = openLocal(env)
    await episode.reset({ seed: 4 })
    await episode.step({ n: 0 })
    const { observation } = await episode.step({ n: 0 })
    expect(new Set(observation.list).size).toBe(5)
    const twin = openLocal(env)
    await twin.reset({ seed: 4 })
    await twin.step({ n: 9 })
    expect((await twin.step({ n: 9 })).observation).toEqual(observation)
    await twin.close()
  })

  it('keeps its state inside: it leaves in snapshots only', async () => {
    const env = definePureEnvironment({
      ...parts,
      state: z.strictObject({ n: z.int(), secret: z.string() }),
      initial: () => ({ n: 0, secret: 'hush' }),
      transition: (state, { n }) => ({ ...state, n }),
      view: { schema: z.strictObject({ n: z.int() }), of: ({ n }) => ({ n }) },
    })
    await using episode = openLocal(env)
    const replies = [await episode.reset(), await episode.step({ n: 1 }), await episode.state()]
    expect(JSON.stringify(replies)).not.toContain('hush')
    expect(await episode.state()).toMatchObject({ n: 1 })
    expect((await episode.snapshot()).state).toEqual({ n: 1, secret: 'hush' })
  })
})

describe('what is refused when it is defined', () => {
  const defining = (more: object) => () => definePureEnvironment({ ...parts, ...more })

  it('transforms, dates and the like: what has no JSON Schema [OE-3]', () => {
    const n = z.string().transform(Number)
    expect(defining({ action: z.strictObject({ n }) })).toThrow('The action schema transforms a value at n')
    expect(defining({ observation: z.strictObject({ n }) })).toThrow('The observation schema')
    expect(defining({ state: z.strictObject({ n: z.date() }) })).toThrow(
      'The state schema has no JSON Schema',
    )
    expect(defining({ options: z.strictObject({ n: z.coerce.number() }) })).toThrow('The options schema')
  })

  it('actions and observations that are no JSON object', () => {
    expect(defining({ action: z.string() })).toThrow('The action schema must describe a JSON object')
    expect(defining({ observation: z.union([z.strictObject({}), z.null()]) })).toThrow(
      'must describe a JSON object',
    )
  })

  it('names that the wire uses itself', () => {
    for (const key of ['metadata', 'reward', 'done', 'tools', 'tool_name']) {
      expect(defining({ observation: z.strictObject({ [key]: z.string() }) })).toThrow(`declares "${key}"`)
    }
    for (const key of ['episode_id', 'step_count', 'episodeId', 'stepCount', 'seed']) {
      const view = { schema: z.strictObject({ [key]: z.string() }), of: () => ({}) }
      expect(defining({ view })).toThrow(`declares "${key}"`)
    }
    for (const key of ['seed', 'episode_id', 'task_id', 'split', 'index', 'task_spec', 'session_id']) {
      expect(defining({ options: z.strictObject({ [key]: z.string() }) })).toThrow(`declares "${key}"`)
    }
  })

  it('names of environments that are no lower-case words', () => {
    for (const name of ['', 'Guess', 'a b', 'a_b', '-a', '7up', '../x'])
      expect(defining({ name })).toThrow('is no name')
    expect(defining({ name: 'email-triage2' })).not.toThrow()
  })
})

describe('strictness by default [OE-3]', () => {
  it('refuses unknown keys by name, though the schema is a plain z.object', async () => {
    const env = definePureEnvironment({
      ...parts,
      action: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('add'), n: z.int() }),
        z.object({ kind: z.literal('stop') }),
      ]),
      transition: (state, action) => (action.kind === 'add' ? { n: state.n + action.n } : state),
    })
    await using episode = openLocal(env)
    await episode.reset()
    await expect(episode.step({ kind: 'stop', n: 1 } as never)).rejects.toMatchObject({
      issues: [{ type: 'extra_forbidden', loc: ['n'] }],
    })
    expect((await episode.step({ kind: 'add', n: 2 })).observation).toEqual({ n: 2 })
  })

  it('takes the form with defaults left out', async () => {
    const env = definePureEnvironment({ ...parts, action: z.strictObject({ n: z.int().default(4) }) })
    await using episode = openLocal(env)
    await episode.reset()
    expect((await episode.step({})).observation).toEqual({ n: 4 })
  })
})

describe('types', () => {
  it('are inferred from the schemas, whatever the order of the members', () => {
    type Observation = ObservationOf<typeof guess>
    expectTypeOf<Observation['hint']>().toEqualTypeOf<'start' | 'higher' | 'lower' | 'found'>()
    expectTypeOf<ActionOf<typeof guess>>().toEqualTypeOf<{ number: number }>()
    const env = definePureEnvironment({
      status: ({ hint }) => (hint === 'warm' ? 'terminated' : 'running'),
      observe: ({ hint }) => ({ hint }),
      transition: (state, { n }, { index }) => ({ ...state, hint: n > index ? 'warm' : 'cold' }),
      initial: ({ task }) => {
        expectTypeOf(task?.data.level).toEqualTypeOf<number | undefined>()
        return { hint: 'start' }
      },
      reward: { warm: ({ hint }, { action }) => (hint === 'warm' && action !== null ? action.n : 0) },
      tasks: taskList({ train: [{ id: 'a', level: 1 }] }),
      name: 'typed',
      description: 'Typed.',
      action: z.strictObject({ n: z.int().default(1) }),
      observation: z.strictObject({ hint: Hint }),
      state: z.strictObject({ hint: Hint }),
    })
    expect(env.name).toBe('typed')
    expectTypeOf<ActionOf<typeof env>>().toEqualTypeOf<{ n?: number | undefined }>()
  })

  it('make typos errors, and states read-only', () => {
    const wrong = (): unknown => [
      definePureEnvironment({
        ...parts,
        observation: z.strictObject({ hint: Hint }),
        // @ts-expect-error -- 'wram' is no hint
        observe: () => ({ hint: 'wram' }),
      }),
      definePureEnvironment({
        ...parts,
        // @ts-expect-error -- a state is not changed but replaced
        transition: (state) => Object.assign(state, { n: (state.n = 1) }),
      }),
      definePureEnvironment({
        ...parts,
        // @ts-expect-error -- there is no such status
        status: () => 'done',
      }),
    ]
    expect(wrong).toBeTypeOf('function')
  })
})
