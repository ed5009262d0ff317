import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { satisfies } from './python.ts'

describe('a version specifier of Python', () => {
  it.each([
    ['3.11.4', '>=3.11', true],
    ['3.9.18', '>=3.10', false],
    ['3.10.0', '>=3.9', true],
    ['3.14.0', '>=3.11,<3.14', false],
    ['3.13.9', '>=3.11, <3.14', true],
    ['3.11.4', '==3.11.*', true],
    ['3.12.0', '==3.11.*', false],
    ['3.11.4', '!=3.11.*', false],
    ['3.11.4', '~=3.10', true],
    ['3.11.4', '~=3.11.5', false],
    ['3.11.0', '==3.11', true],
    ['3.11.4', '', true],
    ['3.11.4', 'what is this', true],
  ])('%s against %s is %s', (version, requires, allowed) => {
    expect(satisfies(version, requires)).toBe(allowed)
  })

  it('allows the versions of a range, and no others', () => {
    const minor = fc.integer({ min: 0, max: 30 })
    fc.assert(
      fc.property(minor, minor, minor, fc.integer({ min: 0, max: 20 }), (low, high, at, patch) => {
        const allowed = satisfies(`3.${String(at)}.${String(patch)}`, `>=3.${String(low)},<3.${String(high)}`)
        expect(allowed).toBe(at >= low && at < high)
      }),
    )
  })
})
