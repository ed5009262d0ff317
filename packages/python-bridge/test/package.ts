import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openPythonEnvironment, type PythonEnvironment, type PythonEnvironmentOptions } from '../src/index.ts'

const TROUBLED = fileURLToPath(new URL('./troubled.py', import.meta.url))

/** A package around troubled.py, deleted when it is disposed. */
export interface TroubledPackage extends AsyncDisposable {
  readonly folder: string
  /** Makes the environment; its process ends with the package. */
  open(options?: Partial<PythonEnvironmentOptions>): Promise<PythonEnvironment>
}

/** Makes one, with these requirements. */
export async function troubledPackage(requirements = ''): Promise<TroubledPackage> {
  const folder = await mkdtemp(join(tmpdir(), 'openenv-troubled-'))
  await mkdir(join(folder, 'vendor/troubled'), { recursive: true })
  await cp(TROUBLED, join(folder, 'vendor/troubled/troubled.py'))
  await writeFile(join(folder, 'requirements.txt'), requirements)
  // Not the cache of whoever runs the tests.
  process.env['OPENENV_VENVS'] ??= await mkdtemp(join(tmpdir(), 'openenv-venvs-'))
  const opened: PythonEnvironment[] = []
  return {
    folder,
    open: async (options = {}) => {
      const environment = await openPythonEnvironment({
        name: 'troubled',
        description: 'It misbehaves.',
        version: '0.0.0',
        package: folder,
        source: { kind: 'ors', path: 'vendor/troubled', module: 'troubled', attribute: 'Troubled' },
        python: { requires: '>=3.10', requirements: 'requirements.txt' },
        sessions: 'shared',
        ...options,
      })
      opened.push(environment)
      return environment
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(opened.map((environment) => environment.close()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Whether a process runs: not gone, and not a corpse that nobody has buried. */
export async function runs(pid: number): Promise<boolean> {
  const { readFile } = await import('node:fs/promises')
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z'
  } catch {
    return false
  }
}
