import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { interval95, mean, passAtK, studentQuantile95 } from './statistics.ts'

/** Every way to draw k of n tries. */
function* draws(n: number, k: number, from = 0): Generator<readonly number[]> {
  if (k === 0) yield []
  for (let first = from; k > 0 && first < n; first += 1) {
    for (const rest of draws(n, k - 1, first + 1)) yield [first, ...rest]
  }
}

describe('pass@k [OE-14]', () => {
  it('is the share of draws of k tries that hold a success, by counting them all', () => {
    const cases = fc
      .integer({ min: 1, max: 9 })
      .chain((n) => fc.tuple(fc.constant(n), fc.nat(n), fc.integer({ min: 1, max: n })))
    fc.assert(
      fc.property(cases, ([n, c, k]) => {
        const all = [...draws(n, k)]
        const passed = all.filter((draw) => draw.some((index) => index < c))
        expect(passAtK(n, c, k)).toBeCloseTo(passed.length / all.length, 12)
      }),
    )
  })

  it('is unknown with fewer than k tries, and stays a probability for many', () => {
    expect(passAtK(2, 2, 3)).toBeNull()
    expect(passAtK(0, 0, 1)).toBeNull()
    expect(passAtK(2000, 1, 1000)).toBeCloseTo(0.5, 12)
    expect(passAtK(2000, 0, 1000)).toBe(0)
    expect(passAtK(2000, 2000, 1)).toBe(1)
    expect(passAtK(20, 2, 1)).toBe(0.1)
  })
})

describe('the interval', () => {
  it.each([
    [1, 12.706204736],
    [2, 4.30265273],
    [3, 3.182446305],
    [4, 2.776445105],
    [5, 2.570581836],
    [10, 2.228138852],
    [29, 2.045229642],
    [100, 1.983971519],
    [1000, 1.962339081],
  ])("uses the table's t for %i degrees of freedom", (degrees, expected) => {
    expect(studentQuantile95(degrees)).toBeCloseTo(expected, 7)
  })

  it('is m ± t·s/√n', () => {
    // By hand: m = 3, s² = 2.5, t(4) = 2.7764, half = 2.7764 · √(2.5 / 5) = 1.96324.
    const [low, high] = interval95([1, 2, 3, 4, 5]) ?? [0, 0]
    expect(low).toBeCloseTo(1.03676, 4)
    expect(high).toBeCloseTo(4.96324, 4)
  })

  it('is a point for equal values, and nothing for fewer than two', () => {
    expect(interval95([0.5, 0.5, 0.5])).toEqual([0.5, 0.5])
    expect(interval95([0.5])).toBeNull()
    expect(interval95([])).toBeNull()
    expect(mean([])).toBeNull()
  })
})
