import { mkdir, readdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { templatePackage } from '@openenv-ts/scaffold'
import { describe, expect, it } from 'vitest'
import { folder, lines } from '../test/command.ts'
import { openenv } from '../test/in-process.ts'

describe('openenv init', () => {
  it('makes an environment whose oracle earns 1, whose noop earns nothing, and whose baseline can be beaten', async () => {
    await using place = await folder()
    await openenv(['init', 'word-riddles', '--output-dir', 'a/b'], { cwd: place.path })
    const mean = async (policy: string): Promise<unknown> => {
      const { stdout } = await openenv(['eval', './a/b/word-riddles', '--policy', policy, '--json'], {
        cwd: place.path,
      })
      const result = JSON.parse(stdout) as Readonly<Record<string, unknown>>
      expect(result).toMatchObject({ env: 'word-riddles', episodes: 4, outcomes: { completed: 4 } })
      return result['mean']
    }
    expect(await mean('oracle')).toBe(1)
    expect(await mean('noop')).toBe(0)
    expect(await mean('baseline')).toBe(0.75)
  })

  it('says what to do next, and writes the files that a package has', async () => {
    await using place = await folder()
    const { stdout } = await openenv(['init', 'word-riddles'], { cwd: place.path })
    expect(lines(stdout)).toEqual([
      expect.stringMatching(/^Made \.\/word-riddles: /),
      '  cd ./word-riddles',
      '  npm install',
      '  npm test',
      '  npx openenv eval . --policy oracle',
    ])
    expect(await readdir(place.path)).toEqual(['word-riddles'])
    const made = (await readdir(join(place.path, 'word-riddles'), { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(place.path.length + '/word-riddles/'.length))
    expect(made.sort()).toEqual([...templatePackage('word-riddles').keys()].sort())
    for (const file of made)
      expect(await readFile(join(place.path, 'word-riddles', file), 'utf8')).not.toContain('my-environment')
  })

  it.each([
    ['Word_Riddles', /lower-case words joined by hyphens, for example "word-riddles"\.$/],
    ['../up', /lower-case words joined by hyphens/],
    ['full', /full exists and is not empty: choose another name or place\.$/],
    ['file', /file exists and is no folder: choose another name or place\.$/],
    ['nowhere', /nowhere is a link that leads nowhere/],
  ])('refuses %j with one line, exit code 2, and leaves everything as it was', async (name, says) => {
    await using place = await folder({ 'full/notes.txt': 'mine', file: 'mine' })
    await symlink('gone', join(place.path, 'nowhere'))
    const { code, stdout, stderr } = await openenv(['init', name], { cwd: place.path })
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(lines(stderr)).toEqual([expect.stringMatching(says)])
    expect((await readdir(place.path)).sort()).toEqual(['file', 'full', 'nowhere'])
    expect(await readdir(join(place.path, 'full'))).toEqual(['notes.txt'])
  })

  it('fills a folder that is there and empty', async () => {
    await using place = await folder()
    await mkdir(join(place.path, 'word-riddles'))
    expect(await openenv(['init', 'word-riddles'], { cwd: place.path })).toMatchObject({ code: 0 })
    expect(await readdir(join(place.path, 'word-riddles'))).toContain('package.json')
  })

  it('refuses an output folder below a file', async () => {
    await using place = await folder({ file: '' })
    const args = ['init', 'word-riddles', '--output-dir', 'file/below']
    const { code, stderr } = await openenv(args, { cwd: place.path })
    expect(code).toBe(2)
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/file is no folder: choose another --output-dir\.$/),
    ])
  })
})

describe('the folder of a package', () => {
  it('that names a module which is not there is refused with what to do', async () => {
    await using place = await folder({ 'pack/package.json': '{ "exports": "./dist/index.js" }' })
    const { code, stderr } = await openenv(['eval', './pack'], { cwd: place.path })
    expect(code).toBe(2)
    expect(lines(stderr)).toEqual([
      expect.stringMatching(/names \.\/dist\/index\.js, which is not there: build/),
    ])
  })

  it('whose package.json is broken is refused by its name', async () => {
    await using place = await folder({ 'pack/package.json': '{' })
    const { code, stderr } = await openenv(['eval', './pack'], { cwd: place.path })
    expect(code).toBe(2)
    expect(lines(stderr)).toEqual([expect.stringMatching(/pack\/package\.json is not JSON\.$/)])
  })
})
