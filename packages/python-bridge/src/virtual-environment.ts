import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OpenEnvError } from '@openenv-ts/core'
import { installerEnvironment } from '@openenv-ts/core/node'
import { findPython, satisfies } from './python.ts'
import { run, type Ran } from './run.ts'

/** What a virtual environment is made of, and where. */
export interface VirtualEnvironmentOptions {
  /** The package's folder; the environment is `.venv` in it. */
  readonly folder: string
  readonly requires: string
  /** A requirements file, relative to the folder. */
  readonly requirements: string
  /** The longest that making it may take. */
  readonly seconds: number
  /** Told what is being done, in one line. */
  readonly onProgress?: (line: string) => void
  readonly env?: NodeJS.ProcessEnv
}

const STAMP = '.openenv-requirements'
const POLL_MS = 200

/**
 * Makes a package's virtual environment where there is none, or where its requirements have changed; with uv where that
 * is installed, else with Python's own `venv` and pip.
 *
 * @returns The path of its interpreter.
 * @throws OpenEnvError FACTORY_ERROR when there is no Python that fits, or something cannot be installed, with the end of
 * what the installer said.
 */
export async function virtualEnvironment(options: VirtualEnvironmentOptions): Promise<string> {
  const { folder, requires, env = process.env } = options
  const venv = join(folder, '.venv')
  const python = join(venv, 'bin', 'python')
  const wanted = await fingerprint(options)
  if (await isReady(venv, wanted, requires)) return python
  await using _turn = await takeTurn(folder, options.seconds)
  // Whoever was here first may have made it.
  if (await isReady(venv, wanted, requires)) return python
  const hasUv =
    env['OPENENV_NO_UV'] !== '1' && (await run('uv', ['--version'], { seconds: 20, env })).code === 0
  await rm(venv, { recursive: true, force: true })
  const version = await make(options, { venv, python, hasUv })
  await install(options, { python, hasUv })
  // Last: one that is half made has no stamp, and is made again.
  await writeFile(join(venv, STAMP), JSON.stringify({ requirements: wanted, python: version }))
  return python
}

async function fingerprint({ folder, requirements }: VirtualEnvironmentOptions): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(join(folder, requirements)))
      .digest('hex')
  } catch (cause) {
    throw new OpenEnvError('FACTORY_ERROR', `${requirements} cannot be read: it lists what Python needs.`, {
      cause,
    })
  }
}

async function isReady(venv: string, wanted: string, requires: string): Promise<boolean> {
  try {
    const stamp = JSON.parse(await readFile(join(venv, STAMP), 'utf8')) as Readonly<Record<string, string>>
    return (
      stamp['requirements'] === wanted &&
      satisfies(stamp['python'] ?? '', requires) &&
      existsSync(join(venv, 'bin', 'python'))
    )
  } catch {
    return false
  }
}

interface Made {
  readonly venv: string
  readonly python: string
  readonly hasUv: boolean
}

/** Makes it empty, and answers its Python's version. */
async function make(options: VirtualEnvironmentOptions, { venv, python, hasUv }: Made): Promise<string> {
  const { seconds, requires, onProgress, env = process.env } = options
  const base = await findPython(requires, env)
  onProgress?.(`Making a virtual environment with Python ${base.version} …`)
  const made = hasUv
    ? await run('uv', ['venv', '--quiet', '--python', base.command, venv], { seconds, env: installing(env) })
    : await run(base.command, ['-m', 'venv', venv], { seconds, env: installing(env) })
  if (made.code !== 0 || !existsSync(python)) {
    const hint = hasUv ? '' : ' Debian has it in the package python3-venv.'
    throw failure('A virtual environment could not be made.', made, seconds, hint)
  }
  return base.version
}

async function install(
  { folder, requirements, seconds, onProgress, env = process.env }: VirtualEnvironmentOptions,
  { python, hasUv }: Pick<Made, 'python' | 'hasUv'>,
): Promise<void> {
  onProgress?.(`Installing ${requirements} …`)
  const list = join(folder, requirements)
  const installed = hasUv
    ? await run('uv', ['pip', 'install', '--quiet', '--python', python, '--requirement', list], {
        seconds,
        env: installing(env),
      })
    : await run(
        python,
        ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', list],
        {
          seconds,
          env: installing(env),
        },
      )
  if (installed.code !== 0)
    throw failure(`What ${requirements} lists could not be installed.`, installed, seconds)
}

function failure(what: string, { stderr, timedOut, missing }: Ran, seconds: number, hint = ''): OpenEnvError {
  const last = stderr.trim().split('\n').slice(-6).join('\n')
  const why = timedOut
    ? ` It took longer than ${String(seconds)} s.`
    : missing
      ? ' The installer cannot be started.'
      : last === ''
        ? ''
        : ` ${last}`
  return new OpenEnvError('FACTORY_ERROR', `${what}${hint}${why}`, { cause: stderr })
}

/** What installers need of the environment, and nothing beside it; packages of the user's own home do not count. */
function installing(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...installerEnvironment(env), PYTHONNOUSERSITE: '1' }
}

/** Waits until no other process makes the same environment. */
async function takeTurn(folder: string, seconds: number): Promise<AsyncDisposable> {
  const path = join(folder, '.venv.lock')
  await mkdir(folder, { recursive: true })
  const until = Date.now() + seconds * 1000
  for (;;) {
    try {
      const file = await open(path, 'wx')
      await file.writeFile(String(process.pid))
      await file.close()
      return { [Symbol.asyncDispose]: () => rm(path, { force: true }) }
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw new OpenEnvError(
          'FACTORY_ERROR',
          `A virtual environment cannot be made in ${folder}: it is not writable.`,
          {
            cause,
          },
        )
      }
    }
    if (!(await ownerLives(path))) await rm(path, { force: true })
    else if (Date.now() > until) {
      throw new OpenEnvError('FACTORY_ERROR', `Another process has been making ${folder}/.venv for too long.`)
    } else await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function ownerLives(path: string): Promise<boolean> {
  let owner: number
  try {
    owner = Number(await readFile(path, 'utf8'))
  } catch {
    return false
  }
  // Empty for the moment between making the file and writing it.
  if (owner === 0) return true
  try {
    process.kill(owner, 0)
    return true
  } catch {
    return false
  }
}
