import { existsSync, realpathSync } from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import { UsageError } from './failure.ts'

/** A package's name and nothing behind it, as npm has them: no segments of a path, no escapes. */
const PACKAGE_NAME = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i

/**
 * The real folder of an installed package, looked for in `node_modules` from a folder upwards, as Node does.
 *
 * @returns Undefined for what is no package's name, and for a package that is not installed.
 * @throws UsageError when the package is a link to a folder that is neither in a `node_modules` nor in the workspace
 * that holds it.
 */
export function installedPackage(name: string, from: string): string | undefined {
  if (!PACKAGE_NAME.test(name)) return undefined
  for (let folder = from; ; folder = dirname(folder)) {
    const place = join(folder, 'node_modules', name)
    if (existsSync(join(place, 'package.json'))) {
      const root = realpathSync(place)
      if (root.split(sep).includes('node_modules') || isWithin(realpathSync(folder), root)) return root
      throw new UsageError(
        `The package ${name} is a link to ${root}, outside ${folder}: give the path of that folder instead.`,
      )
    }
    if (dirname(folder) === folder) return undefined
  }
}

/** Whether a file lies in a folder; both are real paths. */
export function isWithin(folder: string, file: string): boolean {
  const path = relative(folder, file)
  return path !== '..' && !path.startsWith(`..${sep}`)
}
