import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { FILES, readManifest, readRun } from '../src/run-folder.ts'
import { rollout } from '../src/rollout.ts'
import { addsUp, scratch, sums } from './environments.ts'

/** The files of a run folder, and those that are there for a moment. */
export const NAMES = [
  'manifest.json',
  'manifest.json.new',
  'episodes.jsonl',
  'errors.jsonl',
  'run.lock',
] as const

/** The content of the file outside. */
export const PRECIOUS = 'what nobody may read or change\n'

/** A run that was stopped after its first episode, and a file outside of its folder. */
export async function stoppedRun(): Promise<AsyncDisposable & { dir: string; outside: string }> {
  const place = await scratch()
  const dir = place.path('run')
  await rollout(sums, addsUp, { out: dir, tasks: ['five'] })
  const manifest = await readManifest(dir)
  const { finished_at: _at, head: _head, episodes: _count, ...unfinished } = manifest
  await writeFile(join(dir, FILES.manifest), JSON.stringify(unfinished))
  await writeFile(place.path('outside'), PRECIOUS)
  return { dir, outside: place.path('outside'), [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() }
}

/** Goes on with a run. */
export const resume = (dir: string): Promise<unknown> =>
  rollout(sums, addsUp, { out: dir, tasks: ['five'], resume: true })
const fails = async (): Promise<{ add: number }> => Promise.reject(new Error('a policy that fails'))
/** Goes on so that something is written to every file: an episode that is missing, an error, the manifest. */
export const playOn = async (dir: string): Promise<unknown> =>
  rollout(sums, fails, { out: dir, tasks: ['five'], resume: true })

/** Puts something in the place of a file, goes on with the run, and reads it: nothing outside may be read or changed. */
export async function expectNothingOutside(
  name: (typeof NAMES)[number],
  put: (path: string, outside: string) => Promise<unknown>,
  keeps?: boolean,
): Promise<void> {
  await using run = await stoppedRun()
  const path = join(run.dir, name)
  if (name === 'errors.jsonl' || name === 'manifest.json.new')
    await writeFile(join(run.dir, FILES.episodes), '')
  if (keeps !== true) await rm(path, { force: true })
  await put(path, run.outside)
  const before = await readdir(join(run.dir, '..'))
  await (name === 'errors.jsonl' ? playOn(run.dir) : resume(run.dir)).catch((error: unknown) => error)
  await readRun(run.dir).catch(() => undefined)
  expect(await readFile(run.outside, 'utf8')).toBe(PRECIOUS)
  expect(await readdir(join(run.dir, '..'))).toEqual(before)
}
