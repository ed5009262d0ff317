import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import guess from '@openenv-ts/examples/guess.ts'
import { serve } from '@openenv-ts/server/node'
import { folder, lines, type Folder } from '../test/command.ts'
import { openenv } from '../test/in-process.ts'

const GUESS = await readFile(new URL('../../../examples/guess.ts', import.meta.url), 'utf8')

/** A folder with guess.ts and a run of it. */
async function playedFolder(): Promise<Folder> {
  const here = await folder({ 'guess.ts': GUESS })
  const args = ['eval', './guess.ts', '--policy', 'random', '--repeats', '5', '--out', 'run']
  expect((await openenv(args, { cwd: here.path })).code).toBe(0)
  return here
}

describe('openenv replay', () => {
  it('proves a run of a file equal, where the file is named by --env', async () => {
    await using here = await playedFolder()
    const { code, stdout, stderr } = await openenv(['replay', 'run', '--env', './guess.ts'], {
      cwd: here.path,
    })
    expect(stderr).toBe('')
    expect(stdout).toMatch(
      /^Equal: 5 episodes, \d+ steps\. Compared: observation, reward, terms, info, status, outcome, .*hashes\.\n$/,
    )
    expect(code).toBe(0)
    const json = await openenv(['replay', 'run', '--env', './guess.ts', '--json'], { cwd: here.path })
    expect(JSON.parse(json.stdout)).toMatchObject({ run: 'run', ok: true, episodes: 5 })
  })

  it('shows any change to the file: one byte of it, by its line [OE-16]', async () => {
    await using here = await playedFolder()
    const file = join(here.path, 'run/episodes.jsonl')
    const written = lines(await readFile(file, 'utf8'))
    const third = written[2] ?? ''
    const at = third.indexOf('"triesLeft":5')
    expect(at).toBeGreaterThan(0)
    written[2] = `${third.slice(0, at)}"triesLeft":4${third.slice(at + '"triesLeft":5'.length)}`
    await writeFile(file, `${written.join('\n')}\n`)
    const { code, stdout, stderr } = await openenv(['replay', 'run', '--env', './guess.ts'], {
      cwd: here.path,
    })
    expect(stderr).toMatch(/^error: Line 3: hash /)
    expect(lines(stderr)).toHaveLength(1)
    expect(stdout).toBe('')
    expect(code).toBe(1)
  })

  it('shows that an environment has become another', async () => {
    await using here = await playedFolder()
    await writeFile(
      join(here.path, 'another.ts'),
      GUESS.replace('random.integer(1, 100)', 'random.integer(2, 100)'),
    )
    const { code, stderr } = await openenv(['replay', 'run', '--env', './another.ts'], { cwd: here.path })
    expect(stderr).toMatch(/^error: Line 1 .*step \d: observation differs/)
    expect(code).toBe(1)
  })

  it('plays on a server too, and elsewhere with --env', async () => {
    await using here = await playedFolder()
    await using server = await serve(guess, { port: 0 })
    await using away = await folder()
    const { code, stdout } = await openenv(['replay', join(here.path, 'run'), '--env', server.url], {
      cwd: away.path,
    })
    expect(stdout).toContain('Equal: 5 episodes')
    expect(code).toBe(0)
  })

  it('asks for --env where the run was played in a file, and says which [OE-16]', async () => {
    await using here = await playedFolder()
    const { code, stderr } = await openenv(['replay', 'run'], { cwd: here.path })
    expect(stderr).toBe(
      'error: The run was played in "guess", which is not built in: name the environment with --env. The run says that it was ./guess.ts\n',
    )
    expect(code).toBe(2)
  })
})
