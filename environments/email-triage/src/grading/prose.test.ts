import { seededRandom } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { phrasings } from '../../test/phrasings.ts'
import { measureProse } from './prose.ts'
import { wordsOf } from './words.ts'

const honest = Object.values(phrasings).flat()

describe('measureProse', () => {
  it('finds next to nothing broken in what people write [ET-12]', () => {
    const broken = honest.map((text) => measureProse(wordsOf(text)).broken)
    expect(Math.max(...broken)).toBeLessThanOrEqual(1)
    expect(broken.filter((count) => count > 0).length).toBeLessThan(honest.length / 10)
  })

  it('finds much broken in the same words shuffled [ET-12]', () => {
    const random = seededRandom(1)
    const long = honest.filter((text) => text.split(' ').length > 25)
    const counts = long.map((text) => measureProse(wordsOf(random.shuffle(text.split(' ')).join(' '))).broken)
    expect(long.length).toBeGreaterThan(20)
    expect(counts.reduce((sum, count) => sum + count, 0) / counts.length).toBeGreaterThan(2)
  })

  it('tells lists and repetitions from sentences [ET-12]', () => {
    expect(measureProse(wordsOf('invoice payment overdue supplier deadline')).grammar).toBe(0)
    expect(measureProse(wordsOf('a, b, c, d, e')).marks).toBe(1)
    expect(measureProse(wordsOf('pay pay pay pay')).variety).toBe(0.25)
    expect(measureProse(wordsOf('the pay and the bill and the post and the bank')).glueVariety).toBeLessThan(
      0.4,
    )
  })
})
