import {
  defineToolEnvironment,
  taskList,
  type Environment,
  type GroupCandidate,
  type Simulation,
  type StartContext,
} from '@openenv-ts/core'
import { z } from 'zod'

/** An environment whose setup waits until a test lets it go on. */
export interface SlowSetup {
  readonly environment: Environment<{ say: string }, { said: string }>
  /** Lets every setup so far, and all to come, end. */
  finish(error?: Error): void
  readonly starts: readonly StartContext[]
  readonly closed: number
}

export function slowSetup(): SlowSetup {
  let open: () => void = () => undefined
  let fail: (error: Error) => void = () => undefined
  const gate = new Promise<void>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  gate.catch(() => undefined)
  const starts: StartContext[] = []
  let closed = 0
  const at = (said: string): Simulation<{ say: string }, { said: string }> => ({
    timeStep: { observation: { said }, reward: said === '' ? null : 1, status: 'running', info: {} },
    step: ({ say }) => at(say),
    close: () => {
      closed += 1
    },
  })
  return {
    environment: {
      name: 'slow',
      description: 'Takes its time to start.',
      version: '2.0.0',
      action: z.strictObject({ say: z.string() }),
      observation: z.strictObject({ said: z.string() }),
      secrets: ['TOKEN', 'OTHER'],
      rubric: [],
      limits: {},
      deterministic: true,
      concurrent: true,
      start: async (context) => {
        starts.push(context)
        await gate
        return at('')
      },
    },
    finish: (error) => {
      if (error === undefined) open()
      else fail(error)
    },
    starts,
    get closed() {
      return closed
    },
  }
}

/** A desk with a drawer: tools, a final one among them, scored at the end. */
export const desk = defineToolEnvironment({
  name: 'desk',
  description: 'Find the key.',
  version: '3.1.0',
  tasks: taskList({
    train: [{ id: 'key', gold: { drawer: 2 } }],
    test: [{ id: 'lock', gold: { drawer: 1 } }],
  }),
  open: () => ({ opened: [] as number[] }),
  tools: {
    open: {
      description: 'Opens a drawer.',
      input: z.strictObject({ drawer: z.int() }),
      run: (world: { opened: number[] }, { drawer }) => {
        if (drawer > 9) throw new Error(`There is no drawer ${String(drawer)}.`)
        world.opened.push(drawer)
        return { drawer, empty: drawer !== 2 }
      },
    },
    look: { description: 'Looks around.', input: z.strictObject({}), run: () => 'A desk.' },
    done: {
      description: 'Says that it is done.',
      input: z.strictObject({}),
      final: true,
      run: () => 'Thank you.',
    },
  },
  prompt: () => 'The key is in a drawer.',
  rubric: { found: (world, { gold }) => world.opened.includes(gold.drawer) },
  limits: { steps: 5 },
})

/** The desk, with a judge of several attempts. */
export function judgedDesk(judge: (candidates: readonly GroupCandidate[]) => readonly number[]): typeof desk {
  return {
    ...desk,
    scoreGroup: (candidates, { task }) =>
      judge(candidates).map((reward) => ({ reward, metadata: { task: task?.spec.id ?? null } })),
  }
}

/** A question, answered by the agent's last words. */
export const question = defineToolEnvironment({
  name: 'question',
  open: () => ({ said: '' }),
  tools: {
    think: { description: 'Thinks.', input: z.strictObject({}), run: () => null },
    answer: {
      description: 'Takes the last words.',
      input: z.strictObject({ text: z.string() }),
      final: true,
      terminal: true,
      run: (world: { said: string }, { text }) => {
        world.said = text
        return text
      },
    },
  },
  rubric: { right: ({ said }) => said === '4' },
})
