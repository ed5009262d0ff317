import { distance } from 'fastest-levenshtein'

/** ` Did you mean "x"?` with the nearest of the known words, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = known
    .map((name) => ({ name, edits: distance(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.ceil(name.length / 3))
    .sort((a, b) => a.edits - b.edits)[0]
  return near === undefined ? '' : ` Did you mean "${near.name}"?`
}
