import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openenv, start, type Finished, type Running } from '../../packages/cli/test/command.ts'
import { environmentsFolder } from '../../packages/python-bridge/src/environments-folder.ts'
import { virtualEnvironment } from '../../packages/python-bridge/src/virtual-environment.ts'
import type { Fixture } from './episodes.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(HERE, '../..')
/** Where packages are made: in reach of the repository's own node_modules, and out of git's sight. */
export const MADE = join(HERE, '.made')

/** What the command and its installers need of the environment. */
export const SURROUNDINGS: Readonly<Record<string, string>> = {
  ...(Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(?:PATH$|HOME$|OPENENV_VENVS$|PIP_|UV_|SSL_|.*_CA_BUNDLE|https?_proxy)/i.test(name),
    ),
  ) as Record<string, string>),
}

/** Verifiers up to 0.1.14 needs a package without a wheel. */
const BUILD = { OPENENV_BUILD: '1' }

/** Imports a source of this folder with the real command. */
export async function importSource(
  source: string,
  name: string,
  ...flags: readonly string[]
): Promise<Finished> {
  await rm(join(MADE, name), { recursive: true, force: true })
  return openenv(['import', join(HERE, source), '--name', name, '--output-dir', MADE, ...flags], {
    cwd: ROOT,
    env: SURROUNDINGS,
  })
}

/** Runs a package's own tests, as its `npm test` does. */
export function ownTests(name: string): Promise<Finished> {
  return program(join(ROOT, 'node_modules/.bin/vitest'), ['run'], { cwd: join(MADE, name), env: BUILD })
}

/** Serves packages, several on one port. Its first line says where. */
export function serveImported(names: readonly string[], ...flags: readonly string[]): Running {
  return start(['serve', ...names.map((name) => join(MADE, name)), '--port', '0', '--build', ...flags], {
    cwd: ROOT,
    env: { ...SURROUNDINGS, WAREHOUSE_BADGE: 'night shift' },
  })
}

/** What an import says that it found. */
export async function entryPointOf(
  name: string,
): Promise<{ readonly module: string; readonly name: string }> {
  const lock = JSON.parse(await readFile(join(MADE, name, 'import.lock.json'), 'utf8')) as {
    readonly entry_point: { readonly module: string; readonly name: string }
  }
  return lock.entry_point
}

/** How a source is entered by the scripts that play it with its own library. */
export interface NativeEntry {
  /** An interpreter that has the library. */
  readonly python: string
  /** The folder with the module. */
  readonly path: string
  readonly module: string
  readonly attribute: string
}

/** What the source's own library gives for the planned episodes. */
export async function natively<T>(
  { native, secrets, grouped, episodes, variables }: Fixture,
  { python, ...entry }: NativeEntry,
): Promise<readonly T[]> {
  const plan = JSON.stringify({ ...entry, secrets, grouped, episodes })
  const { code, stdout, stderr } = await program(python, [join(HERE, 'native', `${native}.py`)], {
    input: plan,
    cwd: entry.path,
    env: Object.fromEntries((variables ?? []).map((name) => [name, process.env[name] ?? ''])),
  })
  if (code !== 0) throw new Error(`The native script failed: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout) as T[]
}

/** How the source of an imported package is entered, in the package's own virtual environment. */
export async function nativeEntryOf(name: string): Promise<NativeEntry> {
  const { module, name: attribute } = await entryPointOf(name)
  const source = join(MADE, name, 'vendor', name)
  const path = existsSync(join(source, 'src')) ? join(source, 'src') : source
  const { python } = await virtualEnvironment({
    folder: join(MADE, name),
    requires: '',
    requirements: 'python/requirements.lock',
    seconds: 600,
    builds: () => Promise.resolve({ allowed: 'any' }),
  })
  return { python, path, module, attribute }
}

async function program(
  command: string,
  args: readonly string[],
  {
    cwd,
    input = '',
    env = {},
  }: { readonly cwd: string; readonly input?: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Finished> {
  // Where the bridge has it: libraries are compiled once.
  const bytecode = join(await environmentsFolder(), 'bytecode')
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...SURROUNDINGS, ...env, NO_COLOR: '1', PYTHONPYCACHEPREFIX: bytecode },
    })
    const text = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk))
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, ...text })
    })
    child.stdin.on('error', () => undefined).end(input)
  })
}
