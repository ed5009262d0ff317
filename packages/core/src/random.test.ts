import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom, type Random } from './random.ts'

const seeds = fc.maxSafeNat()
const take = (count: number, draw: () => number): number[] => Array.from({ length: count }, draw)
const fractions = (random: Random, count: number): number[] => take(count, () => random.fraction())

describe('seededRandom', () => {
  it('gives these values for ever: recorded episodes depend on them', () => {
    const random = seededRandom(7)
    expect(take(4, () => random.integer(0, 99))).toEqual([20, 5, 33, 23])
    expect(fractions(random, 2)).toEqual([0.531692058313638, 0.7455251603387296])
    expect(seededRandom(7, 'start').integer(1, 1e6)).toBe(972979)
    expect(seededRandom(7, 'step', 1).integer(1, 1e6)).toBe(298494)
    expect(
      seededRandom(Number.MAX_SAFE_INTEGER).integer(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
    ).toBe(2785164243109773)
    expect(seededRandom(0).shuffle([1, 2, 3, 4, 5])).toEqual([2, 4, 1, 3, 5])
  })

  it('gives the same stream for the same seed and labels, another one for others', () => {
    fc.assert(
      fc.property(seeds, fc.string(), fc.integer(), (seed, name, index) => {
        const draw = (...path: readonly (string | number)[]): number[] => {
          const random = seededRandom(seed, ...path)
          return fractions(random, 4)
        }
        expect(draw(name, index)).toEqual(draw(name, index))
        expect(draw(name, index)).not.toEqual(draw(name, index + 1))
        expect(draw(name, index)).not.toEqual(draw(`${name}x`, index))
        expect(draw('1')).not.toEqual(draw(1))
        expect(draw('a', 'b')).not.toEqual(draw('a/b'))
        expect(draw('a","b')).not.toEqual(draw('a', 'b'))
      }),
    )
  })

  it('splits into streams that take nothing from each other or from the stream they come from', () => {
    fc.assert(
      fc.property(seeds, fc.nat(20), (seed, draws) => {
        const plain = seededRandom(seed)
        const busy = seededRandom(seed)
        const child = busy.split('child')
        fractions(child, draws)
        fractions(busy.split('other', 1), draws)
        expect(fractions(busy, 5)).toEqual(fractions(plain, 5))
        expect(fractions(busy.split('child'), 3)).toEqual(fractions(seededRandom(seed, 'child'), 3))
      }),
    )
  })

  it('does not follow the neighbor: streams of adjacent seeds agree no more than chance', () => {
    const first = Array.from({ length: 2000 }, (_, seed) => seededRandom(seed).integer(0, 9))
    const equal = first.filter((value, seed) => value === first[seed + 1]).length
    expect(equal).toBeGreaterThan(120)
    expect(equal).toBeLessThan(280)
    for (let digit = 0; digit < 10; digit += 1) {
      const count = first.filter((value) => value === digit).length
      expect(count).toBeGreaterThan(130)
      expect(count).toBeLessThan(270)
    }
  })

  it('draws integers within any safe range, ends included', () => {
    fc.assert(
      fc.property(seeds, fc.maxSafeInteger(), fc.maxSafeInteger(), (seed, one, other) => {
        const [min, max] = one < other ? [one, other] : [other, one]
        const value = seededRandom(seed).integer(min, max)
        expect(Number.isSafeInteger(value)).toBe(true)
        expect(value).toBeGreaterThanOrEqual(min)
        expect(value).toBeLessThanOrEqual(max)
      }),
    )
    const random = seededRandom(3)
    expect(new Set(take(200, () => random.integer(-1, 1)))).toEqual(new Set([-1, 0, 1]))
    expect(random.integer(-5, -5)).toBe(-5)
  })

  it('refuses ranges without an integer, instead of never coming back', () => {
    const random = seededRandom(1)
    for (const [min, max] of [
      [2, 1],
      [0.5, 2],
      [0, Infinity],
      [NaN, 1],
      [0, 2 ** 53],
    ] as const) {
      expect(() => random.integer(min, max)).toThrow(RangeError)
    }
  })

  it('takes seeds from 0 to 2^53 - 1 and no others', () => {
    for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53])
      expect(() => seededRandom(seed)).toThrow('A seed is an integer')
    for (const seed of [0, -0, Number.MAX_SAFE_INTEGER]) expect(seededRandom(seed).fraction()).toBeLessThan(1)
  })

  it('gives fractions in [0, 1), and chances of 0 and 1 that are sure', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = seededRandom(seed)
        const value = random.fraction()
        expect(value >= 0 && value < 1).toBe(true)
        expect(random.chance(0)).toBe(false)
        expect(random.chance(1)).toBe(true)
      }),
    )
    const random = seededRandom(9)
    const heads = take(1000, () => Number(random.chance())).reduce((sum, value) => sum + value, 0)
    expect(heads).toBeGreaterThan(420)
    expect(heads).toBeLessThan(580)
  })

  it('shuffles a copy that has the same elements, and picks only what is there', () => {
    fc.assert(
      fc.property(seeds, fc.array(fc.integer(), { minLength: 1 }), (seed, items) => {
        const before = [...items]
        const mixed = seededRandom(seed).shuffle(items)
        expect(items).toEqual(before)
        expect([...mixed].sort()).toEqual([...items].sort())
        expect(items).toContain(seededRandom(seed).pick(items))
      }),
    )
    expect(() => seededRandom(1).pick([])).toThrow('Nothing to pick from')
    const orders = new Set(
      Array.from({ length: 300 }, (_, seed) => seededRandom(seed).shuffle(['a', 'b', 'c']).join('')),
    )
    expect(orders.size).toBe(6)
  })
})
