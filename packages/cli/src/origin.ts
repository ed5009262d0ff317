import { existsSync, realpathSync } from 'node:fs'
import { relative } from 'node:path'

/**
 * Whether `replay` takes an environment from where a run says that it was. A run may be a stranger's: replaying it
 * runs no code that lies in its folder, or away from the working directory.
 *
 * @param source - How the environment was named: a name, a URL or a path.
 * @param dir - The run's folder.
 */
export function isTrustedSource(source: string, dir: string): boolean {
  const file = realPath(source)
  return file === undefined || (isIn('.', file) && !isIn(dir, file))
}

function isIn(folder: string, file: string): boolean {
  return !relative(realPath(folder) ?? folder, file).startsWith('..')
}

function realPath(path: string): string | undefined {
  return existsSync(path) ? realpathSync(path) : undefined
}
