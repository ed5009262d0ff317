import { isBroken, OPEN_ENDED, OPEN_STARTED } from './grammar.ts'
import { isFunctionWord, isNumber, type Word } from './words.ts'

/** What a text shows of being sentences that somebody wrote. */
export interface Prose {
  readonly words: number
  /** Words that hold sentences together, as a share of all. */
  readonly grammar: number
  /** Neighbors that cannot stand together, and sentences that cannot begin or end so. */
  readonly broken: number
  /** Different ones of these words, as a share of them; 1 when there are few. */
  readonly glueVariety: number
  /** Longest run of words, within marks, without one that holds a sentence together. */
  readonly longestList: number
  /** Different content words, as a share of all content words. */
  readonly variety: number
  /** Clauses per word: high for lists with commas. */
  readonly marks: number
}

/** Measures a text without looking at what it says. */
export function measureProse(words: readonly Word[]): Prose {
  const content = words.filter((word) => !isFunctionWord(word))
  const glue = words.filter((word) => isFunctionWord(word)).map(({ text }) => text)
  const plain = content.filter((word) => !isNumber(word))
  let broken = 0
  let list = 0
  let longestList = 0
  words.forEach((word, at) => {
    if (words[at - 1]?.sentence !== word.sentence && OPEN_STARTED.has(word.text)) broken += 1
    const next = words[at + 1]
    if (next?.sentence !== word.sentence) {
      if (OPEN_ENDED.has(word.text)) broken += 1
    } else if (next.clause === word.clause && isBroken(word.text, next.text)) broken += 1
    const goesOn = words[at - 1]?.clause === word.clause
    list = isFunctionWord(word) ? 0 : goesOn ? list + 1 : 1
    longestList = Math.max(longestList, list)
  })
  const count = Math.max(words.length, 1)
  return {
    words: words.length,
    grammar: (words.length - content.length) / count,
    glueVariety: glue.length < 5 ? 1 : new Set(glue).size / glue.length,
    broken,
    longestList,
    variety: plain.length === 0 ? 0 : new Set(plain.map(({ stem }) => stem)).size / plain.length,
    marks: new Set(words.map(({ clause }) => clause)).size / count,
  }
}

/** Whether some of the content words are participles, as in any telegram: bare keywords are dictionary forms. */
export function isInflected(words: readonly Word[]): boolean {
  const content = words.filter((word) => !isFunctionWord(word) && !isNumber(word))
  return content.filter(({ text }) => /.{3}(?:ing|ed)$/.test(text)).length >= content.length / 5
}
