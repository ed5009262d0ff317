import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literal, type Literal } from './literal.ts'

describe('literal', () => {
  it('is TypeScript that means the value, whatever stands in it [IM-11]', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'binary' }), (json) => {
        const value = JSON.parse(json) as Literal
        // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- what it means is what it evaluates to
        const read: unknown = new Function(`return (${literal(value)})`)()
        expect(read).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('shows no character that hides or turns what stands around it', () => {
    expect(literal("it's \u202e \u0000 \u2028")).toBe('"it\'s \\u202e \\u0000 \\u2028"')
  })

  it('keeps on one line what fits there, and takes one line an entry otherwise', () => {
    expect(literal({ kind: 'ors', path: 'vendor/a' })).toBe("{ kind: 'ors', path: 'vendor/a' }")
    expect(literal(['a'.repeat(60), 'b'.repeat(60)])).toBe(
      `[\n    '${'a'.repeat(60)}',\n    '${'b'.repeat(60)}',\n  ]`,
    )
  })
})
