import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openLocal } from '@openenv-ts/core'
import { openPythonEnvironment } from '@openenv-ts/python-bridge'
import { median } from './statistics.ts'

/** What the way to Python costs. */
export interface Bridged {
  /** Median of a tool call in Python itself. */
  readonly nativeMicros: number
  readonly modes: readonly {
    readonly sessions: 'shared' | 'process'
    /** Median of the same call through an episode. */
    readonly stepMicros: number
    /** Median of starting a session in a process that has loaded the source. */
    readonly startMs: number
  }[]
}

const TROUBLED = fileURLToPath(new URL('../../packages/python-bridge/test/troubled.py', import.meta.url))
const NATIVE = fileURLToPath(new URL('../src/native-steps.py', import.meta.url))

/** Measures steps and starts of sessions of one environment, in Python itself and through the bridge. */
export async function bridge(steps: number, starts: number): Promise<Bridged> {
  const folder = mkdtempSync(join(tmpdir(), 'openenv-bridge-bench-'))
  try {
    const source = join(folder, 'vendor')
    mkdirSync(source)
    cpSync(TROUBLED, join(source, 'troubled.py'))
    writeFileSync(join(folder, 'requirements.txt'), '')
    const native = execFileSync('python3', [NATIVE, source, String(steps)], { encoding: 'utf8' })
    const modes: Bridged['modes'][number][] = []
    for (const sessions of ['shared', 'process'] as const)
      modes.push({ sessions, ...(await through(folder, sessions, steps, starts)) })
    return { nativeMicros: Number(native), modes }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function through(
  folder: string,
  sessions: 'shared' | 'process',
  steps: number,
  starts: number,
): Promise<{ readonly stepMicros: number; readonly startMs: number }> {
  const environment = await openPythonEnvironment({
    name: 'bench',
    description: 'A tool call that does nothing.',
    version: '0.0.0',
    package: folder,
    source: { kind: 'ors', path: 'vendor', module: 'troubled', attribute: 'Troubled' },
    python: { requires: '>=3.10', requirements: 'requirements.txt' },
    sessions,
    limits: { steps: steps * 2 },
  })
  const taken: number[] = []
  const started: number[] = []
  for (let start = 0; start < starts; start += 1) {
    await using episode = openLocal(environment)
    const at = performance.now()
    await episode.reset({ split: 'train', index: start % 100 })
    started.push(performance.now() - at)
  }
  await using episode = openLocal(environment)
  await episode.reset({ split: 'train', index: 0 })
  for (let step = 0; step < steps; step += 1) {
    const at = performance.now()
    await episode.step({ type: 'call_tool', tool_name: 'say', arguments: { text: 'hello' } })
    taken.push(performance.now() - at)
  }
  await environment.close()
  return { stepMicros: median(taken) * 1000, startMs: median(started) }
}
