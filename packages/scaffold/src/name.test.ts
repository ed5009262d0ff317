import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkName } from './name.ts'

describe('checkName', () => {
  it.each(['a', 'word-count', 'game-2048', 'v2', 'constructor', 'a'.repeat(64)])(
    'takes %j [IM-2]',
    (name) => {
      expect(checkName(name)).toBeNull()
    },
  )

  it.each([
    '',
    '-',
    'Word',
    'a_b',
    'a--b',
    '-a',
    'a-',
    '2048',
    '../up',
    'a/b',
    'a b',
    'ä',
    'a\n',
    'a.b',
    '@a/b',
  ])('refuses %j in one line that states the rule [IM-2]', (name) => {
    expect(checkName(name)).toMatch(/^".*" is no name: use lower-case words joined by hyphens, .+\.$/)
  })

  it('refuses a name that is too long by its length [IM-2]', () => {
    expect(checkName('a'.repeat(65))).toMatch(/has 65 characters: use 64 at most/)
  })

  it.each(['zod', 'vitest'])('refuses %j, which every environment depends on', (name) => {
    expect(checkName(name)).toMatch(/^".*" is a package that environments need: choose another name\.$/)
  })

  it.each([
    ['Word_Count', 'word-count'],
    ['wordCount', 'word-count'],
    ['2 Fast', 'fast'],
    ['a.b', 'a-b'],
  ])('suggests for %j a name that it takes [IM-2]', (name, suggestion) => {
    expect(checkName(name)).toContain(`"${suggestion}"`)
  })

  it('suggests only names that it takes, whatever is given [IM-2]', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (name) => {
        const fault = checkName(name)
        expect(fault ?? '').not.toContain('\n')
        const suggestion = /for example "(.*)"\.$/.exec(fault ?? '')?.[1]
        if (suggestion !== undefined) expect(checkName(suggestion)).toBeNull()
      }),
    )
  })
})
