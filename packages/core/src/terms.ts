import type { Info } from './info.ts'
import type { Json } from './json.ts'

/** One named part of a reward, as it was scored: it contributes `value` times `weight`. */
export interface Term {
  readonly name: string
  readonly value: number
  readonly weight: number
  /** What the value rests on, for orchestrators and the record. No agent sees it. */
  readonly evidence?: Json
}

/** The parts of a reward, in the order of the rubric; their contributions add up to the raw total [OE-28]. */
export type Terms = readonly Term[]

const TERM = 'reward.'

/** The values of terms as an info has them: `reward.<term>` [OE-28]. Evidence is not among them. */
export function infoOfTerms(terms: Terms): Readonly<Record<string, number>> {
  return Object.fromEntries(terms.map(({ name, value }) => [TERM + name, value]))
}

/**
 * The parts of a reward, where `info` alone carries them, as `reward.<term>`: of servers that send no terms, and of
 * environments that have no rubric. Their weights are not known and count as 1. Undefined where there are none.
 */
export function termsOfInfo(info: Info): Terms | undefined {
  const terms: Term[] = []
  for (const key in info) {
    const value = info[key]
    if (key.startsWith(TERM) && typeof value === 'number') {
      terms.push({ name: key.slice(TERM.length), value, weight: 1 })
    }
  }
  return terms.length === 0 ? undefined : terms
}
