import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
} from 'node:fs'
import { lstatSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { folder, type Folder } from '../test/command.ts'
import { importFile, type ModuleExports } from './module.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Imports a file as a process does that has not imported it yet. */
function importAgain(file: string): Promise<ModuleExports> {
  Reflect.deleteProperty(createRequire(import.meta.url).cache, file)
  return importFile(file)
}

/** A file that exports "source", and the one entry that its first load left in the cache. */
async function loadedOnce(): Promise<Folder & { file: string; cache: string; entry: string }> {
  const here = await folder({ 'env.ts': 'export const from: string = "source"\n' })
  vi.stubEnv('XDG_CACHE_HOME', join(here.path, 'cache'))
  const file = join(here.path, 'env.ts')
  await expect(importFile(file)).resolves.toMatchObject({ from: 'source' })
  const cache = join(here.path, 'cache/openenv/transpiled')
  const [name = '', ...others] = readdirSync(cache)
  expect(others).toEqual([])
  const entry = join(cache, name)
  const dispose = () => here[Symbol.asyncDispose]()
  return { ...here, [Symbol.asyncDispose]: dispose, file, cache, entry }
}

/** Code that exports "cache" instead. */
function plant(entry: string): void {
  const planted = readFileSync(entry, 'utf8').replace('"source"', '"cache"')
  expect(planted).toContain('"cache"')
  writeFileSync(entry, planted)
}

interface Places {
  readonly path: string
  readonly cache: string
  readonly entry: string
}

type Strange = readonly [what: string, make: (places: Places) => void]

/** What others may have made where the cache is looked for. */
const STRANGE: readonly Strange[] = [
  [
    'an entry that the group can write to',
    ({ entry }) => {
      chmodSync(entry, 0o620)
    },
  ],
  [
    'an entry that all can write to',
    ({ entry }) => {
      chmodSync(entry, 0o602)
    },
  ],
  [
    'an entry that is a link',
    ({ path, entry }) => {
      renameSync(entry, join(path, 'elsewhere'))
      symlinkSync(join(path, 'elsewhere'), entry)
    },
  ],
  [
    'an entry with a second name',
    ({ path, entry }) => {
      linkSync(entry, join(path, 'elsewhere'))
    },
  ],
  [
    'an entry of other code',
    ({ entry }) => {
      writeFileSync(entry, readFileSync(entry, 'utf8').replace(/^\/\/ ./, '// x'))
    },
  ],
  [
    'a folder that the group can read',
    ({ cache }) => {
      chmodSync(cache, 0o750)
    },
  ],
  [
    'a folder that all can write to',
    ({ cache }) => {
      chmodSync(cache, 0o703)
    },
  ],
  [
    'a folder that is a link',
    ({ path, cache }) => {
      renameSync(cache, join(path, 'elsewhere'))
      symlinkSync(join(path, 'elsewhere'), cache)
    },
  ],
]

const giveAway = (path: string): void => {
  chownSync(path, 12_345, 12_345)
}
/** The same, which only root can make. */
const OF_OTHERS: readonly Strange[] = [
  [
    'an entry of another owner',
    ({ entry }) => {
      giveAway(entry)
    },
  ],
  [
    'a folder of another owner',
    ({ cache }) => {
      giveAway(cache)
    },
  ],
  [
    'a cache directory of another owner',
    ({ path }) => {
      giveAway(join(path, 'cache'))
    },
  ],
]

describe('transpiled code', () => {
  it('is kept where only its user can write, and used the next time', async () => {
    await using here = await loadedOnce()
    expect(lstatSync(here.cache).mode & 0o777).toBe(0o700)
    expect(lstatSync(here.entry).mode & 0o777).toBe(0o600)
    plant(here.entry)
    await expect(importAgain(here.file)).resolves.toMatchObject({ from: 'cache' })
  })

  it.each([...STRANGE, ...(process.getuid?.() === 0 ? OF_OTHERS : [])])(
    'is not taken from %s',
    async (_what, change) => {
      await using here = await loadedOnce()
      plant(here.entry)
      change(here)
      await expect(importAgain(here.file)).resolves.toMatchObject({ from: 'source' })
    },
  )

  it('is made again where the source has changed', async () => {
    await using here = await loadedOnce()
    writeFileSync(here.file, 'export const from: string = "a newer source"\n')
    await expect(importAgain(here.file)).resolves.toMatchObject({ from: 'a newer source' })
  })

  it.each(['relative/cache', '/proc/nowhere'])(
    'is not needed: with the cache at %s, files load',
    async (place) => {
      await using here = await folder({ 'env.ts': 'export const from: string = "source"\n' })
      vi.stubEnv('XDG_CACHE_HOME', place)
      vi.stubEnv('HOME', join(here.path, 'home'))
      mkdirSync(join(here.path, 'home'))
      await expect(importFile(join(here.path, 'env.ts'))).resolves.toMatchObject({ from: 'source' })
    },
  )
})
