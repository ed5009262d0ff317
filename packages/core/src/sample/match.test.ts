import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Budget } from './budget.ts'
import { matcherOf } from './match.ts'
import { readPattern } from './pattern.ts'

const matches = (pattern: string, text: string): boolean =>
  matcherOf(readPattern(pattern), 'u', new Budget())(text)

/** Patterns of every kind, over few characters, so that texts meet them. */
const pattern = fc.letrec<{ part: string }>((tie) => ({
  part: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    fc.constantFrom(
      'a',
      'b',
      '1',
      '.',
      '[ab]',
      '[^a]',
      '\\d',
      '\\w',
      '\\W',
      ' ',
      '^',
      '$',
      '\\b',
      '\\B',
      '\\p{L}',
      'é',
    ),
    fc.tuple(tie('part'), tie('part')).map(([one, other]) => one + other),
    fc.tuple(tie('part'), tie('part')).map(([one, other]) => `(?:${one}|${other}|)`),
    fc
      .tuple(tie('part'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}', '*?', '+?'))
      .map(([part, times]) => `(${part})${times}`),
    fc
      .tuple(fc.constantFrom('(?=', '(?!', '(?<=', '(?<!'), tie('part'), tie('part'))
      .map(([look, part, rest]) => `${look}${part})${rest}`),
  ),
})).part
const text = fc
  .array(fc.constantFrom('a', 'b', '1', ' ', '-', 'é'), { maxLength: 8 })
  .map((all) => all.join(''))

describe('trying a text on a pattern', () => {
  it('says what JavaScript says', () => {
    fc.assert(
      fc.property(pattern, text, (source, tried) => {
        expect(matches(source, tried), `${source} on ${tried}`).toBe(new RegExp(source, 'u').test(tried))
      }),
      { numRuns: 5000 },
    )
  })

  it.each([
    ['(a+)+$', `${'a'.repeat(1000)}b`],
    ['^(a|a)*$', `${'a'.repeat(1000)}b`],
    ['^(?:(?:a+)+)+[b]$(?=c)', 'a'.repeat(1000)],
    ['^(a*)*(a*)*(a*)*b$', 'a'.repeat(500)],
    ['(?<=(a+)+)b$', 'a'.repeat(200)],
    ['^(?!.*(x+x+)+y).*$', 'x'.repeat(300)],
  ])('takes no more than texts times states: %s', (source, tried) => {
    const found = matches(source, tried)
    expect(found).toBe(source.startsWith('^(?!'))
  })
})
