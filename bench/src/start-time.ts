import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

/** Milliseconds that commands take, medians. */
export interface StartTimes {
  readonly bareNodeMs: number
  readonly helpMs: number
  /** `openenv eval` of one episode, from its start to its end. */
  readonly oneEpisodeMs: number
}

const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/openenv.js', import.meta.url))

/** Times the command against bare Node, in turn. */
export function startTimes(rounds: number): StartTimes {
  const bare: number[] = []
  const help: number[] = []
  const episode: number[] = []
  const runs = mkdtempSync(join(tmpdir(), 'openenv-ts-bench-'))
  const evaluation = ['eval', 'echo', '--policy', 'random', '--max-steps', '1', '--json']
  for (let round = 0; round < rounds; round += 1) {
    bare.push(took('-e', '0'))
    help.push(took(COMMAND, '--help'))
    episode.push(took(COMMAND, ...evaluation, '--out', join(runs, String(round))))
  }
  rmSync(runs, { recursive: true })
  return { bareNodeMs: median(bare), helpMs: median(help), oneEpisodeMs: median(episode) }
}

function took(...args: readonly string[]): number {
  const startedAt = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${String(status)}: ${stderr}`)
  return performance.now() - startedAt
}
