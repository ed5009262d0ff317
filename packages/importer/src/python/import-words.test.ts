import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { importWords } from './import-words.ts'

describe('the words of imports', () => {
  const parts = fc.constantFrom(
    'import',
    ' a',
    ' b',
    'from',
    ' .',
    ' (',
    ')',
    ',',
    '\n',
    '\\\n',
    '#',
    ';',
    '"',
    ' x',
    '    ',
  )

  it('are found in an import statement, whatever stands before it', () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 30 }), (before) => {
        const words = importWords(
          `${before.join(' ')}\nfrom . import (one, # )\n two)\nimport three.four; import five\n`,
        )
        for (const word of ['.', 'one', 'two', 'three', 'four', 'five']) expect([...words]).toContain(word)
      }),
      { numRuns: 2000 },
    )
  })
})
