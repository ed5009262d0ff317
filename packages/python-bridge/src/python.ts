import { OpenEnvError } from '@openenv-ts/core'
import { run } from './run.ts'

/** An interpreter that was found. */
export interface Python {
  /** As it is started. */
  readonly command: string
  /** For example `3.11.4`. */
  readonly version: string
}

const NAMES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python']
const VERSION = 'import sys; print("%d.%d.%d" % sys.version_info[:3])'

/**
 * Finds a Python of a version that fits: the one that `OPENENV_PYTHON` names, else the first on the path.
 *
 * @param requires - A version specifier as Python packages write it.
 * @throws OpenEnvError FACTORY_ERROR naming what was found instead.
 */
export async function findPython(requires: string, env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const named = env['OPENENV_PYTHON']
  const found: Python[] = []
  for (const command of named === undefined || named === '' ? NAMES : [named]) {
    const { code, stdout } = await run(command, ['-c', VERSION], { seconds: 20, env })
    const version = stdout.trim()
    if (code !== 0 || version === '') continue
    if (satisfies(version, requires)) return { command, version }
    found.push({ command, version })
  }
  const seen =
    found.length === 0
      ? named === undefined
        ? 'there is none on the path'
        : `${named} cannot be started`
      : `there is ${[...new Set(found.map(({ command, version }) => `${version} (${command})`))].join(', ')}`
  throw new OpenEnvError(
    'FACTORY_ERROR',
    `This environment needs Python ${requires}, and ${seen}: install one, or name it in OPENENV_PYTHON.`,
  )
}

/** Whether a version such as `3.11.4` is among those that a specifier allows. Clauses that it cannot read allow all. */
export function satisfies(version: string, requires: string): boolean {
  return requires
    .split(',')
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '')
    .every((clause) => allows(clause, version))
}

function allows(clause: string, version: string): boolean {
  const [, operator, wanted = ''] = /^(~=|===?|!=|<=|>=|<|>)\s*([\d.]+(?:\.\*)?)$/.exec(clause) ?? []
  if (operator === undefined) return true
  const order = compare(version, wanted)
  const prefix = wanted.replace(/\.\*$/, '')
  switch (operator) {
    case '>=':
      return order >= 0
    case '>':
      return order > 0
    case '<=':
      return order <= 0
    case '<':
      return order < 0
    case '!=':
      return wanted.endsWith('.*') ? !startsWith(version, prefix) : order !== 0
    case '~=':
      return order >= 0 && startsWith(version, prefix.split('.').slice(0, -1).join('.'))
    default:
      return wanted.endsWith('.*') ? startsWith(version, prefix) : order === 0
  }
}

function startsWith(version: string, prefix: string): boolean {
  return `${version}.`.startsWith(`${prefix}.`)
}

function compare(one: string, other: string): number {
  const [left, right] = [one, other].map((version) => version.replace(/\.\*$/, '').split('.').map(Number))
  for (let at = 0; at < Math.max(left?.length ?? 0, right?.length ?? 0); at += 1) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
