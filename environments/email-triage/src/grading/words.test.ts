import { describe, expect, it } from 'vitest'
import { stemOf, wordsOf } from './words.ts'

const texts = (text: string): string[] => wordsOf(text).map((word) => word.text)

describe('wordsOf', () => {
  it('writes numbers, amounts and times in one way', () => {
    expect(texts('£1,864.00 at 09:30, five trucks, 94%')).toEqual(['1864', 'at', '9:30', '5', 'trucks', '94'])
  })

  it('takes contractions apart', () => {
    expect(texts("Can't, won't, isn’t, cannot; Anna's")).toEqual([
      ...['can', 'not', 'will', 'not', 'is', 'not', 'can', 'not', 'anna'],
    ])
  })

  it('knows sentences and clauses', () => {
    const words = wordsOf('One, two. Three')
    expect(words.map(({ sentence }) => sentence)).toEqual([0, 0, 1])
    expect(new Set(words.map(({ clause }) => clause)).size).toBe(3)
  })

  it('is not fooled by names that objects have', () => {
    expect(texts('constructor toString __proto__')).toEqual(['constructor', 'tostring', 'proto'])
  })
})

describe('stemOf', () => {
  it.each([
    ['approve', 'approval', 'approved'],
    ['deliver', 'delivers', 'delivered', 'deliveries'],
    ['payment', 'payments'],
    ['stop', 'stopped', 'stopping'],
  ])('brings forms of a word together: %s', (...forms) => {
    expect(new Set(forms.map(stemOf)).size).toBe(1)
  })

  it('keeps words apart that only begin alike', () => {
    expect(stemOf('contract')).not.toBe(stemOf('control'))
    expect(stemOf('freezer')).not.toBe(stemOf('free'))
  })
})
