import {
  definePureEnvironment,
  taskList,
  type Environment,
  type Info,
  type Simulation,
} from '@openenv-ts/core'
import { z } from 'zod'

/** Counts up by what it is told, from where its task says; the goal ends it. */
export function counterEnvironment({ countsInvalid = false } = {}) {
  return definePureEnvironment({
    name: 'counter',
    description: 'Count up to the goal.',
    version: '1.2.3',
    action: z.strictObject({ add: z.int().min(1).max(5) }),
    observation: z.strictObject({ total: z.int(), note: z.string().nullable() }),
    state: z.strictObject({ total: z.int(), goal: z.int(), answer: z.string() }),
    options: z.strictObject({ goal: z.int().min(1).default(10) }),
    rewardRange: [-1, 1],
    tasks: taskList(
      {
        train: Array.from({ length: 12 }, (_, start) => ({
          id: `from-${String(start)}`,
          start,
          gold: 'secret',
        })),
        validation: [{ id: 'held-out', start: 3, gold: 'secret' }],
      },
      { publish: ({ start }) => ({ difficulty: start }) },
    ),
    initial: ({ task, options }) => ({
      total: task?.data.start ?? 0,
      goal: (task?.data.start ?? 0) + Number(options['goal']),
      answer: 'gold',
    }),
    transition: (state, { add }) => ({ ...state, total: state.total + add }),
    observe: ({ total }) => ({ total, note: null }),
    reward: { progress: { weight: 0.1, score: (_state, { action }) => action?.add ?? 0 } },
    status: ({ total, goal }) => (total >= goal ? 'terminated' : 'running'),
    info: ({ total, goal }) => ({ left: Math.max(0, goal - total) }),
    view: { schema: z.strictObject({ total: z.int() }), of: ({ total }) => ({ total }) },
    ...(countsInvalid ? { invalid: (state: { total: number; goal: number; answer: string }) => state } : {}),
  })
}

/** An environment whose steps wait until a test lets them go, and that tells what became of it. */
export interface Held {
  readonly environment: Environment<{ hold: boolean; tag?: string | undefined }, { tag: string }>
  /** Lets the oldest waiting step go. */
  release(): void
  /** Steps that wait now. */
  readonly waiting: number
  readonly started: number
  readonly closed: number
  /** Signals of the steps so far. */
  readonly signals: readonly AbortSignal[]
  /** Resolves when a step waits. */
  reached(): Promise<void>
}

/** @param options - `stuckClose`: closing an episode never ends. */
export function heldEnvironment(
  options: { readonly stuckClose?: boolean; readonly concurrent?: boolean } = {},
): Held {
  const resolvers: (() => void)[] = []
  const arrivals: (() => void)[] = []
  const signals: AbortSignal[] = []
  let started = 0
  let closed = 0
  const simulationAt = (
    tag: string,
  ): Simulation<{ hold: boolean; tag?: string | undefined }, { tag: string }> => ({
    timeStep: { observation: { tag }, reward: 0, status: 'running', info: {} },
    step: ({ hold, tag: next = '' }, { signal }) => {
      signals.push(signal)
      if (!hold) return simulationAt(next)
      return new Promise((resolve) => {
        resolvers.push(() => {
          resolve(simulationAt(next))
        })
        arrivals.shift()?.()
      })
    },
    close: async () => {
      closed += 1
      if (options.stuckClose === true) await new Promise(() => undefined)
    },
  })
  return {
    environment: {
      name: 'held',
      description: 'Waits.',
      version: '1.0.0',
      action: z.strictObject({ hold: z.boolean(), tag: z.string().optional() }),
      observation: z.strictObject({ tag: z.string() }),
      rubric: [],
      limits: {},
      deterministic: true,
      concurrent: options.concurrent ?? true,
      start: () => {
        started += 1
        return simulationAt('start')
      },
    },
    release: () => {
      resolvers.shift()?.()
    },
    get waiting() {
      return resolvers.length
    },
    get started() {
      return started
    },
    get closed() {
      return closed
    },
    signals,
    reached: () =>
      resolvers.length > 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            arrivals.push(resolve)
          }),
  }
}

/** Text that nobody outside may read. */
export const SECRET = '/srv/envs/secret/gold.ts: the answer is 42'

const FAULTS = ['none', 'throw', 'reject', 'observation', 'reward', 'circular', 'bigint'] as const

/** Fails in the way that it is asked to. */
export function faultyEnvironment(): Environment<{ fault: (typeof FAULTS)[number] }, { any: unknown }> {
  const frame = (any: unknown, reward = 0, info: Info = {}) =>
    ({ observation: { any }, reward, status: 'running', info }) as const
  const simulation = (
    shown: unknown,
    reward = 0,
  ): Simulation<{ fault: (typeof FAULTS)[number] }, { any: unknown }> => ({
    timeStep: frame(shown, reward),
    step: ({ fault }) => {
      switch (fault) {
        case 'none':
          return simulation('fine')
        case 'throw':
          throw new Error(SECRET)
        case 'reject':
          return Promise.reject(new Error(SECRET))
        case 'observation':
          return {
            ...simulation('fine'),
            timeStep: { ...frame('fine'), observation: { wrong: SECRET } as never },
          }
        case 'reward':
          return simulation('fine', Number.NaN)
        case 'circular': {
          const circle: Record<string, unknown> = {}
          circle['self'] = circle
          return simulation(circle)
        }
        case 'bigint':
          return simulation(1n)
      }
    },
  })
  return {
    name: 'faulty',
    description: 'Fails.',
    version: '1.0.0',
    action: z.strictObject({ fault: z.enum(FAULTS) }),
    observation: z.strictObject({ any: z.unknown() }),
    options: z.strictObject({ fail: z.boolean().default(false) }),
    rubric: [],
    limits: {},
    deterministic: true,
    concurrent: true,
    start: ({ options }) => {
      if (options['fail'] === true) throw new Error(SECRET)
      return simulation('start')
    },
  }
}
