import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { kill } from 'node:process'
import type { Environment, Simulation } from '@openenv-ts/core'
import { z } from 'zod'

const hoard: Buffer[] = []
const attempt = (work: () => unknown): string => {
  try {
    return String(work())
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

/** Each reaches for something outside of its executor, and says what came of it. */
const WAYS = {
  // A signal that does nothing to a process that is not stopped, for the day when this is not refused.
  signal: (target: string) =>
    [
      attempt(() => process.kill(Number(target), 'SIGCONT')),
      attempt(() => kill(Number(target), 'SIGCONT')),
    ].join(' '),
  // Out of the group and the session of its executor.
  detach: () => {
    const child = spawn('sleep', ['300'], { detached: true, stdio: 'ignore' })
    child.unref()
    return String(child.pid)
  },
  // And without a parent that would lead back to it.
  orphan: () =>
    spawnSync('sh', ['-c', 'setsid sleep 300 >/dev/null 2>&1 & echo $!']).stdout.toString().trim(),
  // And without the variables that it was given.
  forget: () => {
    const child = spawn('sleep', ['300'], {
      detached: true,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] },
    })
    child.unref()
    return String(child.pid)
  },
  variable: (name: string) => process.env[name] ?? 'not there',
  read: (path: string) => attempt(() => readFileSync(path).length > 0),
  hoard: (megabytes: string) => {
    hoard.push(Buffer.alloc(Number(megabytes) * 1024 * 1024, 1))
    return 'hoarded'
  },
  pid: () => String(process.pid),
} satisfies Record<string, (given: string) => string>

const Action = z.strictObject({
  way: z.enum(Object.keys(WAYS) as [keyof typeof WAYS]),
  given: z.string().default(''),
})
type Action = z.infer<typeof Action>
const Found = z.strictObject({ found: z.string() })
type Found = z.infer<typeof Found>

const simulation = (found: string): Simulation<Action, Found> => ({
  timeStep: { observation: { found }, reward: 0, status: 'running', info: {} },
  step: ({ way, given }) => simulation(WAYS[way](given)),
})

export const reaching: Environment<Action, Found, z.input<typeof Action>> = {
  name: 'reaching',
  description: 'Reaches out of its executor.',
  version: '1.0.0',
  action: Action,
  observation: Found,
  rubric: [],
  limits: {},
  deterministic: false,
  concurrent: true,
  start: () => simulation(''),
}

// eslint-disable-next-line import-x/no-default-export -- what an executor loads is a default export
export default reaching
