import { Console } from 'node:console'
import { vi } from 'vitest'
import { run } from '../src/index.ts'
import type { Finished, Surroundings } from './command.ts'

// Taken once: a test may replace process.cwd.
const CWD = process.cwd()

/**
 * Runs the command to its end in this process, as `openenv` of command.ts does in one of its own: with its own working
 * directory, variables and output. One at a time.
 */
export async function openenv(args: readonly string[], surroundings: Surroundings = {}): Promise<Finished> {
  const before = { env: process.env, console: globalThis.console }
  const text = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      text[name] += String(chunk)
      return true
    }),
  )
  process.chdir(surroundings.cwd ?? CWD)
  process.env = { PATH: before.env['PATH'], NO_COLOR: '1', ...surroundings.env }
  globalThis.console = new Console(process.stderr)
  try {
    return { code: await run(args), ...text }
  } finally {
    process.chdir(CWD)
    process.env = before.env
    globalThis.console = before.console
    for (const spy of spies) spy.mockRestore()
  }
}
