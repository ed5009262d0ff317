import type { Fact } from '../gold/gold.ts'
import { isFunctionWord, isNumber, type Word } from './words.ts'

/** Words between the first and the last word of a fact, at most. */
const REACH = 9
/** Other words that a wording of several words may hold between two of its own. */
const GAP = 2
const NEGATORS: ReadonlySet<string> = new Set(['not', 'no', 'never', 'without', 'nor', 'neither', 'hardly'])

/** Indices of the words that express a concept, once. */
type Occurrence = readonly number[]

type Wording = readonly ((text: string) => boolean)[]

const compiled = new Map<string, readonly Wording[]>()

function wordingsOf(concept: string): readonly Wording[] {
  let wordings = compiled.get(concept)
  if (wordings === undefined) {
    wordings = concept.split('|').map((wording) => wording.split(' ').map(matcher))
    compiled.set(concept, wordings)
  }
  return wordings
}

function matcher(part: string): (text: string) => boolean {
  if (/^\d/.test(part)) return (text) => text === part
  if (part.endsWith('.')) {
    const word = part.slice(0, -1)
    return (text) => text === word
  }
  return (text) => text.startsWith(part)
}

const remembered = new WeakMap<readonly Word[], Map<string, readonly Occurrence[]>>()

/** All places where a text expresses a concept. They are looked for once a text. */
function occurrencesOf(concept: string, words: readonly Word[]): readonly Occurrence[] {
  let places = remembered.get(words)
  if (places === undefined) {
    places = new Map()
    remembered.set(words, places)
  }
  const known = places.get(concept)
  if (known !== undefined) return known
  const found: Occurrence[] = []
  places.set(concept, found)
  // In the order of their first words, so that those within reach of a place are found without a look at all others.
  for (let start = 0; start < words.length; start += 1) {
    const here = new Map<string, Occurrence>()
    for (const wording of wordingsOf(concept)) {
      const at = follow(wording, words, start)
      if (at !== null) here.set(at.join(), at)
    }
    found.push(...here.values())
  }
  return found
}

function follow(wording: Wording, words: readonly Word[], start: number): Occurrence | null {
  const at: number[] = []
  for (const matches of wording) {
    const previous = at.at(-1)
    const last = previous === undefined ? start : previous + 1 + GAP
    let next = previous === undefined ? start : previous + 1
    while (next <= last && !matches(words[next]?.text ?? '')) next += 1
    if (next > last || words[next]?.sentence !== words[start]?.sentence) return null
    at.push(next)
  }
  return at
}

/** Which of the words of a summary express any of the concepts, as a share of all words. */
export function conceptShare(facts: readonly Fact[], words: readonly Word[]): number {
  const hit = new Set(
    facts.flatMap(({ concepts }) => concepts.flatMap((concept) => occurrencesOf(concept, words).flat())),
  )
  return words.length === 0 ? 0 : hit.size / words.length
}

/** How a summary says a fact. */
export interface Said {
  /** At least one of the words that say it does not stand in the email. */
  readonly own: boolean
}

/**
 * Looks for a fact among the words of a summary.
 *
 * @param source - Stems of the email's own words.
 * @returns Null when the fact is not said, or is denied.
 */
export function findFact(fact: Fact, words: readonly Word[], source: ReadonlySet<string>): Said | null {
  const choices = fact.concepts.map((concept) => occurrencesOf(concept, words))
  if (choices.some((options) => options.length === 0)) return null
  let best: Said | null = null
  const choose = (index: number, used: Occurrence): void => {
    if (best?.own === true) return
    const options = choices[index]
    if (options === undefined) {
      if (!isDenied(choices[0] ?? [], used, words))
        best = { own: used.some((at) => isOwn(words[at], source)) }
      return
    }
    const first = used.length === 0 ? 0 : Math.max(...used) - REACH
    const last = used.length === 0 ? words.length : Math.min(...used) + REACH
    for (let next = firstFrom(options, first); next < options.length; next += 1) {
      const option = options[next] ?? []
      if ((option[0] ?? 0) > last) break
      if (option.some((at) => used.includes(at))) continue
      const all = [...used, ...option]
      if (Math.max(...all) - Math.min(...all) <= REACH) choose(index + 1, all)
    }
  }
  choose(0, [])
  return best
}

/** The first of the occurrences, which are in order, that begins at a word or behind it. */
function firstFrom(options: readonly Occurrence[], at: number): number {
  let low = 0
  let high = options.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((options[middle]?.[0] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

/** Whether a "not" that is no part of the fact stands before its claim, in the same clause. */
function isDenied(claims: readonly Occurrence[], used: Occurrence, words: readonly Word[]): boolean {
  const claim = claims.find((occurrence) => occurrence.every((at, index) => used[index] === at))
  const first = claim === undefined ? -1 : Math.min(...claim)
  for (let at = first - 1; at >= Math.max(0, first - 3); at -= 1) {
    const word = words[at]
    if (word === undefined || word.clause !== words[first]?.clause) return false
    if (NEGATORS.has(word.text) && !used.includes(at)) return true
  }
  return false
}

function isOwn(word: Word | undefined, source: ReadonlySet<string>): boolean {
  return word !== undefined && !isFunctionWord(word) && !isNumber(word) && !source.has(word.stem)
}
