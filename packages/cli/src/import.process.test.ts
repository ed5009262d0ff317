import { existsSync, readdirSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lines, openenv, start } from '../test/command.ts'
import { importing, SOURCE } from '../test/importing.ts'
import { checkPackage, folderInReach } from '../test/made-package.ts'

/** How this machine reaches the package index. */
const env = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value = '']) =>
    /^(?:HOME|SSL_CERT_.*|UV_.*|.*_PROXY)$/i.test(name) ? [[name, value]] : [],
  ),
)

describe('openenv import', () => {
  it('makes a package of what an importer from elsewhere found, which passes its own tests, its linter and its type check, and runs [IM-3] [IM-11]', async () => {
    await using place = await folderInReach()
    await using source = await folder(SOURCE)
    await cp(join(source.path, 'source'), join(place.path, 'source'), { recursive: true })
    const { code, stdout } = await openenv(importing('--no-lock'), { cwd: place.path })
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual([
      'Imported maze:Maze (word-games) as ./out/maze: 16 files, 1 of them the source.',
      'Sessions: shared.',
      '  maze.py:1: Nothing in the module is written to.',
      'Secrets that reach it: WORDS_KEY.',
      'Left out:',
      '  .env (may hold secrets)',
      'Next:',
      '  cd ./out/maze',
      '  npm install',
      '  npm test',
      '  npx openenv tasks .',
    ])
    const tasks = await openenv(['tasks', './out/maze'], { cwd: place.path })
    expect(tasks.stdout).toContain('train/0')
    const { tests } = await checkPackage(join(place.path, 'out/maze'))
    expect(tests).toMatch(/Tests +4 passed/)
    expect(existsSync(join(place.path, 'ran'))).toBe(false)
  }, 120_000)

  it('resolves the requirements with uv, and says what would be written without writing it [IM-1]', async () => {
    await using place = await folder(SOURCE)
    const { code, stdout } = await openenv(importing('--dry-run', '--json'), { cwd: place.path, env })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'maze',
      written: false,
      type: 'word-games',
      entry_point: { module: 'maze', name: 'Maze' },
      resolved: { six: expect.stringMatching(/^1\./) },
      files: expect.arrayContaining(['src/index.ts', 'vendor/maze/maze.py']),
      excluded: [{ path: '.env', why: 'may hold secrets' }],
    })
    const forPeople = await openenv(importing('--dry-run', '--no-lock'), { cwd: place.path })
    expect(forPeople.stdout).toMatch(/^Would import maze:Maze .*\n {2}openenv\.yaml\n/)
    expect(readdirSync(place.path)).toEqual(['source'])
  })

  it('refuses requirements without a resolution with one line, a code for programs, and nothing left behind [IM-2]', async () => {
    await using place = await folder({ 'source/unresolvable.py': '# word game: Unresolvable\n' })
    const { code, stdout, stderr } = await openenv(importing('--json'), { cwd: place.path, env })
    expect(lines(stderr)).toEqual([expect.stringMatching(/^error: The requirements cannot be resolved: /)])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'LOCK_FAILED' } })
    expect(readdirSync(place.path)).toEqual(['source'])
  })

  it('leaves nothing behind when it is stopped in the middle [IM-2]', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 4000 }, (_, at) => [`source/data/${String(at)}.txt`, 'x'.repeat(100)]),
    )
    await using place = await folder({ ...SOURCE, ...many })
    await using running = start(importing('--no-lock'), { cwd: place.path })
    while (!existsSync(join(place.path, 'out')) || readdirSync(join(place.path, 'out')).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 1))
    running.kill('SIGINT')
    const { code, stderr } = await running.finished
    expect(stderr).toContain('Stopping; nothing is left behind.')
    expect(code).toBe(130)
    expect(readdirSync(place.path)).toEqual(['source'])
  })
})
