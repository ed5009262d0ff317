import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lines } from '../test/command.ts'
import { importing, SOURCE, WORD_GAMES } from '../test/importing.ts'
import { openenv } from '../test/in-process.ts'

describe('openenv import', () => {
  it('finds drift file by file, with exit code 1, and none after an import [IM-10]', async () => {
    await using place = await folder(SOURCE)
    expect(await openenv(importing('--no-lock', '--json'), { cwd: place.path })).toMatchObject({ code: 0 })
    const clean = await openenv(importing('--check'), { cwd: place.path })
    expect(clean).toMatchObject({ code: 0, stdout: './out/maze is what an import would write now.\n' })
    await writeFile(join(place.path, 'source/new.txt'), '')
    const drifted = await openenv(importing('--check'), { cwd: place.path })
    expect(drifted.code).toBe(1)
    expect(lines(drifted.stdout)).toEqual([
      './out/maze differs from an import of now in 2 files:',
      '  import.lock.json: an import would write something else now',
      '  vendor/maze/new.txt: not there',
      'To import it again, replace --check with --update.',
    ])
    const asJson = await openenv(importing('--check', '--json'), { cwd: place.path })
    expect(asJson.code).toBe(1)
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      drift: [
        { path: 'import.lock.json', kind: 'changed' },
        { path: 'vendor/maze/new.txt', kind: 'missing' },
      ],
    })
  })

  it('updates a package, and keeps what was edited or refuses to lose it [IM-10]', async () => {
    await using place = await folder(SOURCE)
    const at = (path: string) => join(place.path, path)
    const again = (...more: readonly string[]) => openenv(importing('--update', ...more), { cwd: place.path })
    await openenv(importing('--no-lock'), { cwd: place.path })
    expect(await again()).toMatchObject({
      code: 0,
      stdout: './out/maze is what an import would write now.\n',
    })

    await writeFile(at('out/maze/README.md'), 'Mine.')
    await writeFile(at('source/new.txt'), '')
    const dry = await again('--dry-run')
    expect(lines(dry.stdout)[0]).toBe('Would update ./out/maze:')
    expect(existsSync(at('out/maze/vendor/maze/new.txt'))).toBe(false)
    expect(lines((await again()).stdout)).toEqual([
      'Updated ./out/maze:',
      '  README.md: kept, for you edited it',
      '  import.lock.json: replaced',
      '  vendor/maze/new.txt: added',
    ])
    expect(readFileSync(at('out/maze/README.md'), 'utf8')).toBe('Mine.')

    await writeFile(at('source/new.txt'), 'Longer.')
    expect(lines((await again()).stdout)).toContain('  vendor/maze/new.txt: replaced')
    await writeFile(at('out/maze/vendor/maze/new.txt'), 'Mine.')
    await writeFile(at('source/new.txt'), 'Theirs.')
    const refused = await again()
    expect(refused.code).toBe(1)
    expect(refused.stdout).toContain('  vendor/maze/new.txt: edited by you, and changed in the source')
    expect(refused.stdout).toContain('Nothing was written: One file was edited here')
    expect(readFileSync(at('out/maze/vendor/maze/new.txt'), 'utf8')).toBe('Mine.')
    const forced = await again('--force', '--json')
    expect(JSON.parse(forced.stdout)).toMatchObject({ written: true })
    expect(readFileSync(at('out/maze/vendor/maze/new.txt'), 'utf8')).toBe('Theirs.')
  })

  it.each([
    ['a name against the rule', ['--name', 'Maze'], 2, 'INVALID_NAME'],
    ['a type that nobody imports', ['--type', 'rust'], 2, 'UNKNOWN_TYPE'],
    ['an entry point that is not there', ['--env-class', 'Nobody'], 2, 'UNKNOWN_ENTRY_POINT'],
    ['an output inside the source', ['--output-dir', 'source/out'], 2, 'OUTPUT_IN_SOURCE'],
    ['a check of what was not imported', ['--check'], 2, 'NO_IMPORT'],
    ['an update of what was not imported', ['--update'], 2, 'NO_IMPORT'],
    ['modes that exclude each other', ['--check', '--dry-run'], 2, 'USAGE'],
    ['a check that updates', ['--check', '--update'], 2, 'USAGE'],
    ['force without an update', ['--force'], 2, 'USAGE'],
    ['an importer that is not there', ['--importer', 'no-such-package-anywhere'], 2, 'USAGE'],
    ['an importer that is there already', ['--importer', WORD_GAMES], 2, 'USAGE'],
    ['an entry point that cannot be imported', ['--env-class', 'Broken'], 1, 'GENERATION_FAILED'],
  ])(
    'refuses %s with one line, a code for programs, and nothing left behind [IM-2]',
    async (_, args, exit, error) => {
      await using place = await folder({
        ...SOURCE,
        'source/broken.py': '# word game: Broken\n',
      })
      const chosen = args.includes('--env-class') ? [] : ['--env-class', 'Maze']
      const { code, stdout, stderr } = await openenv(importing('--json', ...chosen, ...args), {
        cwd: place.path,
      })
      expect(lines(stderr)).toEqual([expect.stringMatching(/^error: .+[^\n]$/)])
      expect(code).toBe(exit)
      expect(JSON.parse(stdout)).toEqual({
        error: {
          code: error,
          message: lines(stderr)[0]?.slice('error: '.length),
          ...(stdout.includes('choices') && { choices: expect.any(Array) }),
        },
      })
      expect(readdirSync(place.path)).toEqual(['source'])
      expect(readdirSync(join(place.path, 'source')).sort()).toEqual(['.env', 'broken.py', 'maze.py'])
    },
  )
})
