import { definePureEnvironment } from '@openenv-ts/core'
import { z } from 'zod'

/** Rounds of arithmetic that take about two milliseconds of a core of 2023. */
const ROUNDS = 1_400_000

const hoard: unknown[] = []

const WAYS = {
  rest: () => 0,
  compute: (seed: number) => {
    let value = seed | 1
    for (let round = 0; round < ROUNDS; round += 1) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0
    return value & 0xff
  },
  'never return': () => {
    for (;;);
  },
  throw: () => {
    throw new Error('It broke.')
  },
  'exhaust the heap': () => {
    for (;;) hoard.push(new Array(1000).fill(hoard.length))
  },
  exit: () => process.exit(3),
  'exit later': () => {
    setTimeout(() => process.exit(4), 5)
    return 0
  },
  'reject later': () => {
    setTimeout(() => void Promise.reject(new Error('It broke.')), 5)
    return 0
  },
  'print forever': () => {
    for (;;) console.log('x'.repeat(100))
  },
} satisfies Readonly<Record<string, (seed: number) => number>>

/** What a step of {@link labor} does. */
export type Way = keyof typeof WAYS
const Way = z.enum(Object.keys(WAYS) as [Way, ...Way[]])

/** Works as it is told to, or misbehaves. */
export const labor = definePureEnvironment({
  name: 'labor',
  description: 'Works as it is told to.',
  version: '1.0.0',
  action: z.strictObject({ way: Way }),
  observation: z.strictObject({ value: z.int() }),
  state: z.strictObject({ value: z.int() }),
  options: z.strictObject({ start: Way.default('rest') }),
  initial: ({ options }) => ({ value: WAYS[options['start'] as Way](1) }),
  transition: ({ value }, { way }) => ({ value: WAYS[way](value) }),
  observe: (state) => state,
  reward: {},
  status: () => 'running',
})

// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export default labor
