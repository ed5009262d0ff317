import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  definePureEnvironment,
  taskList,
  type Environment,
  type TimeStep,
  type Simulation,
} from '@openenv-ts/core'
import { z } from 'zod'

/** Says what it heard, and never ends by itself. */
export const echo = definePureEnvironment({
  name: 'echo',
  description: 'Say something and read it back.',
  action: z.strictObject({ message: z.string() }),
  observation: z.strictObject({ message: z.string() }),
  state: z.strictObject({ message: z.string() }),
  initial: () => ({ message: '' }),
  transition: (_state, { message }) => ({ message }),
  observe: ({ message }) => ({ message }),
  reward: {},
  status: () => 'running',
})

/** Add up to the target in at most five steps; four tasks in two splits, scored by info. */
export const sums = definePureEnvironment({
  name: 'sums',
  description: 'Reach the target by adding numbers from 1 to 9.',
  version: '1.2.3',
  action: z.strictObject({ add: z.int().min(1).max(9) }),
  observation: z.strictObject({ sum: z.int(), target: z.int(), noise: z.int() }),
  state: z.strictObject({ sum: z.int(), target: z.int(), noise: z.int(), steps: z.int() }),
  tasks: taskList({
    main: [
      { id: 'five', target: 5 },
      { id: 'nine', target: 9 },
      { id: 'twelve', target: 12 },
    ],
    extra: [{ id: 'twenty', target: 20 }],
  }),
  initial: ({ task, random }) => ({
    sum: 0,
    target: task?.data.target ?? 5,
    noise: random.integer(0, 1_000_000),
    steps: 0,
  }),
  transition: (state, { add }) => ({ ...state, sum: state.sum + add, steps: state.steps + 1 }),
  observe: ({ sum, target, noise }) => ({ sum, target, noise }),
  reward: {
    hit: { weight: 1, score: ({ sum, target }) => (sum === target ? 1 : 0) },
    effort: { weight: -0.125, score: () => 1 },
  },
  info: ({ sum, target, steps }) => {
    const done = sum >= target || steps >= 5
    return { target, ...(done ? { score: sum === target ? 1 : 0 } : {}) }
  },
  status: ({ sum, target, steps }) => (sum >= target ? 'terminated' : steps >= 5 ? 'truncated' : 'running'),
})

/** Goes straight to the target of {@link sums}. */
export function addsUp(observation: { readonly sum: number; readonly target: number }): { add: number } {
  return { add: Math.min(9, observation.target - observation.sum) }
}

/** An environment that does on `go` what its action says, for the ways in which environments fail. */
export function unruly(
  behavior: (
    go: string,
    signal: AbortSignal,
  ) => TimeStep<{ seen: string }> | Promise<TimeStep<{ seen: string }>>,
): Environment<{ go: string }, { seen: string }> {
  const at = (frame: TimeStep<{ seen: string }>): Simulation<{ go: string }, { seen: string }> => ({
    timeStep: frame,
    step: async ({ go }, { signal }) => at(await behavior(go, signal)),
  })
  return {
    name: 'unruly',
    description: 'Fails in every way.',
    version: '0.0.0',
    action: z.strictObject({ go: z.string() }),
    observation: z.strictObject({ seen: z.string() }),
    rubric: [],
    limits: { stepSeconds: 0.2 },
    deterministic: false,
    concurrent: true,
    start: () => at(frameOf('start', null)),
  }
}

/** A frame of {@link unruly} that goes on. */
export function frameOf(
  seen: string,
  reward: number | null,
  more: Partial<TimeStep<{ seen: string }>> = {},
): TimeStep<{ seen: string }> {
  return { observation: { seen }, reward, status: 'running', info: {}, ...more }
}

/** A folder that is gone when the scope ends. */
export async function scratch(): Promise<
  AsyncDisposable & { readonly dir: string; path(name: string): string }
> {
  const dir = await mkdtemp(join(tmpdir(), 'rollout-'))
  return {
    dir,
    path: (name) => join(dir, name),
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  }
}
