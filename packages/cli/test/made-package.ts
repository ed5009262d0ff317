import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const VITEST_CONFIG = fileURLToPath(new URL('./sources.vitest.config.ts', import.meta.url))
const run = promisify(execFile)

/** A folder, git-ignored, from which everything that is installed here can be imported. Deleted when disposed. */
export async function folderInReach(): Promise<{ readonly path: string } & AsyncDisposable> {
  await mkdir(join(ROOT, 'runs'), { recursive: true })
  const path = await mkdtemp(join(ROOT, 'runs', 'made-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** What `npm run lint`, `npm run types` and `npm test` say of a package that the command made; rejects where they fail. */
export async function checkPackage(path: string): Promise<{ readonly tests: string; readonly lint: string }> {
  await resolveToSources(path)
  const node = (file: string, ...args: readonly string[]) =>
    run(process.execPath, [join(ROOT, 'node_modules', file), ...args], {
      cwd: path,
      env: { ...process.env, NO_COLOR: '1', VITEST: undefined, NODE_OPTIONS: undefined },
    }).then(
      ({ stdout, stderr }) => stdout + stderr,
      (error: unknown) => {
        const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string }
        throw new Error(`${file} ${args.join(' ')} failed:\n${stdout}${stderr}`)
      },
    )
  const [linter, types, tests] = await Promise.all([
    node('eslint/bin/eslint.js', '.', '--max-warnings', '0'),
    node('typescript/bin/tsc'),
    node('vitest/vitest.mjs', 'run', '--config', VITEST_CONFIG),
  ])
  return { tests, lint: linter + types }
}

/** Types come from sources too; for somebody who installed the packages they come from what was built. */
async function resolveToSources(path: string): Promise<void> {
  const file = join(path, 'tsconfig.json')
  const config = JSON.parse(await readFile(file, 'utf8')) as { compilerOptions: Record<string, unknown> }
  config.compilerOptions['customConditions'] = ['@openenv-ts/source']
  await writeFile(file, JSON.stringify(config))
}
