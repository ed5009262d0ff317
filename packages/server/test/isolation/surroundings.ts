import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, threadId } from 'node:worker_threads'
import type { Environment, Simulation } from '@openenv-ts/core'
import { z } from 'zod'

type Action = { readonly what: 'look' } | { readonly what: 'wait' } | { readonly what: 'block' }

/** Shows where it runs, waits without end until it is given up, or does not let go. */
const simulation = (observation: Shown): Simulation<Action, Shown> => ({
  timeStep: { observation, reward: 0, status: 'running', info: {} },
  step: async ({ what }, { signal, progress }) => {
    progress({ progress: 1, total: 2, message: what })
    if (what === 'block') for (;;);
    if (what === 'wait') await sleep(60_000, undefined, { signal })
    return simulation(shown())
  },
})

const Shown = z.strictObject({
  pid: z.int(),
  thread: z.int().nullable(),
  variables: z.array(z.string()),
})
type Shown = z.infer<typeof Shown>

function shown(): Shown {
  return {
    pid: process.pid,
    thread: isMainThread ? null : threadId,
    variables: Object.keys(process.env).sort(),
  }
}

export const surroundings: Environment<Action, Shown> = {
  name: 'surroundings',
  description: 'Where it runs.',
  version: '1.0.0',
  action: z.strictObject({ what: z.enum(['look', 'wait', 'block']) }),
  observation: Shown,
  rubric: [],
  limits: {},
  deterministic: false,
  concurrent: true,
  start: () => simulation(shown()),
}

// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export default surroundings
