import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OpenEnvError } from '@openenv-ts/core'
import { FileLockedError, installerEnvironment, lockFile, type FileLock } from '@openenv-ts/core/node'
import type { Builds } from './build-consent.ts'
import { environmentsFolder } from './environments-folder.ts'
import { findPython, type Python } from './python.ts'
import { readRequirements, type Requirements } from './requirements.ts'
import { run, type Ran } from './run.ts'

/** What a virtual environment is made of. */
export interface VirtualEnvironmentOptions {
  /** The package's folder. */
  readonly folder: string
  /** Versions of Python that it may have: a specifier such as `>=3.11,<3.14`. */
  readonly requires: string
  /** A requirements file, relative to the folder. */
  readonly requirements: string
  /** The longest that making it may take, waiting for another process that makes it included. */
  readonly seconds: number
  /** Asked before something is installed; nothing may be built when not given. */
  readonly builds?: (requirements: Requirements) => Promise<Builds>
  /** Told what is being done, in one line. */
  readonly onProgress?: (line: string) => void
  readonly env?: NodeJS.ProcessEnv
}

/** A virtual environment that is ready to run in. */
export interface VirtualEnvironment {
  /** Its folder. Nothing is written there: others may share it. */
  readonly folder: string
  /** Its interpreter. */
  readonly python: string
}

/** Changes when environments are made in another way: those of before are not taken for these. */
const MAKE = 1

/**
 * The virtual environment for a package's requirements: the one that is there for equal requirements and the same
 * Python, else a new one. It is made with uv where that is installed, else with Python's own `venv` and pip; appears
 * whole or not at all, whoever else makes it at the same time; and is read-only from then on.
 *
 * @throws OpenEnvError FACTORY_ERROR when there is no Python that fits, its folder is not safe, building was not allowed,
 * or something cannot be installed, with the end of what the installer said.
 */
export async function virtualEnvironment(options: VirtualEnvironmentOptions): Promise<VirtualEnvironment> {
  const { folder, requires, seconds, env = process.env } = options
  const file = join(folder, options.requirements)
  const requirements = await readRequirements(file, options.requirements)
  const base = await findPython(requires, env)
  const root = await environmentsFolder(env)
  const key = keyOf(requirements, base)
  const made = environmentAt(join(root, key))
  if (existsSync(made.python)) return made
  const builds = (await options.builds?.(requirements)) ?? { allowed: 'none' }
  await using _turn = await takeTurn(join(root, `${key}.lock`), seconds)
  // Another process may have made it meanwhile.
  if (existsSync(made.python)) return made
  await removeLeftovers(root, key)
  const draft = await mkdtemp(join(root, draftOf(key)))
  try {
    const hasUv =
      env['OPENENV_NO_UV'] !== '1' && (await run('uv', ['--version'], { seconds: 20, env })).code === 0
    const making: Making = {
      draft,
      base,
      hasUv,
      seconds,
      env: { ...installerEnvironment(env), PYTHONNOUSERSITE: '1' },
    }
    options.onProgress?.(`Making a virtual environment with Python ${base.version} …`)
    await makeEmpty(making)
    options.onProgress?.(`Installing ${requirements.name} …`)
    await install(making, file, requirements.name, builds)
    await settle(draft, made.folder)
    await rename(draft, made.folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
  return made
}

/** A virtual environment at a place; whether there is one is not asked. */
export function environmentAt(folder: string): VirtualEnvironment {
  return { folder, python: join(folder, 'bin', 'python') }
}

/** Equal for packages that need the same of the same interpreter. Short, since it stands in the first line of scripts. */
function keyOf({ lines }: Requirements, { executable, version }: Python): string {
  const parts = [MAKE, version, executable, process.platform, process.arch, ...lines]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

function draftOf(key: string): string {
  return `.${key}-`
}

/** Drafts of processes that were killed. To be called by the one that has the lock. */
async function removeLeftovers(root: string, key: string): Promise<void> {
  for (const name of await readdir(root))
    if (name.startsWith(draftOf(key))) await rm(join(root, name), { recursive: true, force: true })
}

interface Making {
  /** Where it is made. */
  readonly draft: string
  readonly base: Python
  readonly hasUv: boolean
  readonly seconds: number
  /** Of the installer: an allow list. */
  readonly env: NodeJS.ProcessEnv
}

async function makeEmpty({ draft, base, hasUv, seconds, env }: Making): Promise<void> {
  const made = hasUv
    ? await run(
        'uv',
        ['venv', '--quiet', '--no-config', '--allow-existing', '--python', base.executable, draft],
        { seconds, env, cwd: draft },
      )
    : await run(base.executable, ['-m', 'venv', draft], { seconds, env, cwd: draft })
  if (made.code !== 0 || !existsSync(environmentAt(draft).python)) {
    const hint = hasUv ? '' : ' Debian has it in the package python3-venv.'
    throw failure('A virtual environment could not be made.', made, seconds, hint)
  }
}

async function install(
  { draft, hasUv, seconds, env }: Making,
  file: string,
  name: string,
  builds: Builds,
): Promise<void> {
  const { python } = environmentAt(draft)
  const what = [...allowing(builds), '--requirement', file]
  const installed = hasUv
    ? await run(
        'uv',
        // Not hard links: a write into one would change the user's cache, and with it other environments.
        ['pip', 'install', '--quiet', '--no-config', '--link-mode', 'clone', '--python', python, ...what],
        { seconds, env, cwd: draft },
      )
    : await run(
        python,
        ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile', ...what],
        { seconds, env, cwd: draft },
      )
  if (installed.code === 0) return
  const hint =
    builds.allowed !== 'any' && NO_WHEEL.test(installed.stderr)
      ? ' If a package has no wheel for this machine, start it once with --build: that runs the build of the package.'
      : ''
  throw failure(`What ${name} lists could not be installed.${hint}`, installed, seconds)
}

const NO_WHEEL = /no (?:usable )?wheels?\b|building .*disabled|only-binary|no-build|no matching distribution/i

/** Both installers know these options. */
function allowing(builds: Builds): readonly string[] {
  if (builds.allowed === 'any') return []
  const built = builds.allowed === 'none' ? [] : builds.names
  return ['--only-binary', ':all:', ...built.flatMap((name) => ['--no-binary', name])]
}

/** Makes a draft ready for its place: its scripts name that place, and nothing can be written to it any more. */
async function settle(draft: string, place: string): Promise<void> {
  const bin = join(draft, 'bin')
  const scripts = (await readdir(bin, { withFileTypes: true })).filter((entry) => entry.isFile())
  for (const path of [...scripts.map(({ name }) => join(bin, name)), join(draft, 'pyvenv.cfg')]) {
    // As bytes: it may be a program.
    const text = await readFile(path, 'latin1')
    const [from, to] = [draft, place].map((each) => Buffer.from(each).toString('latin1')) as [string, string]
    if (text.includes(from)) await writeFile(path, text.replaceAll(from, to), 'latin1')
  }
  // All of tens of thousands of files: a program of its own is faster than a call for each.
  const sealed = await run('chmod', ['-R', 'a-w', draft], { seconds: 120 })
  if (sealed.code !== 0) throw failure('A virtual environment could not be made read-only.', sealed, 120)
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

/** Waits until no other process makes the same environment. */
async function takeTurn(path: string, seconds: number): Promise<FileLock> {
  try {
    return await lockFile(path, { waitMs: seconds * 1000 })
  } catch (cause) {
    const why =
      cause instanceof FileLockedError
        ? `${cause.message} Another process has been making this virtual environment for more than ${String(seconds)} s.`
        : `A virtual environment cannot be made in ${path}.`
    throw new OpenEnvError('FACTORY_ERROR', why, { cause })
  }
}
