import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRubric } from './rubric.ts'

describe('createRubric', () => {
  it('adds up weighted terms and keeps each contribution', () => {
    const rubric = createRubric({
      plain: (x: number) => x,
      half: { weight: 0.5, score: (x: number) => x * 10 },
    })
    expect(rubric.terms).toEqual([
      { name: 'plain', weight: 1 },
      { name: 'half', weight: 0.5 },
    ])
    expect(rubric.score(2)).toEqual({ total: 12, terms: { plain: 2, half: 10 } })
  })

  it('clips the total to its range and keeps raw terms [OE-1]', () => {
    const rubric = createRubric({ a: (x: number) => x, b: (x: number) => x }, [-1, 1])
    expect(rubric.score(3)).toEqual({ total: 1, terms: { a: 3, b: 3 } })
    expect(rubric.score(-3)).toEqual({ total: -1, terms: { a: -3, b: -3 } })
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), (x) => {
        const { total } = rubric.score(x)
        expect(total >= -1 && total <= 1).toBe(true)
      }),
    )
  })

  it('is 0 without terms, or the end of the range next to it', () => {
    expect(createRubric({}).score()).toEqual({ total: 0, terms: {} })
    expect(createRubric({}, [2, 3]).score().total).toBe(2)
    expect(createRubric({}, [-3, -2]).score().total).toBe(-2)
  })

  it('refuses a term that is not finite, by its name', () => {
    for (const value of [NaN, Infinity, -Infinity, undefined as never]) {
      expect(() => createRubric({ ratio: () => value }).score()).toThrow('Reward term "ratio"')
    }
  })
})
