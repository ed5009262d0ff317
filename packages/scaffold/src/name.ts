import { DEPENDENCIES, DEV_DEPENDENCIES } from './versions.ts'

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
/** Room for a scope and a suffix within npm's 214 characters, and for a file name almost anywhere. */
const MOST_CHARACTERS = 64

/**
 * Says what is wrong with the name of an environment, in one sentence with what to do; null when nothing is. The one
 * rule for `openenv init` and `openenv import`: lower-case words joined by hyphens.
 */
export function checkName(name: string): string | null {
  const shown = JSON.stringify(name.slice(0, 80))
  if (name.length > MOST_CHARACTERS) {
    return `The name ${shown} has ${String(name.length)} characters: use ${String(MOST_CHARACTERS)} at most.`
  }
  // npm installs no package into itself.
  if (Object.hasOwn({ ...DEPENDENCIES, ...DEV_DEPENDENCIES }, name)) {
    return `${shown} is a package that environments need: choose another name.`
  }
  if (NAME.test(name)) return null
  const near = nearest(name)
  const example = near === null ? 'as in "word-count"' : `for example "${near}"`
  return `${shown} is no name: use lower-case words joined by hyphens, ${example}.`
}

/** The name that somebody who knew the rule would have written. */
function nearest(name: string): string | null {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '')
  return NAME.test(words) ? words : null
}
