import { link, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { sums } from '../test/environments.ts'
import { expectNothingOutside, NAMES, resume, stoppedRun } from '../test/stopped-run.ts'
import { replay } from './replay.ts'
import { FILES, readRun } from './run-folder.ts'
import { localTarget } from './target.ts'

/** What may stand in a stranger's folder instead of a file. */
const THINGS: Readonly<Record<string, (path: string, outside: string) => Promise<unknown>>> = {
  'a link': (path, outside) => symlink(outside, path),
  'a link to nothing': (path, outside) => symlink(`${outside}-new`, path),
  'a link to its own file, elsewhere': async (path, outside) => {
    await rename(path, `${outside}-moved`).catch(() => writeFile(`${outside}-moved`, ''))
    await symlink(`${outside}-moved`, path)
  },
  'a hard link': (path, outside) => link(outside, path),
  'a folder': (path) => mkdir(path),
}

describe('a run folder of a stranger', () => {
  for (const name of NAMES) {
    it.each(Object.entries(THINGS))(`with %s for ${name} reaches nothing outside`, async (what, put) => {
      await expectNothingOutside(name, put, what === 'a link to its own file, elsewhere')
    })
  }

  it.each(['manifest.json', 'episodes.jsonl'] as const)(
    'with a link for %s is refused by name, for reading, replaying and going on',
    async (name) => {
      await using run = await stoppedRun()
      const path = join(run.dir, name)
      await rename(path, `${run.outside}-moved`)
      await symlink(`${run.outside}-moved`, path)
      const refused = { code: 'BROKEN_RUN', message: expect.stringContaining(`${path} is a link`) as string }
      await expect(readRun(run.dir)).rejects.toMatchObject(refused)
      await expect(replay(run.dir, () => localTarget(sums).open())).rejects.toMatchObject(refused)
      await expect(resume(run.dir)).rejects.toMatchObject(refused)
    },
  )

  it('may be reached by a link that the user names', async () => {
    await using run = await stoppedRun()
    await symlink(run.dir, `${run.outside}-link`)
    expect((await readRun(`${run.outside}-link`)).episodes).toHaveLength(1)
    await resume(`${run.outside}-link`)
    expect((await readRun(run.dir)).finished).toBe(true)
  })
})

describe('a line of a stranger', () => {
  it.each([
    ['lists', `[${'['.repeat(20_000)}${']'.repeat(20_000)}]`],
    ['objects', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`],
    ['lists without end', '['.repeat(20_000)],
  ])('that nests 20,000 deep is refused by its number: %s', async (_what, value) => {
    await using run = await stoppedRun()
    const path = join(run.dir, FILES.episodes)
    const first = await readFile(path, 'utf8')
    await writeFile(path, `${first}{"steps":${value}}\n`)
    const says = expect.stringMatching(/line 2.*at most 250 levels of nesting/i) as string
    await expect(readRun(run.dir)).rejects.toMatchObject({ code: 'BROKEN_RUN', message: says })
    await expect(resume(run.dir)).rejects.toMatchObject({ code: 'BROKEN_RUN', message: says })
    expect(await replay(run.dir, () => localTarget(sums).open())).toMatchObject({
      ok: false,
      difference: { line: 2, message: says },
    })
  })

  it.each(['', '\n'])(
    'that is longer than 64 MiB is refused by its number, and not read whole',
    async (end) => {
      await using run = await stoppedRun()
      const path = join(run.dir, FILES.episodes)
      const first = await readFile(path, 'utf8')
      await writeFile(path, `${first}${'x'.repeat(80_000_000)}${end}`)
      await expect(readRun(run.dir)).rejects.toThrow(/line 2: .*at most 67108864 bytes, found more/)
      await expect(resume(run.dir)).rejects.toThrow(/line 2: .*at most 67108864 bytes, found more/)
      expect((await readFile(path)).length).toBe(first.length + 80_000_000 + end.length)
    },
  )
})
