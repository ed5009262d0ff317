import { isFunctionWord, isNumber, type Word } from './words.ts'

const set = (words: string): ReadonlySet<string> => new Set(words.split(' '))

const DETERMINERS = set('a an the my our your their its every each')
const PREPOSITIONS = set('of at for with from into onto between against during among per via despite')
const CONJUNCTIONS = set('and or but nor')
const FINITE = set('is are was were has have had does did do am')
const MODALS = set('will would shall should can could may might must')
const SUBJECTS = set('i he she we they')

/** Pairs of neighbours that no English sentence has; shuffled words are full of them. */
function isBroken(left: string, right: string): boolean {
  if (left === right)
    return FINITE.has(left) || DETERMINERS.has(left) || PREPOSITIONS.has(left) || CONJUNCTIONS.has(left)
  if (DETERMINERS.has(left)) {
    const follows = [DETERMINERS, PREPOSITIONS, CONJUNCTIONS, FINITE, MODALS, SUBJECTS].some((words) =>
      words.has(right),
    )
    return (
      follows ||
      ['to', 'in', 'on', 'by', 'it', 'him', 'them', 'us', 'not', 'be', 'if', 'as', 'that'].includes(right)
    )
  }
  if (PREPOSITIONS.has(left)) {
    if (left === 'of' && ['in', 'on', 'by', 'to', 'at', 'for', 'with', 'from'].includes(right)) return true
    return (
      FINITE.has(right) ||
      MODALS.has(right) ||
      SUBJECTS.has(right) ||
      CONJUNCTIONS.has(right) ||
      right === 'be'
    )
  }
  if (CONJUNCTIONS.has(left)) return CONJUNCTIONS.has(right) || right === 'of'
  if (MODALS.has(left)) {
    return (
      [DETERMINERS, PREPOSITIONS, CONJUNCTIONS, MODALS].some((words) => words.has(right)) ||
      right === 'to' ||
      FINITE_ONLY.has(right)
    )
  }
  if (FINITE_ONLY.has(left)) return FINITE_ONLY.has(right) || MODALS.has(right)
  if (SUBJECTS.has(left)) {
    return (
      [DETERMINERS, PREPOSITIONS, SUBJECTS].some((words) => words.has(right)) ||
      right === 'to' ||
      right === 'be'
    )
  }
  return (
    left === 'to' &&
    (FINITE_ONLY.has(right) ||
      MODALS.has(right) ||
      CONJUNCTIONS.has(right) ||
      right === 'of' ||
      SUBJECTS.has(right))
  )
}
const FINITE_ONLY = set('is are was were am')
const DANGLING = set(
  'a an the my our your their its every each of and or but nor than i he she we they am is are was were',
)

/** What a text shows of being sentences that somebody wrote. */
export interface Prose {
  readonly words: number
  /** Words that hold sentences together, as a share of all. */
  readonly grammar: number
  /** Neighbours that cannot stand together, per word. */
  readonly broken: number
  /** Longest run of words without one that holds a sentence together. */
  readonly longestList: number
  /** Different content words, as a share of all content words. */
  readonly variety: number
  /** Clauses per word: high for lists with commas. */
  readonly marks: number
}

/** Measures a text without looking at what it says. */
export function measureProse(words: readonly Word[]): Prose {
  const content = words.filter((word) => !isFunctionWord(word))
  const plain = content.filter((word) => !isNumber(word))
  let broken = 0
  let list = 0
  let longestList = 0
  words.forEach((word, at) => {
    const next = words[at + 1]
    if (next === undefined || next.sentence !== word.sentence) {
      if (DANGLING.has(word.text)) broken += 1
    } else if (next.clause === word.clause && isBroken(word.text, next.text)) broken += 1
    list = isFunctionWord(word) ? 0 : list + 1
    longestList = Math.max(longestList, list)
  })
  const count = Math.max(words.length, 1)
  return {
    words: words.length,
    grammar: (words.length - content.length) / count,
    broken: broken / count,
    longestList,
    variety: plain.length === 0 ? 0 : new Set(plain.map(({ stem }) => stem)).size / plain.length,
    marks: new Set(words.map(({ clause }) => clause)).size / count,
  }
}
