import { distance } from 'fastest-levenshtein'
import { isObject } from './json.ts'

/**
 * The keys of a type as a list that cannot drift from it: a key that is missing, or one too many, does not compile.
 *
 * @example keysOf<EpisodeLimits>({ steps: true, seconds: true, stepSeconds: true })
 */
export function keysOf<T>(keys: Readonly<Record<keyof T & string, true>>): readonly (keyof T & string)[] {
  return Object.keys(keys) as (keyof T & string)[]
}

/**
 * Refuses keys that nobody reads: a misspelled option would do nothing, in silence.
 *
 * @param where - What holds the keys, for the error: `limits`, `the options of serve`.
 * @throws TypeError naming the key, the one that was probably meant, and all there are.
 */
export function checkKeys(where: string, given: unknown, known: readonly string[]): void {
  if (!isObject(given)) throw new TypeError(`\`${where}\` must be an object.`)
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    throw new TypeError(
      `\`${where}\` has no \`${key.slice(0, 100)}\`.${didYouMean(key, known)} It takes: ${known.join(', ')}.`,
    )
  }
}

/** ` Did you mean "x"?` with the nearest of the known words, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const wanted = word.slice(0, 100).toLowerCase()
  const near = known
    .map((name) => {
      const other = name.toLowerCase()
      // `maxSteps` means `steps`: part of a name is nearer than its number of edits says.
      const part = wanted.length > 3 && other.length > 3 && (wanted.includes(other) || other.includes(wanted))
      const edits = distance(wanted, other)
      return {
        name,
        edits,
        near: part || edits <= Math.max(wanted.length < 3 ? 1 : 2, Math.floor(name.length / 3)),
      }
    })
    .filter((candidate) => candidate.near)
    .sort((one, other) => one.edits - other.edits)[0]
  return near === undefined ? '' : ` Did you mean "${near.name}"?`
}
