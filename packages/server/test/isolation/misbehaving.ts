import { writeSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { definePureEnvironment } from '@openenv-ts/core'
import { z } from 'zod'

/** Keeps what is hoarded reachable. */
const hoard: unknown[] = []

const WAYS = {
  behave: () => undefined,
  never_return: () => {
    for (;;);
  },
  throw: () => {
    throw new Error('/srv/secret/place: it broke')
  },
  exhaust_heap: () => {
    for (;;) hoard.push(new Array(10_000).fill(hoard.length))
  },
  exhaust_buffers: () => {
    for (;;) hoard.push(Buffer.alloc(1024 * 1024, 1))
  },
  exit: () => process.exit(3),
  exit_later: () => {
    setTimeout(() => process.exit(4), 30)
  },
  reject_later: () => {
    setTimeout(() => void Promise.reject(new Error('/srv/secret/place: late')), 30)
  },
  throw_later: () => {
    setTimeout(() => {
      throw new Error('/srv/secret/place: late')
    }, 30)
  },
  kill_itself: () => {
    process.kill(process.pid, 'SIGSEGV')
    for (;;);
  },
  send_rubbish: () => {
    if (parentPort === null) writeSync(3, Buffer.from([0xff, 0xff, 0xff, 0xff]))
    else parentPort.postMessage(null)
    for (;;);
  },
  flood: () => {
    for (let line = 0; line < 100_000; line += 1) console.log('x'.repeat(100))
  },
  flood_forever: () => {
    for (;;) console.log('x'.repeat(100))
  },
} satisfies Record<string, () => unknown>

export type Way = keyof typeof WAYS

const Way = z.enum(Object.keys(WAYS) as [Way, ...Way[]])

/** Counts its steps, and behaves as it is asked to: badly, in whatever way. */
export const misbehaving = definePureEnvironment({
  name: 'misbehaving',
  description: 'Counts its steps.',
  version: '1.0.0',
  action: z.strictObject({ way: Way }),
  observation: z.strictObject({ count: z.int() }),
  state: z.strictObject({ count: z.int() }),
  options: z.strictObject({ start: Way.default('behave') }),
  initial: ({ options }) => {
    WAYS[options['start'] as Way]()
    return { count: 0 }
  },
  transition: ({ count }, { way }) => {
    WAYS[way]()
    return { count: count + 1 }
  },
  observe: ({ count }) => ({ count }),
  reward: { progress: () => 1 },
  status: () => 'running',
})

// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export default misbehaving
