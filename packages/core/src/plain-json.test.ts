import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copyPlainJson, isJsonNumber, NotJsonError, plainJson } from './plain-json.ts'

class Point {
  x = 1
}
const cycle: Record<string, unknown> = { inside: {} }
;(cycle['inside'] as Record<string, unknown>)['again'] = cycle
const deep = (levels: number): unknown => {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = [value]
  return value
}

describe('what JSON cannot carry [OE-24]', () => {
  it.each<[string, unknown, string]>([
    ['NaN', { a: [NaN] }, 'result.a[0] is NaN, which JSON cannot carry.'],
    ['Infinity', Infinity, 'result is Infinity, which JSON cannot carry.'],
    ['-Infinity', { 'two words': -Infinity }, 'result["two words"] is -Infinity, which JSON cannot carry.'],
    [
      'a whole number beyond 2^53 - 1',
      { id: 2 ** 53 },
      'result.id is 9007199254740992, a whole number beyond',
    ],
    ['a negative one', [-(2 ** 60)], 'result[0] is -1152921504606847000, a whole number beyond'],
    ['bigint', { id: 1n }, 'result.id is a bigint'],
    ['undefined', undefined, 'result is undefined'],
    ['undefined in a list', [1, undefined], 'result[1] is undefined'],
    ['a hole in a list', Object.assign(new Array<number>(3), [1]), 'result[1] is undefined'],
    ['a function', { run: () => 1 }, 'result.run is a function'],
    ['a symbol', [Symbol('x')], 'result[0] is a symbol'],
    ['a Map', { items: [1, 2, new Map()] }, 'result.items[2] is a Map, which JSON cannot carry.'],
    ['a Set', new Set([1]), 'result is a Set'],
    ['a Date', { at: new Date(0) }, 'result.at is a Date'],
    ['an Error', new Error('x'), 'result is an Error'],
    ['a typed array', new Uint8Array(2), 'result is an Uint8Array'],
    ['a boxed number', { n: Object(1) as unknown }, 'result.n is a Number'],
    ['an instance', { at: new Point() }, 'result.at is a Point'],
    ['a class of no name', Object.create({ constructor: 1 }) as object, 'result is a class instance'],
    ['toJSON', { toJSON: () => 1 }, 'result.toJSON is a function'],
    ['a cycle', cycle, 'result.inside.again contains itself'],
    ['nesting without end', deep(2000), 'is nested more than 1000 deep.'],
  ])('refuses %s, by its place', (_what, value, message) => {
    expect(() => plainJson(value, 'result')).toThrow(NotJsonError)
    expect(() => plainJson(value, 'result')).toThrow(message)
  })

  it('carries -0, leaves out members that are undefined, and copies only what had to change', () => {
    const kept = { list: [1, 2] }
    const value = { zero: -0, nothing: undefined, kept }
    const plain = plainJson(value, 'result') as { readonly zero: number; readonly kept: unknown }
    expect(plain).toStrictEqual({ zero: 0, kept })
    expect(Object.is(plain.zero, 0)).toBe(true)
    expect(plain.kept).toBe(kept)
    expect(plainJson(kept, 'result')).toBe(kept)
    expect(Object.is(value.zero, -0)).toBe(true)
    expect(copyPlainJson(kept, 'result')).not.toBe(kept)
  })

  it('takes a shared part that is not a cycle, objects without a prototype, and a member called __proto__', () => {
    const shared = { n: 1 }
    expect(plainJson([shared, shared], 'result')).toEqual([shared, shared])
    expect(plainJson(Object.assign(Object.create(null) as object, { zero: -0 }), 'r')).toEqual({ zero: 0 })
    const own = JSON.parse('{"__proto__":{"a":1},"zero":-0}') as unknown
    expect(JSON.stringify(plainJson(own, 'result'))).toBe('{"__proto__":{"a":1},"zero":0}')
    expect(plainJson(deep(900), 'result')).toBeDefined()
  })

  it('takes a nested value with a -0 at its bottom in no more than one pass', () => {
    let reads = 0
    let value: unknown = -0
    for (let level = 0; level < 100; level += 1) {
      const inside = value
      value = Object.defineProperty({}, 'in', {
        enumerable: true,
        get: () => {
          reads += 1
          return inside
        },
      })
    }
    plainJson(value, 'result')
    expect(reads).toBeLessThan(500)
  })
})

it('answers what JSON makes of any value that it accepts, and refuses just what JSON would change', () => {
  const number = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.constantFrom(-0, 2 ** 53, 2 ** 53 - 1, 1e20, 1e21, NaN),
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      number,
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constantFrom(null, undefined, 1n, new Date(0), new Map()),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(value, (any) => {
      let plain: unknown
      try {
        plain = plainJson(any, 'value')
      } catch (error) {
        expect(error).toBeInstanceOf(NotJsonError)
        expect(carried(any)).toBe(false)
        return
      }
      expect(carried(any)).toBe(true)
      expect(JSON.stringify(plain)).toBe(JSON.stringify(any))
      expect(plain).toEqual(JSON.parse(JSON.stringify(any)))
    }),
    { numRuns: 500 },
  )
})

/** The reference: whether nothing in a value is changed by JSON but -0 and members that are undefined. */
function carried(value: unknown): boolean {
  if (typeof value === 'number') return isJsonNumber(value)
  if (value === null || ['string', 'boolean'].includes(typeof value)) return true
  if (Array.isArray(value)) return value.every(carried)
  if (typeof value !== 'object' || value instanceof Date || value instanceof Map) return false
  return Object.values(value).every((member) => member === undefined || carried(member))
}
