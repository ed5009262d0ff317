import { existsSync, lstatSync, readdirSync } from 'node:fs'

/** Says why nothing can be created at a path, in one sentence with what to do; null when it is absent or an empty folder. */
export function checkDestination(path: string): string | null {
  if (!existsSync(path)) {
    // A link to nowhere exists and does not.
    return lstatSync(path, { throwIfNoEntry: false }) === undefined
      ? null
      : `${path} is a link that leads nowhere: remove it, or choose another place.`
  }
  if (!lstatSync(path).isDirectory()) return `${path} exists and is no folder: choose another name or place.`
  return readdirSync(path).length === 0
    ? null
    : `${path} exists and is not empty: choose another name or place.`
}
