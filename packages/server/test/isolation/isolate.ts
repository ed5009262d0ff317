import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import {
  isolationFrom,
  type Isolation,
  type IsolationKind,
  type IsolationOptions,
} from '../../src/isolation/isolation.ts'

export const KINDS: readonly IsolationKind[] = ['worker', 'process']

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** What executors run and load. Compiled once: an executor that compiles for itself takes five times as long to start. */
const MODULES: Readonly<Record<string, string>> = {
  main: fromHere('../../src/isolation/main.ts'),
  ...Object.fromEntries(
    [
      'counter',
      'isolate',
      'ledger',
      'loader',
      'misbehaving',
      'misbehaving-world',
      'reaching',
      'surroundings',
    ].map((name) => [`./${name}.ts`, fromHere(`./${name}.ts`)]),
  ),
  '@openenv-ts/echo': '@openenv-ts/echo',
  '@openenv-ts/email-triage': '@openenv-ts/email-triage',
  '@openenv-ts/examples/guess.ts': '@openenv-ts/examples/guess.ts',
}
const NAMES = Object.keys(MODULES)

let compiled: Promise<string> | null = null

const PREFIX = 'openenv-executors-'

/** Deletes what processes that are gone have compiled: a test runner ends its own without a word. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(PREFIX))) {
    const [pid] = name.slice(PREFIX.length).split('-')
    if (!existsSync(`/proc/${String(pid)}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true })
  }
}

async function compile(): Promise<string> {
  sweep()
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${String(process.pid)}-`))
  const bundle = await rolldown({
    input: Object.fromEntries(NAMES.map((name, at) => [String(at), MODULES[name] ?? ''])),
    platform: 'node',
    external: ['rolldown'],
    resolve: { conditionNames: ['@openenv-ts/source', 'import', 'node', 'default'] },
  })
  await bundle.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[hash].mjs',
  })
  await bundle.close()
  return folder
}

/** Isolates the environment that a module beside this one, a package, or any other URL default-exports. */
export async function isolate(
  kind: IsolationKind,
  module: string,
  options: Partial<IsolationOptions> = {},
): Promise<Isolation> {
  compiled ??= compile()
  const folder = await compiled
  const urlOf = (name: string): string | undefined =>
    NAMES.includes(name) ? pathToFileURL(join(folder, `${String(NAMES.indexOf(name))}.mjs`)).href : undefined
  const { loader } = options
  return isolationFrom(new URL(urlOf('main') ?? ''), {
    kind,
    module: urlOf(module) ?? module,
    workers: 1,
    execArgv: [],
    ...options,
    ...(loader === undefined ? {} : { loader: urlOf(loader) ?? loader }),
  })
}
