import { z } from 'zod'
import { definePureEnvironment } from '../pure-environment.ts'
import { taskList } from '../task-list.ts'

/** How far to count, and a text to give back. */
export const CounterAction = z.strictObject({
  by: z.int().min(1).max(3).describe('How far to count.'),
  note: z.string().optional().describe('Comes back in the observation.'),
})
/** How far to count, and a text to give back. */
export type CounterAction = z.infer<typeof CounterAction>

/** Where the count stands. */
export const CounterObservation = z.strictObject({
  count: z.int(),
  goal: z.int(),
  dice: z.int().min(1).max(6).describe('Thrown anew at every step.'),
  note: z.string(),
})
/** Where the count stands. */
export type CounterObservation = z.infer<typeof CounterObservation>

const tasks = taskList(
  {
    train: [
      { id: 'count-to-3', goal: 3 },
      { id: 'count-to-5', goal: 5 },
      { id: 'count-to-8', goal: 8 },
    ],
    test: [{ id: 'count-to-12', goal: 12 }],
  },
  { publish: ({ goal }) => ({ difficulty: goal }) },
)

/**
 * A small environment for testing what runs environments: count to the goal of a task.
 *
 * It has two splits of tasks, a dice that shows the random stream, a reward of two terms, an info, a view and an
 * option, can be forked and restored, ends at its goal, and refuses bad actions. Ten steps at most.
 */
export const counter = definePureEnvironment({
  name: 'counter',
  description: 'Count to the goal, and not past it.',
  version: '1.0.0',
  action: CounterAction,
  observation: CounterObservation,
  state: CounterObservation,
  tasks,
  options: z.strictObject({ from: z.int().min(0).max(2).default(0).describe('Where the count starts.') }),
  view: {
    schema: z.strictObject({ count: z.int(), task: z.strictObject({ goal: z.int() }) }),
    of: ({ count, goal }) => ({ count, task: { goal } }),
  },
  rewardRange: [0, 1],
  limits: { steps: 10 },
  initial: ({ task, random, options }) => ({
    count: Number(options['from']),
    goal: task?.data.goal ?? 3,
    dice: random.integer(1, 6),
    note: '',
  }),
  transition: (state, { by, note = '' }, { random }) => ({
    ...state,
    count: state.count + by,
    dice: random.integer(1, 6),
    note,
  }),
  observe: (state) => state,
  reward: {
    reached: { weight: 0.75, score: ({ count, goal }) => (count >= goal ? 1 : 0) },
    exact: { weight: 0.25, score: ({ count, goal }) => (count === goal ? 1 : 0) },
  },
  info: ({ count, goal }, { index }) => ({ step: index, left: Math.max(0, goal - count) }),
  status: ({ count, goal }) => (count >= goal ? 'terminated' : 'running'),
})
