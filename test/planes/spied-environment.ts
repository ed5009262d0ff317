import { definePureEnvironment, taskList, type AnyEnvironment, type TaskProvider } from '@openenv-ts/core'
import { z } from 'zod'

/** What happened in an environment since it was made. */
export interface Spied {
  readonly environment: AnyEnvironment
  /** Episodes started, by task. */
  readonly starts: string[]
  /** Steps, by task. */
  readonly steps: string[]
  /** How often the state was shown. */
  views: number
  /** How often the tasks were asked for anything. */
  questions: number
}

/** What no agent may read, wherever it turns up. Each stands in a place of its own. */
export const FORBIDDEN = {
  gold: 'GOLD-7f3a',
  view: 'VIEW-91bc',
  seed: '880301',
  others: 'theirs',
} as const

/** The task that the attacker's own episode is of; all others are called "theirs". */
export const OWN_TASK = 'mine'

/** Counts up, with gold data in its tasks and its state, and tells what was done to it. */
export function spiedEnvironment(): Spied {
  const spied: { -readonly [K in keyof Spied]: Spied[K] } = {
    environment: undefined as never,
    starts: [],
    steps: [],
    views: 0,
    questions: 0,
  }
  const rows = [OWN_TASK, 'theirs-1', 'theirs-2', 'theirs-3'].map((id) => ({ id, answer: FORBIDDEN.gold }))
  const tasks = spyOn(taskList({ train: rows, test: [{ id: 'theirs-4', answer: FORBIDDEN.gold }] }), () => {
    spied.questions += 1
  })
  spied.environment = definePureEnvironment({
    name: 'spied',
    description: 'Counts up.',
    action: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('add'), by: z.int().min(1).max(5) }),
      z.strictObject({ kind: z.literal('rest') }),
    ]),
    observation: z.strictObject({ total: z.int(), task: z.string() }),
    state: z.strictObject({ total: z.int(), task: z.string(), answer: z.string() }),
    tasks,
    initial: ({ task }) => {
      spied.starts.push(task?.spec.id ?? '')
      return { total: 0, task: task?.spec.id ?? '', answer: task?.data.answer ?? '' }
    },
    transition: (state, action) => {
      spied.steps.push(state.task)
      return { ...state, total: state.total + (action.kind === 'add' ? action.by : 0) }
    },
    observe: ({ total, task }) => ({ total, task }),
    reward: { progress: { weight: 0.01, score: (_state, { action }) => (action?.kind === 'add' ? 1 : 0) } },
    status: ({ total }) => (total >= 1_000_000 ? 'terminated' : 'running'),
    view: {
      schema: z.strictObject({ total: z.int(), mark: z.string() }),
      of: ({ total }) => {
        spied.views += 1
        return { total, mark: FORBIDDEN.view }
      },
    },
  })
  return spied
}

function spyOn<T>(tasks: TaskProvider<T>, asked: () => void): TaskProvider<T> {
  const spy = <A extends unknown[], R>(method: (...args: A) => R) => {
    return (...args: A): R => {
      asked()
      return method(...args)
    }
  }
  return {
    splits: spy(() => tasks.splits()),
    count: spy((split: string) => tasks.count(split)),
    range: spy((split: string, start: number, stop: number) => tasks.range(split, start, stop)),
    find: spy((id: string) => tasks.find(id)),
  }
}
