import { beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { defineToolEnvironment } from './tool-environment.ts'
import type { EpisodeLimits } from './environment.ts'
import { OpenEnvError } from './errors.ts'
import { openLocal } from './local.ts'
import { taskList } from './task-list.ts'
import { checkEnvironment, episodeSuite } from './testing/index.ts'
import { agentTools } from './agent-tools.ts'

interface Order {
  readonly item: string
  refunded: boolean
}

/** A shop that holds its orders in memory and notes what happens to it. */
class Shop {
  readonly orders: Map<string, Order>
  open = true

  constructor(orders: Readonly<Record<string, string>>) {
    this.orders = new Map(Object.entries(orders).map(([id, item]) => [id, { item, refunded: false }]))
  }

  search(text: string): readonly { readonly order: string; readonly item: string }[] {
    return [...this.orders]
      .filter(([, { item }]) => item.includes(text))
      .map(([order, { item }]) => ({ order, item }))
  }

  refund(order: string): string {
    const found = this.orders.get(order)
    if (found === undefined) throw new Error(`There is no order ${order}.`)
    found.refunded = true
    return `Refunded ${found.item}.`
  }

  get refunds(): readonly string[] {
    return [...this.orders].filter(([, { refunded }]) => refunded).map(([order]) => order)
  }
}

interface ShopTask {
  readonly id: string
  readonly request: string
  readonly stock: Readonly<Record<string, string>>
  readonly gold: { readonly order: string }
}

const tasks = taskList<ShopTask>({
  train: [
    {
      id: 'cup',
      request: 'My cup came broken.',
      stock: { o1: 'red cup', o2: 'blue plate' },
      gold: { order: 'o1' },
    },
    {
      id: 'plate',
      request: 'The plate is chipped.',
      stock: { o7: 'plate', o8: 'cup' },
      gold: { order: 'o7' },
    },
  ],
})

const worlds: Shop[] = []
let graderFails = false

function shopWith(limits: EpisodeLimits) {
  return defineToolEnvironment({
    name: 'shop',
    tasks,
    open: ({ task }) => {
      const world = new Shop(task.stock)
      worlds.push(world)
      return Promise.resolve({ db: world })
    },
    close: (world) => {
      world.db.open = false
    },
    tools: {
      search: {
        description: 'Search the orders.',
        input: z.strictObject({ text: z.string() }),
        run: (world, { text }) => world.db.search(text),
      },
      refund: {
        description: 'Refund an order.',
        input: z.strictObject({ order: z.string(), times: z.int().min(1).default(1) }),
        run: (world, { order }) => world.db.refund(order),
      },
      dice: {
        description: 'Throw a dice.',
        input: z.strictObject({}),
        run: (_world, _input, { random, index, task }) => ({
          index,
          task: task.id,
          eyes: random.integer(1, 6),
        }),
      },
      finish: {
        description: 'Say that the work is done.',
        input: z.strictObject({}),
        final: true,
        run: () => 'Thank you.',
      },
    },
    prompt: (_world, { task }) => task.request,
    rubric: {
      refunded: {
        weight: 0.7,
        score: ({ db }, { gold }) => Promise.resolve(db.refunds.includes(gold.order)),
      },
      noOther: {
        weight: 0.3,
        score: ({ db }, { gold }) => {
          if (graderFails) throw new Error('no connection to the grader')
          return db.refunds.every((order) => order === gold.order)
        },
      },
    },
    rewardRange: [0, 1],
    fork: ({ db }) => {
      const copy = new Shop({})
      for (const [id, order] of db.orders) copy.orders.set(id, { ...order })
      worlds.push(copy)
      return { db: copy }
    },
    deterministic: true,
    limits,
  })
}
const shop = shopWith({ steps: 7 })

const worldsOpen = (): number => worlds.filter(({ open }) => open).length

beforeEach(() => {
  worlds.length = 0
  graderFails = false
})

describe('defineToolEnvironment', () => {
  it('keeps the contract, and never shows gold', async () => {
    const report = await checkEnvironment(shop, {
      gold: (id) => (id === 'cup' ? ['gold', '"order":"o9'] : ['gold']),
    })
    expect(report.checked.fork).toBeGreaterThan(0)
    expect(report.checked.gold).toBeGreaterThan(0)
    expect(worldsOpen()).toBe(0)
  })

  it('says the prompt at reset, and scores once, at the end', async () => {
    await using episode = openLocal(shop)
    const first = await episode.reset({ taskId: 'cup' })
    expect(first).toEqual({
      observation: { prompt: 'My cup came broken.' },
      reward: null,
      status: 'running',
      done: false,
      info: { task_id: 'cup' },
    })
    expect(await episode.prompt()).toBe('My cup came broken.')
    const found = await episode.step({ tool_name: 'search', arguments: { text: 'cup' } })
    expect(found.reward).toBeNull()
    expect(found.observation).toEqual({
      tool_name: 'search',
      result: {
        content: [{ type: 'text', text: '[{"order":"o1","item":"red cup"}]' }],
        structured_content: { result: [{ order: 'o1', item: 'red cup' }] },
        data: [{ order: 'o1', item: 'red cup' }],
        is_error: false,
      },
      error: null,
    })
    await episode.step({ type: 'call_tool', tool_name: 'refund', arguments: { order: 'o1', times: 1 } })
    const last = await episode.step({ tool_name: 'finish', arguments: {} })
    expect(await episode.state()).toMatchObject({
      stepCount: 3,
      task_id: 'cup',
      reward: 1,
      terms: [
        { name: 'refunded', value: 1, weight: 0.7 },
        { name: 'noOther', value: 1, weight: 0.3 },
      ],
    })
    expect(last).toMatchObject({
      reward: 1,
      status: 'terminated',
      done: true,
      terms: [
        { name: 'refunded', value: 1, weight: 0.7 },
        { name: 'noOther', value: 1, weight: 0.3 },
      ],
      info: { task_id: 'cup', 'reward.refunded': 1, 'reward.noOther': 1, score: 1 },
      observation: { result: { content: [{ type: 'text', text: 'Thank you.' }], data: 'Thank you.' } },
    })
  })

  it('counts booleans as 1 and 0, with their weights', async () => {
    await using episode = openLocal(shop)
    await episode.reset({ taskId: 'plate' })
    await episode.step({ tool_name: 'refund', arguments: { order: 'o8', times: 1 } })
    const { reward, terms } = await episode.step({ tool_name: 'finish', arguments: {} })
    expect(reward).toBe(0)
    expect(terms).toMatchObject([
      { name: 'refunded', value: 0 },
      { name: 'noOther', value: 0 },
    ])
  })

  it('scores when a limit cuts the episode off', async () => {
    await using episode = openLocal(shop, { limits: { steps: 2 } })
    await episode.reset({ taskId: 'cup' })
    await episode.step({ tool_name: 'refund', arguments: { order: 'o1', times: 1 } })
    const last = await episode.step({ tool_name: 'search', arguments: { text: '' } })
    expect(last).toMatchObject({
      reward: 1,
      status: 'truncated',
      observation: { tool_name: 'search', error: null },
    })
    expect(worldsOpen()).toBe(0)
  })

  it('answers what an agent does wrong as a counted observation with an error', async () => {
    await using episode = openLocal(shop)
    await episode.reset({ taskId: 'cup' })
    const agent: { step(action: unknown): Promise<{ observation: unknown }> } = episode
    const failing = async (action: object): Promise<unknown> => (await agent.step(action)).observation
    expect(await failing({ tool_name: 'nope', arguments: {} })).toEqual({
      tool_name: 'nope',
      result: null,
      error: {
        error_type: 'tool_not_found',
        message: "Unknown tool: 'nope'. There are: search, refund, dice, finish.",
      },
    })
    expect(await failing({ tool_name: 'refund', arguments: { ordr: 'o1' } })).toMatchObject({
      error: {
        error_type: 'invalid_args',
        message: 'Invalid arguments: order: Field required; ordr: Unknown field.',
      },
    })
    expect(await failing({ tool_name: 'refund', arguments: { order: 'o3' } })).toMatchObject({
      error: { error_type: 'execution_error', message: 'There is no order o3.' },
    })
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(await failing({ tool_name: name })).toMatchObject({ error: { error_type: 'tool_not_found' } })
    }
    const last = await agent.step({ tool_name: 'finish', arguments: { why: 1 } })
    expect(last).toMatchObject({
      status: 'truncated',
      observation: { error: { error_type: 'invalid_args' } },
    })
    expect(episode.stepCount).toBe(shop.limits.steps)
  })

  it('takes calls without type, without arguments and with metadata, and refuses what is no call [OE-3]', async () => {
    await using episode = openLocal(shop)
    await episode.reset({ taskId: 'cup' })
    const agent: { step(action: unknown): Promise<{ done: boolean }> } = episode
    await expect(agent.step({ type: 'other', tool_name: 'finish' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    })
    await expect(agent.step({ tool_name: 'finish', extra: 1 })).rejects.toMatchObject({
      issues: [{ type: 'extra_forbidden', loc: ['extra'] }],
    })
    await expect(agent.step({ arguments: {} })).rejects.toMatchObject({
      issues: [{ type: 'missing', loc: ['tool_name'] }],
    })
    expect(episode.stepCount).toBe(0)
    expect((await agent.step({ tool_name: 'finish', arguments: null, metadata: {} })).done).toBe(true)
  })

  it('never makes a failed grader a zero: the step fails, and every later one, until a reset', async () => {
    graderFails = true
    await using episode = openLocal(shop)
    await episode.reset({ taskId: 'cup' })
    const end = (): Promise<unknown> => episode.step({ tool_name: 'finish', arguments: {} })
    await expect(end()).rejects.toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'The reward term "noOther" could not be scored.',
      data: { part: 'grader' },
      cause: new Error('no connection to the grader'),
    })
    await expect(end()).rejects.toMatchObject({ code: 'EXECUTION_ERROR' })
    expect(episode.stepCount).toBe(0)
    graderFails = false
    await episode.reset({ taskId: 'cup' })
    await expect(end()).resolves.toMatchObject({ done: true })
  })

  it('refuses a term that is not finite', async () => {
    const odd = defineToolEnvironment({
      name: 'odd',
      open: () => ({}),
      tools: { end: { description: 'End.', input: z.strictObject({}), final: true, run: () => undefined } },
      rubric: { ratio: () => 0 / 0 },
    })
    await using episode = openLocal(odd)
    const first = await episode.reset()
    expect(first.observation).toEqual({ prompt: 'odd' })
    await expect(episode.step({ tool_name: 'end', arguments: {} })).rejects.toThrow(
      'The reward term "ratio" is NaN, which JSON cannot carry.',
    )
  })

  it('takes an OpenEnvError of a tool for a failure of the environment', async () => {
    const fragile = defineToolEnvironment({
      name: 'fragile',
      open: () => ({}),
      tools: {
        crash: {
          description: 'Cut the power.',
          input: z.strictObject({}),
          run: () => {
            throw new OpenEnvError('EXECUTION_ERROR', 'The database is gone.')
          },
        },
      },
      rubric: {},
    })
    await using episode = openLocal(fragile)
    await episode.reset()
    const call = episode.step({ tool_name: 'crash', arguments: {} })
    await expect(call).rejects.toMatchObject({ code: 'EXECUTION_ERROR', message: 'The database is gone.' })
    expect(episode.stepCount).toBe(0)
  })

  it('gives tools the random stream and index of their step, and the task without its gold', async () => {
    const seen: unknown[] = []
    for (const _time of [1, 2]) {
      await using episode = openLocal(shop)
      await episode.reset({ taskId: 'cup', seed: 5 })
      seen.push((await episode.step({ tool_name: 'dice', arguments: {} })).observation)
    }
    expect(seen[0]).toEqual(seen[1])
    expect(seen[0]).toMatchObject({ result: { data: { index: 1, task: 'cup' } } })
  })

  it('closes each world once: at the end, at the next reset, at close', async () => {
    const episode = openLocal(shop)
    await episode.reset({ taskId: 'cup' })
    await episode.reset({ taskId: 'cup' })
    expect(worlds.map(({ open }) => open)).toEqual([false, true])
    await episode.step({ tool_name: 'finish', arguments: {} })
    expect(worldsOpen()).toBe(0)
    await episode.reset({ taskId: 'cup' })
    await episode.close()
    expect(worldsOpen()).toBe(0)
  })

  it('closes a world that opened too late, and one whose prompt failed', async () => {
    const closed: string[] = []
    let arrive: (world: string) => void = () => undefined
    const slow = (prompt: () => string) =>
      defineToolEnvironment({
        name: 'slow',
        open: () =>
          new Promise<string>((resolve) => {
            arrive = resolve
          }),
        close: (world) => {
          closed.push(world)
        },
        prompt,
        tools: {},
        rubric: {},
      })
    const late = openLocal(slow(() => 'Go.'))
    const reset = late.reset()
    const refused = expect(reset).rejects.toMatchObject({ code: 'CANCELLED' })
    await new Promise((resolve) => setImmediate(resolve))
    await late.close()
    await refused
    arrive('late')
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toEqual(['late'])
    await using failing = openLocal(
      slow(() => {
        throw new Error('no words')
      }),
    )
    const failed = failing.reset()
    await new Promise((resolve) => setImmediate(resolve))
    arrive('speechless')
    await expect(failed).rejects.toMatchObject({ code: 'EXECUTION_ERROR' })
    expect(closed).toEqual(['late', 'speechless'])
  })

  it('forks the world where the definition says how, and not otherwise', async () => {
    await using episode = openLocal(shop)
    await episode.reset({ taskId: 'cup' })
    const twin = await episode.fork()
    await twin.step({ tool_name: 'refund', arguments: { order: 'o1', times: 1 } })
    expect((await twin.step({ tool_name: 'finish', arguments: {} })).reward).toBe(1)
    expect((await episode.step({ tool_name: 'finish', arguments: {} })).reward).toBeCloseTo(0.3)
    await expect(episode.snapshot()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  it('copies what a tool gives: what happens to the world later does not change what was seen', async () => {
    const live = { list: [1] }
    const env = defineToolEnvironment({
      name: 'live',
      open: () => live,
      tools: {
        look: { description: 'Look.', input: z.strictObject({}), run: (world) => world },
        void: { description: 'Nothing.', input: z.strictObject({}), run: () => undefined },
      },
      rubric: {},
    })
    await using episode = openLocal(env)
    await episode.reset()
    const { observation } = await episode.step({ tool_name: 'look', arguments: {} })
    live.list.push(2)
    expect(observation).toMatchObject({ result: { data: { list: [1] }, structured_content: { list: [1] } } })
    const nothing = await episode.step({ tool_name: 'void', arguments: {} })
    expect(nothing.observation).toMatchObject({
      result: { content: [], data: null, structured_content: null },
    })
  })

  it('says in the JSON Schema of its action which tools there are and what they take', () => {
    expect(z.toJSONSchema(shop.action, { io: 'input' })).toMatchObject({
      type: 'object',
      required: ['tool_name'],
      anyOf: expect.arrayContaining([
        expect.objectContaining({
          properties: {
            tool_name: { const: 'search' },
            arguments: expect.objectContaining({
              required: ['text'],
              additionalProperties: false,
            }) as unknown,
          },
        }),
      ]) as unknown,
    })
    expect(shop.tools?.map(({ name, final }) => [name, final])).toEqual([
      ['search', undefined],
      ['refund', undefined],
      ['dice', undefined],
      ['finish', true],
    ])
  })

  it('refuses reserved and unusable names of tools, and arguments that are no object', () => {
    const withTool =
      (name: string, input: z.ZodType = z.strictObject({})) =>
      () =>
        defineToolEnvironment({
          name: 'x',
          open: () => 0,
          tools: { [name]: { description: '', input, run: () => 0 } },
          rubric: {},
        })
    for (const name of ['reset', 'step', 'state', 'close', 'observe']) {
      expect(withTool(name)).toThrow(`A tool cannot be called "${name}"`)
    }
    expect(withTool('two words')).toThrow('is no name for a tool')
    expect(withTool('list', z.array(z.string()))).toThrow(
      'The input of the tool "list" must be an object schema',
    )
    expect(withTool('date', z.strictObject({ at: z.date() }))).toThrow(
      'input of the tool "date" schema has no JSON Schema',
    )
  })

  it('seats an agent that can call tools and nothing else', async () => {
    await using episode = openLocal(shop)
    const tools = agentTools(episode, shop)
    expect((await tools.listTools()).map(({ name }) => name)).toContain('refund')
    await episode.reset({ taskId: 'cup' })
    expect(await tools.callTool('refund', { order: 'o1' })).toMatchObject({
      isError: false,
      data: 'Refunded red cup.',
    })
    expect(await tools.callTool('refund', { order: 'o9' })).toMatchObject({ isError: true })
  })

  it('infers worlds, tasks, gold and arguments, and checks them', () => {
    const episode = openLocal(shop)
    type Call = Parameters<typeof episode.step>[0]
    expectTypeOf<Extract<Call, { tool_name: 'search' }>['arguments']>().toEqualTypeOf<{ text: string }>()
    const define = (): unknown => [
      // @ts-expect-error -- 'nope' is no tool
      () => episode.step({ tool_name: 'nope', arguments: {} }),
      // @ts-expect-error -- the argument is a text
      () => episode.step({ tool_name: 'search', arguments: { text: 7 } }),
      defineToolEnvironment({
        name: 'typed',
        tasks,
        open: ({ task }) => {
          // @ts-expect-error -- gold is the rubric's alone
          expectTypeOf(task.gold).toBeAny()
          expectTypeOf(task.request).toBeString()
          return { count: 1 }
        },
        tools: {
          a: {
            description: '',
            input: z.strictObject({ n: z.int() }),
            // @ts-expect-error -- the world has no `cuont`
            run: (world) => Number(world.cuont),
          },
          b: {
            description: '',
            input: z.strictObject({ n: z.int() }),
            run: (world, input) => {
              expectTypeOf(world).toEqualTypeOf<{ count: number }>()
              expectTypeOf(input).toEqualTypeOf<{ n: number }>()
            },
          },
        },
        rubric: { gold: (_world, { gold }) => gold.order === 'o1' },
      }),
      defineToolEnvironment({
        name: 'texts',
        open: () => 0,
        tools: {},
        // @ts-expect-error -- a term is a number or a boolean
        rubric: { text: () => 'good' },
      }),
    ]
    expect(define).toBeTypeOf('function')
  })
})

describe('an episode of a tool environment', () => {
  const actions = [
    { tool_name: 'search', arguments: { text: 'cup' } },
    { tool_name: 'refund', arguments: { order: 'o1' } },
    { tool_name: 'dice' },
  ]
  for (const { name, run } of episodeSuite(shop, () => openLocal(shop), { actions }))
    it(name, () => expect(run()).resolves.toBeUndefined())
})
