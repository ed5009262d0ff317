import type { Json } from './json.ts'
import { checkKeys, keysOf } from './known-keys.ts'
import { isJsonNumber, numberFault, plainJson } from './plain-json.ts'
import type { Term, Terms } from './terms.ts'

/** What a term's function answers: a number, a boolean (1 or 0), or either with what it rests on. */
export type TermAnswer = number | boolean | { readonly value: number | boolean; readonly evidence: Json }

/** One named part of a reward: a pure function, alone (weight 1) or with its weight. */
export type RewardTerm<Args extends readonly unknown[]> =
  ((...args: Args) => TermAnswer) | { readonly weight: number; readonly score: (...args: Args) => TermAnswer }

/** Named, weighted, pure reward terms. */
export interface Rubric<Args extends readonly unknown[]> {
  /** Names and weights, in the order of definition. */
  readonly terms: readonly { readonly name: string; readonly weight: number }[]
  /**
   * Scores with every term.
   *
   * @returns The sum of value times weight, clipped to the rubric's range, and the terms, never clipped.
   * @throws RangeError when a term is not a finite number, or its evidence is not JSON.
   */
  score(...args: Args): { readonly total: number; readonly terms: Terms }
}

const NO_TERMS: Terms = Object.freeze([])

/**
 * Builds a rubric from named terms.
 *
 * @param range - The total is clipped to it.
 * @throws TypeError for a term that is not a function and has none, and for a weight that is not a finite number.
 */
export function createRubric<Args extends readonly unknown[]>(
  terms: Readonly<Record<string, RewardTerm<Args>>>,
  range?: readonly [number, number],
): Rubric<Args> {
  const parts = termsOf('reward', terms)
  const [low, high] = range ?? [-Infinity, Infinity]
  const nothing = { total: Math.min(Math.max(0, low), high), terms: NO_TERMS }
  return {
    terms: parts.map(({ name, weight }) => ({ name, weight })),
    score: (...args) => {
      if (parts.length === 0) return nothing
      const scored: Term[] = []
      let total = 0
      for (const { name, weight, score } of parts) {
        const term = scoredTerm(name, weight, score(...args))
        scored.push(term)
        total += term.value * weight
      }
      return { total: Math.min(Math.max(total, low), high), terms: scored }
    },
  }
}

/** A term made ready. */
export interface RubricTerm<F> {
  readonly name: string
  readonly weight: number
  readonly score: F
}

/**
 * Reads terms as they are declared.
 *
 * @param field - What the definition calls them, for the error.
 * @throws TypeError naming the term.
 */
export function termsOf<F extends (...args: never[]) => unknown>(
  field: string,
  declared: Readonly<Record<string, F | { readonly weight: number; readonly score: F }>>,
): readonly RubricTerm<F>[] {
  return Object.entries(declared).map(([name, term]) => {
    if (name === '') throw new TypeError(`A term of \`${field}\` has an empty name.`)
    if (typeof term === 'function') return { name, weight: 1, score: term }
    const given: unknown = term
    checkKeys(`${field}.${name}`, given, TERM_KEYS)
    const { weight, score } = term
    if (typeof score !== 'function') {
      throw new TypeError(
        `\`${field}.${name}\` has no function \`score\`: give a function, or {weight, score}.`,
      )
    }
    if (typeof weight !== 'number' || !isJsonNumber(weight)) {
      throw new TypeError(`\`${field}.${name}.weight\` must be a finite number, not ${String(weight)}.`)
    }
    return { name, weight, score }
  })
}

const TERM_KEYS = keysOf<{ weight: unknown; score: unknown }>({ weight: true, score: true })

/**
 * A term from what its function answered.
 *
 * @throws RangeError when the value is not a finite number; TypeError for evidence that is not JSON.
 */
export function scoredTerm(name: string, weight: number, answer: unknown): Term {
  if (typeof answer !== 'object' || answer === null) return { name, value: numberOf(name, answer), weight }
  const { value, evidence } = answer as { readonly value?: unknown; readonly evidence?: unknown }
  const known = { name, value: numberOf(name, value), weight }
  return evidence === undefined ? known : { ...known, evidence: plainJson(evidence, `${name}.evidence`) }
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'number') {
    throw new RangeError(
      `The reward term "${name}" answered ${value === null ? 'null' : `a value of type ${typeof value}`}: answer a number, a boolean, or {value, evidence}.`,
    )
  }
  if (!isJsonNumber(value)) throw new RangeError(`The reward term "${name}" ${numberFault(value)}`)
  // -0 travels as 0.
  return value === 0 ? 0 : value
}
