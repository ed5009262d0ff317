import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { writePackage } from '@openenv-ts/scaffold'
import { describe, expect, it } from 'vitest'
import { folder } from '../test/folder.ts'
import { wordGames } from '../test/word-games.ts'
import { driftOf, holdsResolution, recordedImport, recordedResolution } from './check.ts'
import { planImport, type ImportPlan } from './import.ts'
import type { EnvironmentImporter } from './importer.ts'
import type { ImportLock } from './lock.ts'
import { planUpdate, writeUpdate, type FileUpdate } from './update.ts'
import { sha256 } from './vendor.ts'

const SOURCE = {
  'maze.py': '# word game: Maze\n',
  'data/a.bin': new Uint8Array([0, 255, 128]),
  'run.sh': '#!/bin/sh\n',
  'new\nline.txt': 'a name with a control character',
}
const VERSIONS = ['1.16.0', '1.17.0']

/** Paths by what an update does with them. */
type Update = Partial<Readonly<Record<FileUpdate['kind'], readonly string[]>>>

/** A source, the package that was imported from it, and what can be done to both. */
async function imported() {
  const place = folder(
    Object.fromEntries(Object.entries(SOURCE).map(([path, text]) => [`source/${path}`, text])),
  )
  const at = { source: join(place.path, 'source'), package: join(place.path, 'out/maze') }
  let resolutions = 0
  const resolve = () => {
    const version = VERSIONS[resolutions] ?? '9'
    resolutions += 1
    return Promise.resolve({ text: `six==${version}\n`, versions: { six: version }, needsBuild: [] })
  }
  const request = { name: 'maze', places: { source: at.source, destination: at.package } }
  await writePackage((await planImport({ ...request, importers: [wordGames], resolve })).files, at.package)
  const plan = async (importer: EnvironmentImporter): Promise<ImportPlan> => {
    const recorded = recordedImport(at.package)
    return planImport({
      ...request,
      importers: [importer],
      resolve: (needs) =>
        holdsResolution(needs, at.package, recorded)
          ? Promise.resolve(recordedResolution(at.package, recorded))
          : resolve(),
    })
  }
  return {
    at,
    /** Edits a file, relative to the place; null removes it. */
    edit(where: keyof typeof at, path: string, text: string | null) {
      const file = join(at[where], path)
      mkdirSync(dirname(file), { recursive: true })
      if (text === null) rmSync(file, { recursive: true })
      else writeFileSync(file, text)
    },
    read: (path: string) => readFileSync(join(at.package, path), 'utf8'),
    /** Every file of the package with its bytes. */
    bytes: () =>
      readdirSync(at.package, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ parentPath, name }) => [
          join(parentPath, name),
          readFileSync(join(parentPath, name), 'latin1'),
        ]),
    /** Writes nothing where there is a conflict, unless it is forced, as the command does. */
    async update({ force = false, importer = wordGames } = {}): Promise<Update> {
      const now = await plan(importer)
      const updates = planUpdate(now, at.package, recordedImport(at.package))
      const of = (kind: FileUpdate['kind']) =>
        updates.flatMap((each) => (each.kind === kind ? [each.path] : []))
      if (force || of('conflict').length === 0)
        writeUpdate(updates, now, at.package, { replaceEdited: force })
      const kinds = ['replaced', 'added', 'removed', 'kept', 'conflict'] as const
      return Object.fromEntries(kinds.flatMap((kind) => (of(kind).length === 0 ? [] : [[kind, of(kind)]])))
    },
    async drift(importer = wordGames) {
      return driftOf(await plan(importer), at.package, recordedImport(at.package))
    },
    [Symbol.dispose]() {
      place[Symbol.dispose]()
    },
  }
}

/** An importer that writes and asks for something else now. */
const changed: EnvironmentImporter = {
  ...wordGames,
  async generate(...given) {
    const before = await wordGames.generate(...given)
    return {
      ...before,
      wrapper: `${before.wrapper}// Of a later release.\n`,
      notes: ['A later release.'],
      python: { requires: '>=3.11', requirements: ['six>=1.17'] },
    }
  },
}
/** A file of each kind that an import writes, apart from the lock file. */
const KINDS = [
  'README.md',
  'src/index.ts',
  'python/requirements.in',
  'python/requirements.lock',
  'vendor/maze/maze.py',
]

/** Written at the import, there now, and what an import would write now; null for nothing. */
type Case = readonly [written: string | null, there: string | null, now: string | null, kind: string | null]

const CASES: readonly Case[] = [
  ['a', 'a', 'a', null],
  ['a', 'a', 'b', 'replaced'],
  [null, null, 'b', 'added'],
  ['a', null, 'a', 'added'],
  ['a', 'a', null, 'removed'],
  ['a', null, null, null],
  ['a', 'mine', 'a', 'kept'],
  ['a', 'mine', null, 'kept'],
  ['a', 'b', 'b', null],
  ['a', 'mine', 'b', 'conflict'],
  [null, 'mine', 'b', 'conflict'],
  [null, 'mine', null, null],
]

describe('an update', () => {
  it.each(CASES)('of a file that was %j, is %j and would be %j: %j', (written, there, now, kind) => {
    const path = 'src/deep/file.txt'
    using place = folder(there === null ? {} : { [path]: there })
    const read = () =>
      existsSync(join(place.path, path)) ? readFileSync(join(place.path, path), 'utf8') : null
    const files = new Map(now === null ? [] : [[path, now]])
    const generated = written === null ? {} : { [path]: sha256(written) }
    const updates = planUpdate({ files }, place.path, { generated } as ImportLock)
    expect(updates).toEqual(kind === null ? [] : [{ path, kind }])

    const edited = kind === 'kept' || kind === 'conflict' || now === null
    writeUpdate(updates, { files }, place.path, { replaceEdited: false })
    expect(read()).toBe(kind === 'removed' ? null : edited ? there : now)
    writeUpdate(updates, { files }, place.path, { replaceEdited: true })
    if (kind === 'conflict') expect(read()).toBe(now)
  })

  it('of a source that is as it was changes nothing', async () => {
    using it = await imported()
    const before = it.bytes()
    expect(await it.update()).toEqual({})
    expect(await it.update({ force: true })).toEqual({})
    expect(it.bytes()).toEqual(before)
  })

  it('replaces, adds and removes what was not edited, of every kind, and leaves no drift', async () => {
    using it = await imported()
    it.edit('source', 'maze.py', '# word game: Maze\n# Longer.\n')
    it.edit('source', 'data/a.bin', null)
    it.edit('source', 'more/deep/b.txt', 'new')
    chmodSync(join(it.at.source, 'run.sh'), 0o755)
    expect(await it.update({ importer: changed })).toEqual({
      replaced: [
        'README.md',
        'import.lock.json',
        'python/requirements.in',
        'python/requirements.lock',
        'src/index.ts',
        'vendor/maze/maze.py',
        'vendor/maze/run.sh',
      ],
      added: ['vendor/maze/more/deep/b.txt'],
      removed: ['vendor/maze/data/a.bin'],
    })
    expect(existsSync(join(it.at.package, 'vendor/maze/data'))).toBe(false)
    expect(it.read('python/requirements.lock')).toContain('six==1.17.0')
    expect(statSync(join(it.at.package, 'vendor/maze/run.sh')).mode & 0o777).toBe(0o755)
    expect(await it.drift(changed)).toEqual([])
    expect(await it.update({ importer: changed })).toEqual({})
  })

  it.each(KINDS)(
    'names %s where it was edited and is another now, changes nothing, and takes it with force',
    async (path) => {
      using it = await imported()
      it.edit('source', 'maze.py', '# word game: Maze\n# Longer.\n')
      it.edit('package', path, 'mine')
      const before = it.bytes()
      expect((await it.update({ importer: changed })).conflict).toEqual([path])
      expect(it.bytes()).toEqual(before)
      expect((await it.update({ importer: changed, force: true })).conflict).toEqual([path])
      expect(it.read(path)).not.toBe('mine')
      expect(await it.drift(changed)).toEqual([])
    },
  )

  it.each(['README.md', 'src/index.ts', 'python/requirements.in', 'vendor/maze/run.sh'])(
    'keeps %s where it was edited and an import writes the same as before, time after time',
    async (path) => {
      using it = await imported()
      it.edit('package', path, 'mine')
      for (const text of ['# 2\n', '# 3\n']) {
        it.edit('source', 'data/c.txt', text)
        expect((await it.update()).kept).toEqual([path])
        expect(it.read(path)).toBe('mine')
      }
    },
  )

  it('keeps lines that were added to the resolved requirements while the source asks for the same', async () => {
    using it = await imported()
    const lines = `${it.read('python/requirements.lock')}own @ git+https://example.org/own@0123abc\n`
    it.edit('package', 'python/requirements.lock', lines)
    for (const text of ['# 2\n', '# 3\n']) {
      it.edit('source', 'data/c.txt', text)
      await it.update()
      expect(it.read('python/requirements.lock')).toBe(lines)
    }
    expect((await it.update({ importer: changed })).conflict).toEqual(['python/requirements.lock'])
    await it.update({ importer: changed, force: true })
    expect(it.read('python/requirements.lock')).not.toContain('own @')
  })

  it('removes nothing that was edited, and never touches what it did not write, forced or not', async () => {
    using it = await imported()
    it.edit('package', 'src/mine.ts', 'mine')
    it.edit('package', 'vendor/maze/mine.txt', 'mine')
    it.edit('source', 'run.sh', null)
    it.edit('package', 'vendor/maze/run.sh', 'mine')
    expect(await it.update({ force: true })).toEqual({
      replaced: ['import.lock.json'],
      kept: ['vendor/maze/run.sh'],
    })
    for (const path of ['src/mine.ts', 'vendor/maze/mine.txt', 'vendor/maze/run.sh'])
      expect(it.read(path)).toBe('mine')
  })

  it('names a new file of the source where one of yours stands', async () => {
    using it = await imported()
    it.edit('package', 'vendor/maze/notes', 'mine')
    it.edit('source', 'notes', 'theirs')
    expect((await it.update()).conflict).toEqual(['vendor/maze/notes'])
    expect(it.read('vendor/maze/notes')).toBe('mine')
  })

  it('refuses where your file is a folder of the source, or your folder a file, forced or not', async () => {
    using it = await imported()
    it.edit('source', 'one', 'theirs')
    it.edit('package', 'vendor/maze/one/mine.txt', 'mine')
    const refused = { code: 'DESTINATION_TAKEN', message: expect.stringContaining('one/mine.txt') as string }
    await expect(it.update({ force: true })).rejects.toMatchObject(refused)
    it.edit('source', 'one', null)
    it.edit('source', 'two/new.txt', 'theirs')
    it.edit('package', 'vendor/maze/two', 'mine')
    await expect(it.update({ force: true })).rejects.toMatchObject({ code: 'DESTINATION_TAKEN' })
    expect(it.read('vendor/maze/one/mine.txt') + it.read('vendor/maze/two')).toBe('minemine')
  })

  it('turns files into folders and folders into files', async () => {
    using it = await imported()
    it.edit('source', 'run.sh', null)
    it.edit('source', 'run.sh/now', 'a folder')
    it.edit('source', 'data', null)
    it.edit('source', 'data', 'a file')
    await it.update()
    expect(it.read('vendor/maze/run.sh/now')).toBe('a folder')
    expect(it.read('vendor/maze/data')).toBe('a file')
    expect(await it.drift()).toEqual([])
  })

  it('puts back what is missing, and is finished by the next one when it was cut off', async () => {
    using it = await imported()
    it.edit('package', 'tsconfig.json', null)
    it.edit('source', 'maze.py', '# word game: Maze\n# Longer.\n')
    // As if it had been cut off before the lock file was written.
    it.edit('package', 'vendor/maze/maze.py', '# word game: Maze\n# Longer.\n')
    expect(await it.update()).toEqual({
      replaced: ['import.lock.json'],
      added: ['tsconfig.json'],
    })
    expect(await it.drift()).toEqual([])
  })

  it('of a package from before copied files were recorded takes what differs for edited', async () => {
    using it = await imported()
    const {
      copied: _copied,
      resolved_sha256: _hash,
      ...before
    } = JSON.parse(it.read('import.lock.json')) as object & {
      copied: unknown
      resolved_sha256: unknown
    }
    it.edit('package', 'import.lock.json', JSON.stringify(before))
    it.edit('source', 'run.sh', '#!/bin/bash\n')
    expect((await it.update()).conflict).toEqual(['vendor/maze/run.sh'])
    await it.update({ force: true })
    expect(await it.drift()).toEqual([])
  })
})

describe('a package of a stranger', () => {
  const VICTIM = 'not of the package'

  it.each([
    ['a file', 'README.md'],
    ['a file of the copy', 'vendor/maze/run.sh'],
    ['a folder', 'vendor/maze'],
    ['a folder above', 'vendor'],
    ['the resolved requirements', 'python/requirements.lock'],
  ])('with a link in the place of %s is refused, and what it leads to stays', async (_, path) => {
    using it = await imported()
    using outside = folder({ 'run.sh': VICTIM, 'maze/run.sh': VICTIM, 'maze.py': VICTIM })
    it.edit('source', 'maze.py', '# word game: Maze\n# Longer.\n')
    it.edit('source', 'run.sh', '#!/bin/bash\n')
    const isFile = statSync(join(it.at.package, path)).isFile()
    it.edit('package', path, null)
    symlinkSync(isFile ? join(outside.path, 'run.sh') : outside.path, join(it.at.package, path))
    for (const force of [false, true])
      await expect(it.update({ force, importer: changed })).rejects.toMatchObject({
        code: 'DESTINATION_TAKEN',
      })
    for (const name of ['run.sh', 'maze/run.sh', 'maze.py'])
      expect(readFileSync(join(outside.path, name), 'utf8')).toBe(VICTIM)
    expect(await it.drift()).not.toEqual([])
  })

  it('with a lock file that is a link is refused', async () => {
    using it = await imported()
    using outside = folder({ 'import.lock.json': it.read('import.lock.json') })
    it.edit('package', 'import.lock.json', null)
    symlinkSync(join(outside.path, 'import.lock.json'), join(it.at.package, 'import.lock.json'))
    await expect(it.update()).rejects.toMatchObject({ code: 'NO_IMPORT' })
  })

  const lock = {
    lock_version: 1,
    importer: { type: 'word-games', version: '1' },
    entry_point: { module: 'maze', name: 'Maze' },
    generated: { 'README.md': '0' },
    resolved: null,
    needs_build: [],
  }
  const withLock = (more: object) => folder({ 'import.lock.json': JSON.stringify({ ...lock, ...more }) })

  const PATHS = [
    '../victim',
    '/victim',
    'src/../../victim',
    '.',
    '',
    'src//victim',
    './victim',
    '.git/HEAD',
    'a/.GIT/x',
    'node_modules/x',
    'a\0b',
  ]
  it.each(PATHS.flatMap((path) => [[path, 'generated'] as const, [path, 'copied'] as const]))(
    'whose lock file names %j as %s is refused',
    (path, part) => {
      using place = withLock({ [part]: { 'README.md': '0', [path]: '0' } })
      expect(() => recordedImport(place.path)).toThrow(/cannot be read as a lock file/)
    },
  )

  it.each([
    ['generated', null],
    ['generated', []],
    ['generated', { 'README.md': 1 }],
    ['copied', 'all'],
    ['resolved', { six: 1 }],
    ['needs_build', {}],
    ['resolved_sha256', 1],
    ['entry_point', { module: 1, name: 'x' }],
    ['lock_version', 2],
  ])('whose lock file has %s: %j is refused', (field, value) => {
    using good = withLock({})
    expect(recordedImport(good.path).entry_point.module).toBe('maze')
    using place = withLock({ [field]: value })
    expect(() => recordedImport(place.path)).toThrow(/cannot be read as a lock file/)
  })
})
