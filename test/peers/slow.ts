import type { Environment, Simulation } from '@openenv-ts/core'
import { z } from 'zod'

/** Takes as long for a step as the action says, unless it is told to stop. */
export const slow: Environment<{ seconds: number }, { slept: number }> = {
  name: 'slow',
  description: 'Sleeps for a while.',
  version: '0.0.0',
  action: z.strictObject({ seconds: z.number() }),
  observation: z.strictObject({ slept: z.number() }),
  rubric: [],
  limits: {},
  deterministic: true,
  concurrent: true,
  start: () => position(0),
}

function position(slept: number): Simulation<{ seconds: number }, { slept: number }> {
  return {
    timeStep: { observation: { slept }, reward: 0, status: 'running', info: {} },
    step: ({ seconds }, { signal }) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          resolve(position(seconds))
        }, seconds * 1000)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason as Error)
        })
      }),
  }
}
