import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, jsonCopy } from './canonical-json.ts'

/** Shuffles the order of keys at every level, which canonical text must not show. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  for (const [key, member] of Object.entries(value).reverse()) copy[key] = reversed(member)
  return copy
}

describe('canonical JSON (RFC 8785) [OE-16]', () => {
  it("gives the text of the RFC's own example", () => {
    const input = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    ) as unknown
    expect(canonicalJson(input)).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    )
  })

  it('sorts keys by UTF-16 code units, as the RFC shows', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])))
    expect(Object.keys(JSON.parse(text) as object).filter((key) => key !== '1')).toEqual([
      '\r',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\ud83d\ude00',
      '\ufb33',
    ])
    expect(text.indexOf('"1"')).toBeGreaterThan(text.indexOf(String.raw`"\r"`))
    expect(text.indexOf('"1"')).toBeLessThan(text.indexOf('"\u0080"'))
  })

  it('keeps every JSON value, is the same for every order of keys, and is its own canonical form', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        const plain = JSON.parse(JSON.stringify(value)) as unknown
        expect(JSON.parse(text)).toEqual(plain)
        expect(canonicalJson(reversed(value))).toBe(text)
        expect(canonicalJson(JSON.parse(text))).toBe(text)
      }),
    )
  })

  it('keeps lone surrogates and prototype keys as data', () => {
    const value = JSON.parse(String.raw`{"__proto__":{"a":1},"text":"\ud800"}`) as unknown
    expect(canonicalJson(value)).toBe(String.raw`{"__proto__":{"a":1},"text":"\ud800"}`)
    expect(Object.keys(jsonCopy(value) as object)).toEqual(['__proto__', 'text'])
  })

  it('leaves out undefined properties and writes -0 as 0', () => {
    expect(canonicalJson({ b: undefined, a: -0 })).toBe('{"a":0}')
  })

  it.each([
    ['NaN', { a: [1, NaN] }, 'NaN at a.1'],
    ['Infinity', -Infinity, '-Infinity at the top'],
    ['undefined in a list', [undefined], 'undefined at 0'],
    ['a hole in a list', new Array(1), 'undefined at 0'],
    ['a function', { a: () => 1 }, 'function at a'],
    ['a bigint', 1n, 'bigint at the top'],
    ['a Date', { at: new Date(0) }, 'Date at at'],
    ['a Map', new Map(), 'Map at the top'],
  ])('refuses %s and names the place', (_name, value, message) => {
    expect(() => canonicalJson(value)).toThrow(`Not JSON: ${message}.`)
  })

  it('refuses a cycle, and takes a value that stands twice', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(() => canonicalJson(cycle)).toThrow('a cycle at self')
    const twice = { x: 1 }
    expect(canonicalJson([twice, twice])).toBe('[{"x":1},{"x":1}]')
  })
})
