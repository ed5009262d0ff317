import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRubric } from './rubric.ts'
import { infoOfTerms, termsOfInfo } from './terms.ts'

describe('createRubric', () => {
  it('adds up weighted terms, and keeps the value and weight of each [OE-28]', () => {
    const rubric = createRubric({
      plain: (x: number) => x,
      half: { weight: 0.5, score: (x: number) => x * 10 },
    })
    expect(rubric.terms).toEqual([
      { name: 'plain', weight: 1 },
      { name: 'half', weight: 0.5 },
    ])
    expect(rubric.score(2)).toEqual({
      total: 12,
      terms: [
        { name: 'plain', value: 2, weight: 1 },
        { name: 'half', value: 20, weight: 0.5 },
      ],
    })
  })

  it('clips the total to its range and keeps raw terms [OE-1]', () => {
    const rubric = createRubric({ a: (x: number) => x, b: (x: number) => x }, [-1, 1])
    expect(rubric.score(3)).toMatchObject({ total: 1, terms: [{ value: 3 }, { value: 3 }] })
    expect(rubric.score(-3)).toMatchObject({ total: -1, terms: [{ value: -3 }, { value: -3 }] })
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), (x) => {
        const { total } = rubric.score(x)
        expect(total >= -1 && total <= 1).toBe(true)
      }),
    )
  })

  it('is 0 without terms, or the end of the range next to it', () => {
    expect(createRubric({}).score()).toEqual({ total: 0, terms: [] })
    expect(createRubric({}, [2, 3]).score().total).toBe(2)
    expect(createRubric({}, [-3, -2]).score().total).toBe(-2)
  })

  it('refuses a term that is not finite, by its name', () => {
    for (const value of [NaN, Infinity, -Infinity, undefined as never]) {
      expect(() => createRubric({ ratio: () => value }).score()).toThrow('The reward term "ratio"')
    }
  })

  it('takes a number, a boolean, or either with evidence, and nothing else [OE-28]', () => {
    const evidence = { found: ['a'] }
    const answered = (answer: unknown): unknown =>
      createRubric({ term: { weight: 2, score: () => answer as never } }).score()
    expect(answered(true)).toEqual({ total: 2, terms: [{ name: 'term', value: 1, weight: 2 }] })
    expect(answered(false)).toMatchObject({ total: 0 })
    expect(answered(-0)).toEqual({ total: 0, terms: [{ name: 'term', value: 0, weight: 2 }] })
    expect(answered({ value: 0.5, evidence })).toEqual({
      total: 1,
      terms: [{ name: 'term', value: 0.5, weight: 2, evidence }],
    })
    expect(answered({ value: true, evidence: null })).toMatchObject({ terms: [{ value: 1, evidence: null }] })
    for (const bad of ['1', null, {}, [], 1n, 2 ** 60, { evidence: 1 }, Promise.resolve(1)]) {
      expect(() => answered(bad)).toThrow('The reward term "term"')
    }
    expect(() => answered({ value: 1, evidence: new Map() })).toThrow('term.evidence is a Map')
  })

  it('refuses terms that are not declared as terms are', () => {
    const made = (term: unknown) => () => createRubric({ hit: term as never })
    expect(made({ weigth: 1, score: () => 1 })).toThrow(
      '`reward.hit` has no `weigth`. Did you mean "weight"?',
    )
    expect(made({ weight: 1 })).toThrow('`reward.hit` has no function `score`')
    expect(made(3)).toThrow('`reward.hit` must be an object.')
    for (const weight of [NaN, Infinity, '1', undefined]) {
      expect(made({ weight, score: () => 1 })).toThrow('`reward.hit.weight` must be a finite number')
    }
  })

  it('mirrors terms into an info, and reads them back, weights apart', () => {
    const terms = fc.uniqueArray(
      fc.record({
        name: fc.string({ minLength: 1 }),
        value: fc.double({ noNaN: true }),
        weight: fc.constant(1),
      }),
      { selector: ({ name }) => name },
    )
    fc.assert(
      fc.property(terms, (any) => {
        const sorted = (list: readonly { readonly name: string }[]): unknown =>
          [...list].sort((one, other) => (one.name < other.name ? -1 : 1))
        expect(sorted(termsOfInfo({ other: 1, ...infoOfTerms(any) }) ?? [])).toEqual(sorted(any))
      }),
    )
  })
})
