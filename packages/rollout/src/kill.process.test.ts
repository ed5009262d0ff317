import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { scratch } from '../test/environments.ts'
import type { EpisodeRecord } from './record.ts'
import { readRun } from './run-folder.ts'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))

/** Plays the slow run in a process of its own; kills it when so many episodes are done. */
async function play(
  out: string,
  options: { readonly resume?: boolean; readonly killAfter?: number } = {},
): Promise<string> {
  const flags = ['-C', '@openenv-ts/source', '--import', 'jiti/register', 'test/run-sums.ts', out]
  const child = spawn(process.execPath, options.resume === true ? [...flags, '--resume'] : flags, {
    cwd: PACKAGE,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let last = ''
  for await (const line of createInterface(child.stdout)) {
    last = line
    if (Number(line) >= (options.killAfter ?? Infinity)) child.kill('SIGKILL')
  }
  await exited
  return last
}

/** What must be equal: everything but times, and the chain, which depends on them. */
async function episodesOf(dir: string): Promise<readonly unknown[]> {
  const records: EpisodeRecord[] = []
  for await (const record of (await readRun(dir)).records()) records.push(record)
  return records
    .map(({ started_at: _at, duration_ms: _ms, prev_hash: _prev, hash: _hash, ...rest }) => rest)
    .sort((one, other) => (one.episode_id < other.episode_id ? -1 : 1))
}

describe('a run whose process is killed', () => {
  it('goes on with --resume: nothing lost, nothing twice, and equal to a run that was never killed', async () => {
    await using place = await scratch()
    for (const killAfter of [1, 17, 40]) {
      const dir = place.path(`killed-${String(killAfter)}`)
      await play(dir, { killAfter })
      const killed = await readRun(dir)
      expect(killed.finished).toBe(false)
      expect(killed.episodes.length).toBeGreaterThanOrEqual(killAfter)
      expect(killed.episodes.length).toBeLessThan(60)
      const before = await readFile(`${dir}/episodes.jsonl`, 'utf8')

      expect(await play(dir, { resume: true })).toBe('finished true')
      const after = await readFile(`${dir}/episodes.jsonl`, 'utf8')
      expect(after.startsWith(before.slice(0, before.lastIndexOf('\n') + 1))).toBe(true)
    }
    await play(place.path('unbroken'))
    const unbroken = await episodesOf(place.path('unbroken'))
    expect(unbroken).toHaveLength(60)
    for (const killAfter of [1, 17, 40]) {
      expect(await episodesOf(place.path(`killed-${String(killAfter)}`))).toEqual(unbroken)
    }
  }, 120_000)
})
