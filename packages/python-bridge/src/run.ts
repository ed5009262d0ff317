import { spawn } from 'node:child_process'
import { killGroup } from './process-group.ts'

/** How a program ended. */
export interface Ran {
  /** Null when it was ended by a signal, or never started. */
  readonly code: number | null
  readonly stdout: string
  /** The end of what it said on standard error, at most 4,000 characters. */
  readonly stderr: string
  readonly timedOut: boolean
  /** It could not be started: there is no such program. */
  readonly missing: boolean
}

const MOST_KEPT = 4000

/** Runs a program to its end, in a process group of its own that ends as a whole when the time is up. */
export function run(
  command: string,
  args: readonly string[],
  options: { readonly seconds: number; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Promise<Ran> {
  const { seconds, env = process.env, cwd } = options
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      env,
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const text = { stdout: '', stderr: '' }
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      if (child.pid !== undefined) killGroup(child.pid)
    }, seconds * 1000)
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (chunk: string) => {
        text[name] = (text[name] + chunk).slice(-(name === 'stdout' ? 1_000_000 : MOST_KEPT))
      })
    }
    const end = (code: number | null, missing: boolean): void => {
      clearTimeout(timer)
      resolve({ code, ...text, timedOut, missing })
    }
    child.once('error', () => {
      end(null, true)
    })
    child.once('close', (code) => {
      end(code, false)
    })
  })
}
