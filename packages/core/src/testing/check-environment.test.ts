import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import echo from '@openenv-ts/echo'
import guess from '@openenv-ts/examples/guess.ts'
import type { AnyEnvironment, TimeStep, Simulation } from '../environment.ts'
import { OpenEnvError } from '../errors.ts'
import { definePureEnvironment, type PureDefinition } from '../pure-environment.ts'
import type { TaskProvider } from '../task.ts'
import { taskList } from '../task-list.ts'
import { checkEnvironment, ContractError, counter, type CheckOptions, type Finding } from './index.ts'

describe('checkEnvironment passes what keeps the contract', () => {
  it.each([echo, guess, counter])('$name', async (environment) => {
    const report = await checkEnvironment(environment)
    expect(report.environment).toBe(environment.name)
    const { gold, tasks, ...always } = report.checked
    expect(Object.values(always).every((count) => count > 0)).toBe(true)
    expect(tasks > 0).toBe(environment.tasks !== undefined)
    expect(gold).toBe(0)
    expect(report.steps).toBeGreaterThan(10)
  })

  it('takes actions, tasks, seeds and steps that it is given', async () => {
    const report = await checkEnvironment(guess, {
      seeds: [2 ** 53 - 1],
      act: () => ({ number: 50 }),
      endsWithin: 7,
    })
    expect(report.steps).toBeLessThanOrEqual(7)
    const one = await checkEnvironment(counter, {
      tasks: ['count-to-12'],
      seeds: [3],
      options: { from: 2 },
      endsWithin: 10,
    })
    expect(one.checked.tasks).toBeGreaterThan(0)
    expect(one.steps).toBeGreaterThan(3)
  })

  it('looks for gold data in everything that an agent sees', async () => {
    const report = await checkEnvironment(counter, { gold: (task) => [`secret of ${task}`] })
    expect(report.checked.gold).toBeGreaterThan(100)
  })
})

const Pile = z.strictObject({ height: z.int(), log: z.array(z.string()) })
type Pile = z.infer<typeof Pile>
type Definition = PureDefinition<
  { by: number },
  { by: number },
  unknown,
  Pile,
  { id: string; gold: string },
  unknown
>

/** A sound environment, with one member replaced by a broken one. */
function pile(broken: Partial<Definition> = {}): AnyEnvironment {
  return definePureEnvironment({
    name: 'pile',
    description: 'Pile up.',
    action: z.strictObject({ by: z.int().min(1).max(9) }),
    observation: z.strictObject({ height: z.int() }),
    state: Pile,
    initial: () => ({ height: 0, log: [] }),
    transition: (state, { by }) => ({ height: state.height + by, log: [...state.log, 'up'] }),
    observe: ({ height }) => ({ height }),
    reward: { height: ({ height }) => height / 100 },
    status: ({ height }) => (height > 30 ? 'terminated' : 'running'),
    ...broken,
  })
}

/** A sound environment in the effectful form, with one member of its frames replaced. */
function shelf(broken: Partial<TimeStep<unknown>> = {}, more: Partial<AnyEnvironment> = {}): AnyEnvironment {
  class Shelf implements Simulation<{ by: number }, unknown> {
    count = 0
    timeStep: TimeStep<unknown> = { observation: { count: 0 }, reward: null, status: 'running', info: {} }

    step({ by }: { by: number }): this {
      this.count += by
      this.timeStep = {
        observation: { count: this.count },
        reward: 0,
        status: 'running',
        info: {},
        ...broken,
      }
      return this
    }
  }
  return {
    name: 'shelf',
    description: 'Put on the shelf.',
    version: '1.0.0',
    action: z.strictObject({ by: z.int().min(1).max(9) }),
    observation: z.strictObject({ count: z.int() }),
    rubric: [],
    limits: {},
    deterministic: true,
    concurrent: true,
    start: () => new Shelf(),
    ...more,
  }
}

async function findingsOf(environment: AnyEnvironment, options?: CheckOptions): Promise<readonly Finding[]> {
  try {
    await checkEnvironment(environment, options)
  } catch (error) {
    if (error instanceof ContractError) return error.findings
    throw error
  }
  return []
}

/** The one finding whose promise and message fit, or a failure that shows those that there are. */
async function finding(
  promise: string,
  message: string,
  environment: AnyEnvironment,
  options?: CheckOptions,
): Promise<Finding> {
  const all = await findingsOf(environment, options)
  const found = all.find((each) => each.promise === promise && each.message.includes(message))
  expect(found, all.map((each) => `${each.promise}: ${each.message}`).join('\n')).toBeDefined()
  return found as Finding
}

describe('checkEnvironment names what breaks', () => {
  it('nothing, in the environments that the broken ones are made from', async () => {
    await expect(checkEnvironment(pile())).resolves.toBeDefined()
    await expect(checkEnvironment(shelf())).resolves.toBeDefined()
  })

  it('one message for a person: promise, seed, task, step, expected, received', async () => {
    const broken = pile({ observe: ({ height, log }) => ({ height, log }) })
    await expect(checkEnvironment(broken, { seeds: [5] })).rejects.toThrow(
      [
        'pile breaks a promise of the contract.',
        '',
        '1. schemas: observations, info and state view keep their schemas, and are plain JSON',
        '   The observation breaks its schema: log: Unknown field.',
        '   at        seed 5, reset',
        '   expected  "what the schema says"',
        '   received  {"height":0,"log":[]}',
      ].join('\n'),
    )
  })

  it('an observation that is not in its schema, by the key: `observe: (state) => state`', async () => {
    const found = await finding('schemas', 'log: Unknown field', pile({ observe: (state) => state }))
    expect(found.where).toEqual({ seed: 0, task: null, step: 0 })
  })

  it('a key that a schema drops in silence', async () => {
    const broken = shelf(
      { observation: { count: 1, secret: 'x' } },
      { observation: z.object({ count: z.int() }) },
    )
    await finding('schemas', 'The observation has "secret", which its schema does not', broken)
  })

  it('an observation that is no plain JSON', async () => {
    const broken = shelf(
      { observation: { count: new Map() } },
      { observation: z.strictObject({ count: z.any() }) },
    )
    await finding('schemas', 'The observation is no plain JSON at count', broken)
  })

  it('an info that is not flat or not finite, by the key', async () => {
    await finding(
      'schemas',
      'The info is not flat at "parts"',
      pile({ info: () => ({ parts: [1] }) as never }),
    )
    await finding('schemas', 'The info is not flat at "ratio"', pile({ info: () => ({ ratio: NaN }) }))
  })

  it('a state view that breaks its schema', async () => {
    const view = {
      schema: z.strictObject({ height: z.int() }),
      of: ({ height }: Pile) => ({ height, more: 1 }),
    }
    await finding('schemas', 'more: Unknown field', pile({ view: view }))
  })

  it('a state that breaks its schema, or is no plain JSON, by the function that made it', async () => {
    const broken = pile({
      transition: (state, { by }) => ({ ...state, height: state.height + by, log: [by as never] }),
    })
    await finding('schemas', 'The state that transition answers breaks its schema: log.0', broken)
    const odd = pile({
      initial: () => ({ height: 0, log: new Set() as never }),
      transition: (state) => state,
    })
    await finding('schemas', 'The state that initial answers is no plain JSON at log', odd)
  })

  it('a reward that is no number', async () => {
    const found = await finding(
      'actions',
      'The reward term "ratio" is NaN, which JSON cannot carry.',
      pile({ reward: { ratio: () => 0 / 0 } }),
    )
    expect(found.where.step).toBe(1)
    await finding('rewards', 'The reward of a step is not a number', shelf({ reward: NaN }))
    await finding(
      'rewards',
      'The term "part" is not finite',
      shelf({ terms: [{ name: 'part', value: Infinity, weight: 1 }] }),
    )
  })

  it('a reward outside its range', async () => {
    const found = await finding(
      'rewards',
      'outside the declared range',
      shelf({ reward: 2 }, { rewardRange: [0, 1] }),
    )
    expect(found).toMatchObject({ expected: '"0 to 1"', received: '2' })
  })

  it('a reward after reset', async () => {
    const start = (): Simulation<unknown, unknown> => ({
      timeStep: { observation: { count: 0 }, reward: 1, status: 'running', info: {} },
      step() {
        return this
      },
    })
    await finding('rewards', 'A reset has a reward', shelf({}, { start }))
  })

  it('a status that does not exist', async () => {
    await finding('status', 'none of those that exist', shelf({ status: 'done' as never }))
  })

  it('an episode that does not end where it was said to', async () => {
    const found = await finding('status', 'does not end within 3 steps', pile(), { endsWithin: 3 })
    expect(found.where.seed).toBe(0)
  })

  it('a transition that changes its argument, and what it changed', async () => {
    const broken = pile({
      transition: (state, { by }) => {
        Object.assign(state, { height: state.height + by })
        return state
      },
    })
    const found = await finding('pure functions', 'transition changes the state that it is given', broken)
    expect(found.expected).toBe('{"height":0,"log":[]}')
    expect(found.received).toMatch(/^\{"height":[1-9],"log":\[\]\}$/)
    await finding(
      'fork',
      'the state of the original',
      pile({
        view: { schema: z.strictObject({ height: z.int() }), of: ({ height }) => ({ height }) },
        ...(broken as unknown as { definition: Definition }).definition,
      }),
    )
  })

  it('a function that changes its argument deep inside, or answers differently every time', async () => {
    const deep = pile({
      observe: ({ height, log }) => {
        ;(log as string[]).push('seen')
        return { height }
      },
    })
    await finding('pure functions', 'observe changes the state that it is given', deep)
    let calls = 0
    const moody = pile({ info: () => ({ calls: (calls += 1) }) })
    await finding('pure functions', 'For the same arguments, a second answer of info differs at calls', moody)
  })

  it('an initial that changes the data of its task', async () => {
    const tasks = taskList({ train: [{ id: 'a', gold: 'g' }] })
    const broken = pile({
      tasks,
      initial: ({ task }) => {
        if (task !== null) Object.assign(task.data, { gold: `${task.data.gold}!` })
        return { height: 0, log: [] }
      },
    })
    await finding('pure functions', 'initial changes the task that it is given', broken)
  })

  it('a run that depends on what ran before: a counter in the module', async () => {
    let counted = 0
    const broken = pile({
      transition: (state, { by }) => ({ ...state, height: state.height + by + ((counted += 1) % 2) }),
    })
    const found = await finding(
      'determinism',
      'A second run: the reply differs at observation.height',
      broken,
    )
    expect(found.where.step).toBeGreaterThan(0)
    await finding('replay', 'Replayed: the reply differs', broken)
  })

  it('a start that depends on what ran before', async () => {
    let starts = 0
    const broken = pile({ initial: () => ({ height: (starts += 1) % 7, log: [] }) })
    await finding('seeds', 'In an episode used before, the reset differs at observation.height', broken)
  })

  it('a start that depends on the time', async () => {
    const broken = pile({ initial: ({ clock }) => ({ height: clock.now() % 1e9, log: [] }) })
    await finding('determinism', 'A second run: the reply differs at observation.height', broken)
  })

  it('a fork that holds what its original holds', async () => {
    const own = shelf()
    const sharing: AnyEnvironment = {
      ...own,
      start: (context) =>
        Object.assign(own.start(context) as Simulation<unknown, unknown>, { fork: forkOfItself }),
    }
    function forkOfItself(this: Simulation<unknown, unknown>): Simulation<unknown, unknown> {
      return this
    }
    await finding('fork', 'After its fork had gone another way', sharing)
  })

  it('a snapshot that does not hold everything', async () => {
    const own = shelf()
    const forgetful: AnyEnvironment = {
      ...own,
      start: (context) =>
        Object.assign(own.start(context) as Simulation<unknown, unknown>, { snapshot: () => ({}) }),
      restore: (_state, _frame, context) => own.start(context),
    }
    await finding('snapshot', 'Restored: the reply differs at observation.count', forgetful)
  })

  it('an environment that can be reset once', async () => {
    let starts = 0
    const once = pile({
      initial: () => {
        starts += 1
        if (starts > 5) throw new Error('used up')
        return { height: 0, log: [] }
      },
    })
    const found = await finding('lifecycle', 'used up', once)
    expect(found.message).toContain('The environment failed during reset. Cause: Error: used up')
  })

  it('an environment that fails on legal input, and how', async () => {
    const broken = pile({
      transition: (state, { by }) => {
        if (by > 4) throw new TypeError('no such shelf')
        return { ...state, height: state.height + by }
      },
    })
    const found = await finding('actions', 'TypeError: no such shelf', broken)
    expect(found.received).toMatch(/^\{"by":[5-9]\}$/)
  })

  it('an environment that fails on an input that few agents send', async () => {
    const broken = definePureEnvironment({
      name: 'fragile',
      description: 'Breaks on lone surrogates.',
      action: z.strictObject({ text: z.string() }),
      observation: z.strictObject({ text: z.string() }),
      state: z.strictObject({ text: z.string() }),
      initial: () => ({ text: '' }),
      transition: (_state, { text }) => ({ text: decodeURIComponent(encodeURIComponent(text)) }),
      observe: ({ text }) => ({ text }),
      reward: {},
      status: () => 'running',
    })
    const found = await finding('bad input', 'makes the environment fail', broken)
    expect(found.message).toContain(String.raw`\ud800`)
    expect(found.received).toContain('URIError')
  })

  it('an error that shows where in the code it came from', async () => {
    const broken = pile({
      transition: () => {
        throw new OpenEnvError(
          'VALIDATION_ERROR',
          `${String(new Error('x').stack)}\n    at f (file:///srv/pile.ts:1:1)`,
        )
      },
    })
    await finding(
      'bad input',
      'where in the code',
      pile({
        action: z.strictObject({ by: z.number() }),
        transition: (state, action, context) =>
          action.by < 0 || action.by > 1e9
            ? (broken as unknown as { definition: Definition }).definition.transition(state, action, context)
            : state,
      }),
      { act: () => ({ by: 1 }) },
    )
  })

  it('changes made to an observation that reach the state', async () => {
    const shared: { notes: string[] } = { notes: ['a'] }
    const broken = shelf(
      { observation: { count: shared } },
      { observation: z.strictObject({ count: z.any() }) },
    )
    await finding('read-only state', 'After what was given out had been changed, the reply differs', broken)
  })

  it('gold data in an observation, an info, the state or an error', async () => {
    const tasks = taskList({ train: [{ id: 'a', gold: 'route to legal' }] })
    const gold = (): readonly string[] => ['route to legal']
    const leaking = (broken: Partial<Definition>): Promise<Finding> =>
      finding('gold', 'which is gold data', pile({ tasks, ...broken }), { gold })
    const inInfo = await leaking({
      info: (_state, { index }) => (index < 2 ? {} : { hint: 'try: route to legal!' }),
    })
    expect(inInfo).toMatchObject({
      message: expect.stringContaining('The info has') as string,
      where: { step: 2 },
    })
    expect(inInfo.received).toContain('try: route to legal!')
    const inObservation = await leaking({
      observation: z.strictObject({ log: z.string() }),
      observe: () => ({ log: 'route to legal' }),
    })
    expect(inObservation.message).toContain('The observation has')
    const schema = z.strictObject({ gold: z.string() })
    const inState = await leaking({ view: { schema, of: () => ({ gold: 'route to legal' }) } })
    expect(inState.message).toContain('The state before the end has')
    const inError = await leaking({
      action: z.strictObject({ by: z.number() }),
      transition: (state, { by }) => {
        if (by < 0) throw new OpenEnvError('VALIDATION_ERROR', 'No: route to legal.')
        return state
      },
    })
    expect(inError.message).toContain('The error has')
  })

  it('tasks that contradict each other', async () => {
    const sound = taskList({
      train: [
        { id: 'a', gold: '' },
        { id: 'b', gold: '' },
      ],
    })
    const withTasks = (tasks: Partial<TaskProvider<{ id: string; gold: string }>>): AnyEnvironment =>
      pile({ tasks: { ...sound, ...tasks } })
    await finding(
      'tasks',
      'Of the split "train", the number of tasks in its range',
      withTasks({ count: () => 3 }),
    )
    await finding('tasks', 'found by its id, differs at id', withTasks({ find: () => sound.find('a') }))
    const [one] = await sound.range('train', 0, 1)
    await finding('tasks', 'Two tasks have the id "a"', withTasks({ range: () => (one ? [one, one] : []) }))
    await finding('tasks', 'An unknown task is not refused', withTasks({ find: () => one }))
  })

  it('an action schema that asks for more than its JSON Schema says', async () => {
    const odd = z.strictObject({
      by: z
        .int()
        .min(1)
        .max(9)
        .refine((by) => by === 99, 'Expected 99'),
    })
    await finding(
      'actions',
      'No action made from its JSON Schema is accepted: by: Expected 99',
      pile({ action: odd }),
    )
    const unreadable = z.strictObject({ by: z.string().regex(/^(a)\1$/) }) as unknown as Definition['action']
    await finding('actions', 'a back-reference', pile({ action: unreadable, transition: (state) => state }))
  })

  it('every broken promise at once, each once', async () => {
    const findings = await findingsOf(shelf({ reward: NaN, info: { a: NaN }, observation: { count: 0.5 } }))
    const promises = findings.map(({ promise }) => promise)
    expect(promises).toEqual(expect.arrayContaining(['schemas', 'rewards']))
    const texts = findings.map(({ promise, message }) => `${promise} ${message}`)
    expect(new Set(texts).size).toBe(texts.length)
    expect(findings.some(({ times }) => times > 1)).toBe(true)
  })
})
