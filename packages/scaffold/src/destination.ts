import { existsSync, lstatSync, readdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Says why nothing can be created at a path, in one sentence with what to do; null when it is absent or an empty folder.
 *
 * @param path - Absolute.
 */
export function checkDestination(path: string): string | null {
  if (!existsSync(path)) return checkParents(path) ?? checkLink(path)
  if (!lstatSync(path).isDirectory()) return `${path} exists and is no folder: choose another name or place.`
  return readdirSync(path).length === 0
    ? null
    : `${path} exists and is not empty: choose another name or place.`
}

/** A file where a folder would have to be. */
function checkParents(path: string): string | null {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(folder)) {
      return statSync(folder).isDirectory() ? null : `${folder} is no folder: choose another --output-dir.`
    }
  }
  return null
}

/** A link to nowhere exists and does not. */
function checkLink(path: string): string | null {
  return lstatSync(path, { throwIfNoEntry: false }) === undefined
    ? null
    : `${path} is a link that leads nowhere: remove it, or choose another place.`
}
