import {
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { writePackage } from '@openenv-ts/scaffold'
import { describe, expect, it } from 'vitest'
import { folder } from '../test/folder.ts'
import { wordGames } from '../test/word-games.ts'
import { driftOf, recordedImport, recordedResolution, type Drift } from './check.ts'
import { planImport, type ImportPlan, type ImportRequest } from './import.ts'
import type { EnvironmentImporter } from './importer.ts'
import type { ImportLock } from './lock.ts'
import { checkPlaces } from './places.ts'

const SOURCE = {
  'games/maze.py': '# word game: Maze\nprint("ran")\nraise SystemExit(1)\n',
  'games/data.bin': new Uint8Array([0, 255, 128]),
  'run.sh': '#!/bin/sh\n',
  '.env': 'KEY=1',
  'secrets.yaml': 'key: 1',
  'server.pem': 'x',
  'games/__pycache__/maze.cpython-312.pyc': 'x',
  '.openenvignore': '*.tmp\n',
  'notes.tmp': 'x',
}
const pinned = { text: 'six==1.16.0\n', versions: { six: '1.16.0' }, needsBuild: [] }

async function plan(source: string, more: Partial<ImportRequest> = {}): Promise<ImportPlan> {
  const places = checkPlaces({ name: 'maze', source, outputDir: `${source}-out` }, 'existing')
  return planImport({
    name: 'maze',
    places,
    importers: [wordGames],
    resolve: () => Promise.resolve(pinned),
    ...more,
  })
}

const bytesOf = ({ files }: ImportPlan) =>
  [...files].map(([path, content]) => [
    path,
    typeof content === 'string'
      ? content
      : [Buffer.from(content.read()).toString('base64'), content.executable],
  ])

const lockOf = ({ files }: ImportPlan) => JSON.parse(files.get('import.lock.json') as string) as ImportLock

describe('planImport', () => {
  it('makes a package of the shape that init makes, with the source beside it [IM-11]', async () => {
    using place = folder(SOURCE)
    const { files } = await plan(place.path)
    expect([...files.keys()].sort()).toEqual([
      '.dockerignore',
      '.gitignore',
      'Dockerfile',
      'README.md',
      'eslint.config.js',
      'import.lock.json',
      'openenv.yaml',
      'package.json',
      'python/requirements.in',
      'python/requirements.lock',
      'src/index.test.ts',
      'src/index.ts',
      'tsconfig.build.json',
      'tsconfig.json',
      'vendor/maze/.openenvignore',
      'vendor/maze/games/data.bin',
      'vendor/maze/games/maze.py',
      'vendor/maze/run.sh',
      'vitest.config.js',
    ])
    expect(files.get('Dockerfile')).toContain('uv python install 3.11\n')
    expect(files.get('python/requirements.in')).toBe('six>=1.16\n')
    expect(files.get('python/requirements.lock')).toMatch(/^# .*\nsix==1\.16\.0\n$/)
  })

  it('leaves out secrets, what programs made, links and what .openenvignore names, and lists them [IM-9] [IM-26]', async () => {
    using place = folder(SOURCE)
    symlinkSync('/etc', join(place.path, 'out'))
    symlinkSync('gone', join(place.path, 'dangling'))
    symlinkSync('.', join(place.path, 'loop'))
    chmodSync(join(place.path, 'run.sh'), 0o711)
    chmodSync(join(place.path, 'games/data.bin'), 0o606)
    const planned = await plan(place.path)
    expect(lockOf(planned).excluded).toEqual([
      { path: '.env', why: 'may hold secrets' },
      { path: 'dangling', why: 'a dangling link' },
      { path: 'games/__pycache__/', why: 'a cache' },
      { path: 'loop', why: 'a link that loops' },
      { path: 'notes.tmp', why: '.openenvignore' },
      { path: 'out', why: 'a link out of the source' },
      { path: 'secrets.yaml', why: 'may hold secrets' },
      { path: 'server.pem', why: 'may hold secrets' },
    ])
    expect(planned.files.get('vendor/maze/run.sh')).toHaveProperty('executable', true)
    expect(planned.files.get('vendor/maze/games/data.bin')).toHaveProperty('executable', false)
  })

  it('records what it was made from [IM-10]', async () => {
    using place = folder(SOURCE)
    expect(lockOf(await plan(place.path))).toMatchObject({
      lock_version: 1,
      name: 'maze',
      source: { tree: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), files: 4, commit: null },
      importer: { type: 'word-games', version: '1.2.3' },
      entry_point: { module: 'games.maze', name: 'Maze', file: 'games/maze.py', line: 1 },
      sessions: { mode: 'shared', why: [{ message: 'Nothing in the module is written to.' }] },
      secrets: ['WORDS_KEY'],
      python: { requires: '>=3.11', requirements: ['six>=1.16'] },
      findings: [{ file: 'games/maze.py', line: 2 }],
      resolved: { six: '1.16.0' },
    })
  })

  it('gives equal bytes for one tree at two places, whenever its files were written [IM-10] [IM-26]', async () => {
    using one = folder(SOURCE)
    using other = folder()
    const moved = join(other.path, 'quite/another name')
    cpSync(one.path, moved, { recursive: true })
    utimesSync(join(moved, 'run.sh'), 1, 1)
    const [first, second] = [await plan(one.path), await plan(moved)]
    expect(bytesOf(second)).toEqual(bytesOf(first))
    expect(JSON.stringify(bytesOf(first))).not.toContain(one.path)
  })

  it('gives other bytes for another day only where versions were resolved [IM-10]', async () => {
    using place = folder(SOURCE)
    const later = { text: 'six==1.17.0\n', versions: { six: '1.17.0' }, needsBuild: [] }
    const [first, second] = [
      await plan(place.path),
      await plan(place.path, { resolve: () => Promise.resolve(later) }),
    ]
    const differing = [...first.files.keys()].filter(
      (path) => first.files.get(path) !== second.files.get(path),
    )
    expect(differing.filter((path) => !path.startsWith('vendor/'))).toEqual([
      'python/requirements.lock',
      'import.lock.json',
    ])
    const apart = { resolved: null, resolved_sha256: null }
    expect({ ...lockOf(second), ...apart }).toEqual({ ...lockOf(first), ...apart })
  })

  it('asks for a type first, then for an entry point, naming what there is [IM-2]', async () => {
    using place = folder({ ...SOURCE, 'b.py': '# word game: Other\n', 'c.py': '# word game: BaseGame\n' })
    const twin: EnvironmentImporter = { ...wordGames, sourceType: 'twin' }
    const importers = [wordGames, twin]
    const failing = (more: Partial<ImportRequest>) => plan(place.path, more).catch((error: unknown) => error)
    expect(await failing({ importers })).toMatchObject({
      code: 'SEVERAL_TYPES',
      choices: ['twin', 'word-games'],
    })
    expect(await failing({ importers, type: 'twin' })).toMatchObject({
      code: 'SEVERAL_ENTRY_POINTS',
      choices: ['b:Other', 'games.maze:Maze'],
    })
    expect(await failing({ importers, type: 'rust' })).toMatchObject({ code: 'UNKNOWN_TYPE' })
    expect(await failing({ envClass: 'Nobody' })).toMatchObject({ code: 'UNKNOWN_ENTRY_POINT' })
    for (const envClass of ['Other', 'b:Other', 'b.Other'])
      expect((await plan(place.path, { envClass })).entryPoint.file).toBe('b.py')
    expect((await plan(place.path, { envClass: 'BaseGame' })).entryPoint.file).toBe('c.py')
  })

  it('says what it saw where nothing is complete, and that there is nothing where there is not [IM-25]', async () => {
    using bases = folder({ 'c.py': '# word game: BaseGame\n' })
    await expect(plan(bases.path)).rejects.toThrow(/only c:BaseGame \(has no words\); --env-class takes one/)
    using nothing = folder({ 'a.txt': '' })
    await expect(plan(nothing.path)).rejects.toThrow(/no environment of the type word-games/)
  })

  it('says why a generation failed, in one line [IM-2]', async () => {
    using place = folder({ 'a.py': '# word game: Broken\n' })
    await expect(plan(place.path)).rejects.toMatchObject({
      name: 'ImportFailure',
      message: 'a:Broken cannot be imported: a.py has no words.',
    })
  })
})

describe('driftOf', () => {
  const outOf = (source: string): Disposable => ({
    [Symbol.dispose]() {
      rmSync(`${source}-out`, { recursive: true })
    },
  })
  async function imported(source: string): Promise<string> {
    const { files } = await plan(source)
    await writePackage(files, join(`${source}-out`, 'maze'))
    return join(`${source}-out`, 'maze')
  }
  async function drift(source: string, place: string): Promise<readonly Drift[]> {
    const recorded = recordedImport(place)
    const resolve = () => Promise.resolve(recordedResolution(place, recorded))
    return driftOf(await plan(source, { resolve }), place, recorded)
  }

  it('is nothing after an import, nor after what programs leave behind on either side [IM-10]', async () => {
    using source = folder(SOURCE)
    using _out = outOf(source.path)
    const place = await imported(source.path)
    expect(await drift(source.path, place)).toEqual([])
    for (const root of [source.path, join(place, 'vendor/maze')]) {
      mkdirSync(join(root, '.venv'))
      mkdirSync(join(root, 'games/__pycache__'), { recursive: true })
      writeFileSync(join(root, 'games/__pycache__/other.pyc'), '')
    }
    expect(await drift(source.path, place)).toEqual([])
  })

  it('names each file, and says on which side it changed [IM-10]', async () => {
    using source = folder(SOURCE)
    using _out = outOf(source.path)
    const place = await imported(source.path)
    writeFileSync(join(source.path, 'run.sh'), '#!/bin/bash\n')
    writeFileSync(join(source.path, 'games/new.txt'), '')
    rmSync(join(source.path, 'games/data.bin'))
    writeFileSync(join(place, 'README.md'), 'mine')
    rmSync(join(place, 'tsconfig.json'))
    const locked = readFileSync(join(place, 'python/requirements.lock'), 'utf8')
    writeFileSync(join(place, 'python/requirements.lock'), locked.replace('1.16.0', '1.15.0'))
    expect(await drift(source.path, place)).toEqual([
      { path: 'README.md', kind: 'edited' },
      { path: 'import.lock.json', kind: 'changed' },
      { path: 'python/requirements.lock', kind: 'edited' },
      { path: 'tsconfig.json', kind: 'missing' },
      { path: 'vendor/maze/games/data.bin', kind: 'added' },
      { path: 'vendor/maze/games/new.txt', kind: 'missing' },
      { path: 'vendor/maze/run.sh', kind: 'changed' },
    ])
  })

  it('is refused for what was not imported [IM-10]', () => {
    using place = folder({ 'import.lock.json': '{}' })
    expect(() => recordedImport(place.path)).toThrow(/cannot be read as a lock file/)
    expect(() => recordedImport(join(place.path, 'nowhere'))).toThrow(/there is no import\.lock\.json/)
  })
})
