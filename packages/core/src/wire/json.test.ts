import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOpenEnvError, type OpenEnvError } from '../errors.ts'
import { DEFAULT_SHAPE, parseJson, scanJson } from './json.ts'

const WHOLE = 'VALIDATION_ERROR'
const WORD = 'INVALID_JSON'

/** Number literals, and the code with which each is refused; null for those that are accepted. */
const LITERALS: readonly (readonly [literal: string, refused: string | null])[] = [
  ['0', null],
  ['-0', null],
  ['-0.0', null],
  ['123456789012345', null],
  ['9007199254740991', null],
  ['-9007199254740991', null],
  ['0.1', null],
  ['5e-324', null],
  ['1.7976931348623157e308', null],
  ['1e22', null],
  ['1E16', null],
  ['9007199254740993.0', null],
  ['0.12345678901234567890', null],
  ['1e-400', null],
  ['9007199254740992', WHOLE],
  ['9007199254740993', WHOLE],
  ['-9007199254740993', WHOLE],
  ['1234567890123456789', WHOLE],
  ['18446744073709551615', WHOLE],
  [`1${'0'.repeat(400)}`, WHOLE],
  ['1e400', WHOLE],
  ['-1e400', WHOLE],
  ['1.8e308', WHOLE],
  [`1${'0'.repeat(400)}.5`, WHOLE],
  ['NaN', WORD],
  ['Infinity', WORD],
  ['-Infinity', WORD],
]

/** What a reader throws, or null. */
function refusal(read: () => unknown): OpenEnvError | null {
  try {
    read()
    return null
  } catch (error) {
    if (isOpenEnvError(error)) return error
    throw error
  }
}

const scanned = (text: string): OpenEnvError | null =>
  refusal(() => {
    scanJson(new TextEncoder().encode(text), DEFAULT_SHAPE)
  })
const parsed = (text: string): OpenEnvError | null => refusal(() => parseJson(text))

describe('numbers in JSON text [OE-24]', () => {
  it.each(LITERALS)('%s: %s', (literal, code) => {
    for (const read of [scanned, parsed]) {
      for (const [text, place] of [
        [literal, []],
        [`{"a":[true,${literal}]}`, ['a', 1]],
      ] as const) {
        const error = read(text)
        expect(error?.code ?? null).toBe(code)
        if (error === null) continue
        expect(error.message).toContain(literal.slice(0, 39))
        expect(error.issues).toMatchObject([{ loc: place }])
        if (place.length > 0) expect(error.message).toContain('at a.1')
      }
    }
  })

  it('agrees with a reference on any JSON: the first literal at fault is named with its place', () => {
    interface Node {
      readonly text: string
      /** The literal at fault that comes first, and where. */
      readonly fault: { readonly literal: string; readonly place: readonly (string | number)[] } | null
    }
    const blank = fc.constantFrom('', ' ', '\n\t')
    const literal = fc.oneof(
      fc.constantFrom(...LITERALS),
      fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((value) => {
        const exact = value >= -(2n ** 53n - 1n) && value <= 2n ** 53n - 1n
        return [value.toString(), exact ? null : WHOLE] as const
      }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => {
        const text = JSON.stringify(value)
        return [text, /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? WHOLE : null] as const
      }),
    )
    const { node } = fc.letrec<{ node: Node }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 5, withCrossShrink: true },
        literal.map(([text, code]): Node => ({
          text,
          fault: code === null ? null : { literal: text, place: [] },
        })),
        fc
          .oneof(
            fc.string({ unit: 'grapheme' }),
            fc.constantFrom('NaN', '12345678901234567890', '\\"', '{[,:'),
          )
          .map((value): Node => ({ text: JSON.stringify(value), fault: null })),
        fc.constantFrom('true', 'false', 'null').map((text): Node => ({ text, fault: null })),
        fc.array(tie('node'), { maxLength: 4 }).map((items): Node => {
          const at = items.findIndex(({ fault }) => fault !== null)
          const fault = items[at]?.fault ?? null
          return {
            text: `[${items.map(({ text }) => text).join(',')}]`,
            fault: fault && { ...fault, place: [at, ...fault.place] },
          }
        }),
        fc
          .tuple(
            fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 8 }), tie('node')), { maxLength: 4 }),
            blank,
          )
          .map(([members, space]): Node => {
            const [key, first] = members.find(([, { fault }]) => fault !== null) ?? ['', null]
            const fault = first?.fault ?? null
            return {
              text: `{${members.map(([name, { text }]) => `${space}${JSON.stringify(name)}${space}:${text}`).join(',')}}`,
              fault: fault && { ...fault, place: [key, ...fault.place] },
            }
          }),
      ),
    }))
    fc.assert(
      fc.property(node, ({ text, fault }) => {
        for (const read of [scanned, parsed]) {
          const error = read(text)
          if (fault === null) {
            expect(error).toBeNull()
            continue
          }
          expect(error?.issues).toMatchObject([{ loc: fault.place }])
          expect(error?.message).toContain(fault.literal.slice(0, 39))
        }
      }),
      { numRuns: 500 },
    )
  })

  it('leaves what is not JSON to the parser, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const error = scanned(text)
        expect(error === null || error.issues.length === 1).toBe(true)
        expect([null, WHOLE, WORD]).toContain(parsed(text)?.code ?? null)
      }),
    )
    for (const text of ['Nope', 'Infinite', '1e', '--1', '.5', ':1', '}1', '1-1']) {
      expect(scanned(text)).toBeNull()
      expect(parsed(text)?.code).toBe(WORD)
    }
  })

  it('refuses a number of millions of digits before it is read', () => {
    expect(scanned(`[1.${'1'.repeat(1_000_000)}]`)?.message).toBe(
      'The message is made of a number of more than 4096 characters.',
    )
  })

  it('parses what it accepts as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        if (parsed(text) === null) expect(parseJson(text)).toEqual(JSON.parse(text))
      }),
    )
  })
})
