import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = new URL('../../', import.meta.url).pathname
const run = promisify(execFile)

interface Manifest {
  readonly name: string
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
  readonly exports: unknown
  readonly imports?: unknown
  readonly dependencies?: Readonly<Record<string, string>>
}

const PACKAGES = ['packages', 'environments'].flatMap((room) =>
  readdirSync(join(ROOT, room)).map((name) => {
    const folder = join(ROOT, room, name)
    return { folder, manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest }
  }),
)

/** An empty folder where the tarballs of all packages get installed, and nothing else but what they depend on. */
const elsewhere = mkdtempSync(join(tmpdir(), 'openenv-ts-pack-'))
const contents = new Map<string, readonly string[]>()

beforeAll(async () => {
  await run('npx', ['tsc', '-b'], { cwd: ROOT })
  const workspaces = PACKAGES.flatMap(({ manifest }) => ['--workspace', manifest.name])
  const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', elsewhere, ...workspaces], {
    cwd: ROOT,
  })
  const packed = JSON.parse(stdout) as { name: string; filename: string; files: { path: string }[] }[]
  for (const { name, files } of packed)
    contents.set(
      name,
      files.map(({ path }) => path),
    )

  writeFileSync(join(elsewhere, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  await run('npm', ['install', '--no-audit', '--no-fund', ...packed.map(({ filename }) => `./${filename}`)], {
    cwd: elsewhere,
  })
  cpSync(join(ROOT, 'examples/guess.ts'), join(elsewhere, 'guess.ts'))
})

afterAll(() => {
  rmSync(elsewhere, { recursive: true, force: true })
})

describe.each(PACKAGES)('the tarball of $manifest.name', ({ manifest }) => {
  it('holds every file that exports and bin name', () => {
    const files = contents.get(manifest.name)
    for (const target of [manifest.exports, manifest.imports, manifest.bin].flatMap(targets)) {
      const named = new RegExp(`^${target.replaceAll('.', '[.]').replace('*', '[^/]+')}$`)
      expect(
        files?.filter((file) => named.test(file)),
        target,
      ).not.toEqual([])
    }
  })

  it('holds sources and their license, but no tests, fixtures or build state', () => {
    const files = contents.get(manifest.name) ?? []
    expect(files).toContain('LICENSE')
    expect(files).toContain('README.md')
    // A template's tests are what it is for.
    const own = files.filter((file) => !file.startsWith('template/'))
    expect(own.filter((file) => /\.test\.|fixtures\/|\.tsbuildinfo$|^tsconfig/.test(file))).toEqual([])
  })

  it('depends on the siblings of this version', () => {
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      const sibling = PACKAGES.find((each) => each.manifest.name === name)
      if (sibling !== undefined) expect([name, range]).toEqual([name, sibling.manifest.version])
    }
  })
})

describe('installed into an empty folder', () => {
  it('evaluates a TypeScript file as it is', async () => {
    const { stdout } = await openenv('eval', './guess.ts', '--policy', 'random', '--repeats', '100', '--json')
    const result = JSON.parse(stdout) as Record<string, unknown>
    expect(result).toMatchObject({
      env: 'guess',
      policy: 'random',
      episodes: 100,
      outcomes: { completed: 100 },
    })
    // Seven random guesses find one of a hundred numbers about seven times in a hundred.
    expect(result['mean']).toBeGreaterThan(0)
    expect(result['mean']).toBeLessThan(0.25)
  })

  it('evaluates an installed environment by its name', async () => {
    const { stdout } = await openenv('eval', 'email-triage', '--policy', 'baseline', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ env: 'email-triage', episodes: 3, outcomes: { completed: 3 } })
  })

  it('says what it can do', async () => {
    const { stdout } = await openenv('--help')
    for (const command of ['serve', 'rollout', 'eval', 'tasks', 'info', 'replay', 'init', 'import'])
      expect(stdout).toContain(command)
  })

  it('makes an environment whose oracle earns 1', async () => {
    await openenv('init', 'word-riddles')
    const { stdout } = await openenv('eval', './word-riddles', '--policy', 'oracle', '--json')
    expect(JSON.parse(stdout)).toMatchObject({ env: 'word-riddles', mean: 1 })
  })

  it('names the line that installs the importer where it is left out', async () => {
    const importer = join(elsewhere, 'node_modules/@openenv-ts/importer')
    renameSync(importer, `${importer}-away`)
    try {
      const imported = openenv('import', '.', '--name', 'maze', '--output-dir', 'out')
      await expect(imported).rejects.toMatchObject({
        code: 1,
        stderr: expect.stringMatching(
          /^error: The importer is not installed: npm install @openenv-ts\/importer$/m,
        ),
      })
    } finally {
      renameSync(`${importer}-away`, importer)
    }
  })

  it('gives types that a strict consumer can use', async () => {
    writeFileSync(
      join(elsewhere, 'consumer.ts'),
      `import { openLocal } from '@openenv-ts/core'
       import guess from './guess.js'
       await using episode = openLocal(guess)
       const { observation } = await episode.step({ number: 50 })
       export const hint: 'start' | 'higher' | 'lower' | 'found' = observation.hint
       // @ts-expect-error -- a guess is a number
       await episode.step({ number: 'fifty' })`,
    )
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2023']
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const lib = ['--lib', 'es2023,esnext.disposable,dom']
    const checked = run(process.execPath, [tsc, ...options, ...lib, 'consumer.ts'], { cwd: elsewhere })
    await expect(
      checked.catch((error: unknown) => (error as { stdout: string }).stdout),
    ).resolves.toMatchObject({ stdout: '' })
  })

  it.each([
    {
      runtime: 'a browser',
      options: ['--module', 'esnext', '--moduleResolution', 'bundler'],
      code: `
        import { connect, connectVector } from '@openenv-ts/client'
        import { connect as connectInNode } from '@openenv-ts/client/node'
        export const own = connect('http://h', { WebSocket, token: 't' })
        // @ts-expect-error -- a browser's socket takes no headers
        export const headers = connect('http://h', { headers: { a: 'b' } })
        // @ts-expect-error -- a browser has no pings
        export const pings = connect('http://h', { pingIntervalMs: 1 })
        // @ts-expect-error -- a browser's socket takes no headers
        export const vector = connectVector('http://h', { size: 2, headers: { a: 'b' } })
        export const elsewhere = connectInNode('http://h', { headers: { a: 'b' }, pingIntervalMs: 1 })`,
    },
    {
      runtime: 'Node',
      options: ['--module', 'nodenext'],
      code: `
        import { connect, connectVector } from '@openenv-ts/client'
        export const own = connect('http://h', { headers: { a: 'b' }, pingIntervalMs: 1 })
        export const vector = connectVector('http://h', { size: 2, headers: { a: 'b' } })
        // @ts-expect-error -- in Node the socket is the one of ws
        export const given = connect('http://h', { WebSocket })`,
    },
  ])('gives a client the options of $runtime, by types and code alike', async ({ options, code }) => {
    const file = 'client-options.ts'
    writeFileSync(join(elsewhere, file), code)
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const strict = ['--noEmit', '--strict', '--target', 'es2023', '--lib', 'es2023,esnext.disposable,dom']
    const checked = run(process.execPath, [tsc, ...strict, ...options, file], { cwd: elsewhere })
    await expect(
      checked.catch((error: unknown) => (error as { stdout: string }).stdout),
    ).resolves.toMatchObject({ stdout: '' })
  })

  it('weighs at most 60 MB', async () => {
    const bytes = weigh(join(elsewhere, 'node_modules'))
    const bin = join(elsewhere, 'node_modules/@openenv-ts/cli/bin/openenv.js')
    const bare = await medianTime(() => run(process.execPath, ['-e', '0']))
    const help = await medianTime(() => run(process.execPath, [bin, '--help']))
    const episode = await medianTime(() =>
      run(process.execPath, [bin, 'eval', './guess.ts', '--policy', 'random', '--json'], { cwd: elsewhere }),
    )
    console.log(
      `installed: ${(bytes / 1e6).toFixed(1)} MB; bare Node ${bare.toFixed(0)} ms; ` +
        `openenv --help ${help.toFixed(0)} ms (${(help / bare).toFixed(1)} x); first episode of a file ${episode.toFixed(0)} ms`,
    )
    // The times are for the reader: they depend on the machine, and what is asserted of speed is in bench/.
    expect(bytes).toBeLessThanOrEqual(60e6)
  })
})

async function openenv(...args: readonly string[]) {
  return run('npx', ['openenv', ...args], { cwd: elsewhere })
}

/** Every path that an exports or bin entry names, below whatever conditions, without the leading `./`. */
function targets(entry: unknown): string[] {
  if (typeof entry === 'string') return [entry.replace(/^\.\//, '')]
  return Object.values(entry ?? {}).flatMap(targets)
}

function weigh(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}

async function medianTime(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const startedAt = performance.now()
    await work()
    times.push(performance.now() - startedAt)
  }
  return times.sort((a, b) => a - b)[2] ?? NaN
}
