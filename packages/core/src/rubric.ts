/** Contribution of each named term to a reward, weights applied; they add up to the raw total. */
export type Terms = Readonly<Record<string, number>>

/** One named part of a reward: a pure function, alone (weight 1) or with its weight. */
export type RewardTerm<Args extends readonly unknown[]> =
  ((...args: Args) => number) | { readonly weight: number; readonly score: (...args: Args) => number }

/** Named, weighted, pure reward terms. */
export interface Rubric<Args extends readonly unknown[]> {
  /** Names and weights, in the order of definition. */
  readonly terms: readonly { readonly name: string; readonly weight: number }[]
  /**
   * Scores with every term.
   *
   * @returns The sum, clipped to the rubric's range, and each term's contribution, never clipped.
   * @throws RangeError when a term is not finite.
   */
  score(...args: Args): { readonly total: number; readonly terms: Terms }
}

const NO_TERMS: Terms = Object.freeze({})

/**
 * Builds a rubric from named terms.
 *
 * @param range - The total is clipped to it.
 */
export function createRubric<Args extends readonly unknown[]>(
  terms: Readonly<Record<string, RewardTerm<Args>>>,
  range?: readonly [number, number],
): Rubric<Args> {
  const parts = Object.entries(terms).map(([name, term]) =>
    typeof term === 'function' ? { name, weight: 1, score: term } : { name, ...term },
  )
  const [low, high] = range ?? [-Infinity, Infinity]
  const nothing = { total: Math.min(Math.max(0, low), high), terms: NO_TERMS }
  return {
    terms: parts.map(({ name, weight }) => ({ name, weight })),
    score: (...args) => {
      if (parts.length === 0) return nothing
      const scored: Record<string, number> = {}
      let total = 0
      for (const { name, weight, score } of parts) {
        const value = weight * score(...args)
        if (!Number.isFinite(value)) throw new RangeError(`Reward term "${name}" is ${String(value)}.`)
        scored[name] = value
        total += value
      }
      return { total: Math.min(Math.max(total, low), high), terms: scored }
    },
  }
}
