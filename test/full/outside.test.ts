import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRegistry, type PackedPackage, type Registry } from '../pack/registry.ts'

const run = promisify(execFile)
const ROOT = new URL('../../', import.meta.url).pathname

/** A place of a newcomer: no repository, no node_modules above. */
const place = mkdtempSync(join(tmpdir(), 'openenv-ts-outside-'))
let registry: Registry

/** Runs a command as a newcomer does, whose npm asks the registry of this test. */
async function command(cwd: string, name: string, ...args: readonly string[]): Promise<string> {
  const env = { ...process.env, npm_config_registry: registry.url, npm_config_audit: 'false', NO_COLOR: '1' }
  for (const key of Object.keys(env)) if (key.startsWith('VITEST')) Reflect.deleteProperty(env, key)
  const { stdout, stderr } = await run(name, args, { cwd, env, maxBuffer: 64e6 })
  return stdout + stderr
}

beforeAll(async () => {
  await run('npx', ['tsc', '-b'], { cwd: ROOT })
  const rooms = ['--workspaces', '--json', '--pack-destination', place]
  const { stdout } = await run('npm', ['pack', ...rooms], { cwd: ROOT, maxBuffer: 64e6 })
  const packed = JSON.parse(stdout) as PackedPackage[]
  registry = await startRegistry(place, packed)
  writeFileSync(join(place, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
})

afterAll(async () => {
  await registry[Symbol.asyncDispose]()
  rmSync(place, { recursive: true, force: true })
})

// What the README of a generated package tells its reader to do, step by step.
describe('a generated package, in a folder of its own', () => {
  it.each([
    { kind: 'init', args: ['init', 'word-riddles'], folder: 'word-riddles', first: 'harbour' },
    {
      kind: 'import',
      args: [
        'import',
        join(ROOT, 'test/imports/fixtures/library-desk'),
        '--name',
        'desk',
        '--output-dir',
        '.',
      ],
      folder: 'desk',
      first: 'train',
    },
  ])('made by $kind installs, passes its tests and lists its tasks', async ({ args, folder, first }) => {
    const made = mkdtempSync(join(tmpdir(), 'openenv-ts-made-'))
    try {
      const cli = join(ROOT, 'packages/cli/bin/openenv.js')
      await command(made, process.execPath, cli, ...args)
      const here = join(made, folder)
      await command(here, 'npm', 'install', '--no-fund', '--prefer-offline')
      expect(await command(here, 'npm', 'test')).toMatch(/Tests\s+\d+ passed \(\d+\)/)
      expect(await command(here, 'npx', 'openenv', 'tasks', '.')).toContain(first)
      expect(await command(here, 'npm', 'run', 'types')).not.toContain('error')
    } finally {
      rmSync(made, { recursive: true, force: true })
    }
  })
})
