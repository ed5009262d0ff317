import { GOLD } from './gold.ts'

/** How many words of an answer are right and in their place, of how many. Case and spacing do not count. */
export function wordsRight(taskId: string, text: string): { readonly right: number; readonly of: number } {
  const wanted = wordsOf(GOLD[taskId] ?? '')
  const given = wordsOf(text)
  const right = wanted.filter((word, place) => given[place] === word).length
  // Words too many make an answer wrong; otherwise everything could be said at once.
  return { right: given.length > wanted.length ? 0 : right, of: wanted.length }
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().split(/\s+/).filter(Boolean)
}
