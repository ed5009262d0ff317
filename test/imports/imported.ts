import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openenv, start, type Finished, type Running } from '../../packages/cli/test/command.ts'
import type { Fixture, PlannedEpisode } from './episodes.ts'

const HERE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(HERE, '../..')
/** Where packages are made: in reach of the repository's own node_modules, and out of git's sight. */
export const MADE = join(HERE, '.made')

/** What the command and its installers need of the environment. */
export const SURROUNDINGS: Readonly<Record<string, string>> = {
  ...(Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(?:PATH$|HOME$|PIP_|UV_|SSL_|.*_CA_BUNDLE|https?_proxy)/i.test(name),
    ),
  ) as Record<string, string>),
}

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
  return program(join(ROOT, 'node_modules/.bin/vitest'), ['run'], { cwd: join(MADE, name) })
}

/** Serves packages, several on one port. Its first line says where. */
export function serveImported(names: readonly string[], ...flags: readonly string[]): Running {
  return start(['serve', ...names.map((name) => join(MADE, name)), '--port', '0', ...flags], {
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

/** What the source's own library gives for the planned episodes, in the package's own virtual environment. */
export async function natively<T>(
  { name, native, secrets }: Fixture,
  episodes: readonly PlannedEpisode[],
): Promise<readonly T[]> {
  const { module, name: attribute } = await entryPointOf(name)
  const source = join(MADE, name, 'vendor', name)
  const path = existsSync(join(source, 'src')) ? join(source, 'src') : source
  const plan = JSON.stringify({ path, module, attribute, secrets, episodes })
  const python = join(MADE, name, '.venv/bin/python')
  const { code, stdout, stderr } = await program(python, [join(HERE, 'native', `${native}.py`)], {
    input: plan,
    cwd: source,
  })
  if (code !== 0) throw new Error(`The native script failed: ${stderr.slice(-2000)}`)
  return JSON.parse(stdout) as T[]
}

function program(
  command: string,
  args: readonly string[],
  { cwd, input = '' }: { readonly cwd: string; readonly input?: string },
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...SURROUNDINGS, NO_COLOR: '1', PYTHONDONTWRITEBYTECODE: '1' },
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
