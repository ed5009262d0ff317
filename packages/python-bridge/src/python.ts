import { satisfies, valid, validRange } from '@renovatebot/pep440'
import { OpenEnvError } from '@openenv-ts/core'
import { run } from './run.ts'

/** An interpreter that was found. */
export interface Python {
  /** The path of the interpreter itself: what a shim or a link leads to. */
  readonly executable: string
  /** For example `3.11.4`. */
  readonly version: string
}

const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']
const SELF = [
  'import os, sys',
  'print("%d.%d.%d" % sys.version_info[:3])',
  'print(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))',
].join('\n')

/**
 * Finds a Python of a version that fits: the one that `OPENENV_PYTHON` names, else the first on the path.
 *
 * @param requires - A version specifier as Python packages write it (PEP 440), for example `>=3.11,<3.14`; empty for any.
 * @throws OpenEnvError FACTORY_ERROR naming what was found instead, or a specifier that cannot be read.
 */
export async function findPython(requires: string, env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  // Python's own tools take a comma at the end.
  const wanted = requires.trim().replace(/,$/, '')
  if (!validRange(wanted)) {
    throw new OpenEnvError(
      'FACTORY_ERROR',
      `python.requires: "${requires}" is not a version specifier of Python. Write it like ">=3.11,<3.14".`,
    )
  }
  const named = env['OPENENV_PYTHON']
  const found = new Map<string, string>()
  for (const command of named === undefined || named === '' ? NAMES : [named]) {
    const { code, stdout } = await run(command, ['-c', SELF], { seconds: 20, env })
    const [version = '', executable = ''] = stdout.trim().split('\n')
    if (code !== 0 || valid(version) === null || executable === '') continue
    if (satisfies(version, wanted)) return { executable, version }
    if (!found.has(version)) found.set(version, command)
  }
  const seen =
    found.size === 0
      ? named === undefined
        ? 'there is none on the path'
        : `${named} cannot be started`
      : `there is ${[...found].map(([version, command]) => `${version} (${command})`).join(', ')}`
  throw new OpenEnvError(
    'FACTORY_ERROR',
    `This environment needs Python ${requires}, and ${seen}: install one, or name it in OPENENV_PYTHON.`,
  )
}
