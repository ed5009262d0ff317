import { isFunctionWord, isNumber, type Word } from './words.ts'

/** A run of this many words that stands in the email just so is a quotation. */
const RUN = 5
/** Plain words, neither numbers nor grammar, that a run must hold: "on Monday 17 June at 9:30" is no quotation. */
const RUN_CONTENT = 3
/** Content words of the email within which two neighbors of the summary count as taken together. */
const NEAR = 4

/** The words of a summary that are not part of a quotation from the email. */
export function withoutQuotations(words: readonly Word[], source: readonly Word[]): readonly Word[] {
  const starts = new Map<string, number[]>()
  source.forEach(({ text }, at) => {
    const list = starts.get(text)
    if (list === undefined) starts.set(text, [at])
    else list.push(at)
  })
  const quoted = new Set<number>()
  for (let at = 0; at < words.length; at += 1) {
    let longest = 0
    for (const from of starts.get(words[at]?.text ?? '') ?? []) {
      let length = 0
      while (words[at + length] !== undefined && words[at + length]?.text === source[from + length]?.text)
        length += 1
      longest = Math.max(longest, length)
    }
    const run = words.slice(at, at + longest)
    if (longest < RUN || run.filter((word) => !isFunctionWord(word) && !isNumber(word)).length < RUN_CONTENT)
      continue
    for (let index = at; index < at + longest; index += 1) quoted.add(index)
  }
  return quoted.size === 0 ? words : words.filter((_word, index) => !quoted.has(index))
}

/**
 * How much of a summary follows the email: the share of its neighboring content words that stand close together
 * there too, in either order. Near 1 for extracts, also with words left out; low for shuffled words and for paraphrase.
 */
export function trackedShare(words: readonly Word[], source: readonly Word[]): number {
  const content = source.filter((word) => !isFunctionWord(word))
  const close = new Set<string>()
  content.forEach(({ stem }, at) => {
    for (const other of content.slice(at + 1, at + 1 + NEAR)) {
      close.add(`${stem} ${other.stem}`)
      close.add(`${other.stem} ${stem}`)
    }
  })
  const own = words.filter((word) => !isFunctionWord(word))
  const pairs = own.slice(1).map((word, index) => `${own[index]?.stem ?? ''} ${word.stem}`)
  return pairs.length === 0 ? 0 : pairs.filter((pair) => close.has(pair)).length / pairs.length
}

/** The share of a summary's content words that do not stand in the email in any form. */
export function ownShare(words: readonly Word[], source: ReadonlySet<string>): number {
  const content = words.filter((word) => !isFunctionWord(word) && !isNumber(word))
  return content.length === 0 ? 0 : content.filter(({ stem }) => !source.has(stem)).length / content.length
}
