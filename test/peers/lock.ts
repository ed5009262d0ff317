import { definePureEnvironment } from '@openenv-ts/core'
import { z } from 'zod'

/** The twin of `Lock` in python_server.py: equal seeds and actions give equal replies in both languages. */
export const lock = definePureEnvironment({
  name: 'lock',
  description: 'Find four digits within eight tries.',
  action: z.strictObject({
    digit: z.int().min(0).max(9).describe('The digit to try next.'),
    force: z.boolean().default(false).describe('Turn it by force.'),
  }),
  observation: z.strictObject({
    right: z.int().describe('How many digits were found.'),
    last: z.enum(['start', 'right', 'wrong']),
    note: z.string().nullable(),
  }),
  state: z.strictObject({
    seed: z.int(),
    tries: z.int(),
    right: z.int(),
    last: z.enum(['start', 'right', 'wrong']),
  }),

  initial: ({ seed }) => ({ seed, tries: 0, right: 0, last: 'start' }),
  transition: ({ seed, tries, right }, { digit, force }) => {
    if (force) throw new Error('The lock jams.')
    const hit = digit === digitAt(seed, right)
    return { seed, tries: tries + 1, right: right + (hit ? 1 : 0), last: hit ? 'right' : 'wrong' }
  },
  observe: ({ right, last }) => ({ right, last, note: right === 4 ? 'The lock is open.' : null }),
  reward: { right: { weight: 0.25, score: ({ last }) => (last === 'right' ? 1 : 0) } },
  status: ({ right, tries }) => (right === 4 || tries === 8 ? 'terminated' : 'running'),
  info: ({ tries }) => ({ tries_left: 8 - tries }),
  view: { schema: z.strictObject({ right: z.int() }), of: ({ right }) => ({ right }) },
})

/** The digit that opens the next place, so that tests know how to play. */
export function digitAt(seed: number, place: number): number {
  return (seed * 7 + place * 3) % 10
}
