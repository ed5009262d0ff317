import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { phrasings } from '../../test/phrasings.ts'
import { TASKS } from '../tasks/canonical.ts'
import { goldOf } from './graders.ts'
import { gradeSummary, type SummaryGrade } from './summary.ts'

const mails = (TASKS['canonical'] ?? []).flatMap((task) =>
  task.emails.map((email) => ({ taskId: task.id, email })),
)

function grade(emailId: string, summary: string): SummaryGrade {
  const found = mails.find(({ email }) => email.id === emailId)
  if (found === undefined) throw new RangeError(emailId)
  return gradeSummary(summary, found.email, goldOf(found.taskId, emailId).facts)
}

describe('gradeSummary', () => {
  it.each(mails.map(({ email }) => email.id))(
    'gives an honest summary of %s its credit, however it is worded [ET-12]',
    (id) => {
      const [terse = '', full = '', indirect = '', ...others] = phrasings[id] ?? []
      for (const summary of [terse, full, indirect])
        expect(grade(id, summary).score, summary).toBeGreaterThanOrEqual(0.65)
      const least = others.map((summary) => grade(id, summary).score)
      expect(least.reduce((sum, score) => sum + score, 0) / least.length).toBeGreaterThan(0.4)
    },
  )

  it('gives honest summaries most of the credit on average, those of people who had not seen it too [ET-12]', () => {
    const mean = (chosen: (summaries: readonly string[]) => readonly string[]): number => {
      const scores = Object.entries(phrasings).flatMap(([id, summaries]) =>
        chosen(summaries).map((summary) => grade(id, summary).score),
      )
      expect(scores.length).toBeGreaterThanOrEqual(24 * 3)
      return scores.reduce((sum, score) => sum + score, 0) / scores.length
    }
    expect(mean((summaries) => summaries.slice(0, 3))).toBeGreaterThan(0.95)
    expect(mean((summaries) => summaries.slice(3))).toBeGreaterThan(0.8)
  })

  it('gives an honest summary of one email nothing worth having on another [ET-12]', () => {
    const scores = Object.entries(phrasings).flatMap(([id, summaries]) =>
      mails.flatMap(({ email }) =>
        email.id === id ? [] : summaries.map((summary) => grade(email.id, summary).score),
      ),
    )
    expect(scores.reduce((sum, score) => sum + score, 0) / scores.length).toBeLessThan(0.02)
  })

  it('counts what is denied as not said [ET-12]', () => {
    const said = 'Kestrel asks when the overdue invoice 20931 for their brochures will be paid.'
    const denied =
      'Kestrel does not ask when the invoice is paid, and nothing is overdue; it was never unpaid.'
    expect(grade('medium-07', said).score).toBeGreaterThan(0.6)
    expect(grade('medium-07', denied).score).toBeLessThan(grade('medium-07', said).score / 2)
  })

  it('does not count a quotation, even beside words of its own [ET-12]', () => {
    const { score } = grade(
      'easy-04',
      'The provider says: We have taken GBP 412.80 from the card ending 7719 for 24 seats of Fennel Recipe Planner.',
    )
    expect(score).toBe(0)
  })

  it('takes spelling, marks and typography as they come [ET-12]', () => {
    const plain = grade(
      'hard-02',
      "The wrong freezer was checked: F-12 isn't cold, and irreplaceable samples may be lost.",
    )
    const fancy = grade(
      'hard-02',
      'THE WRONG FREEZER WAS CHECKED – F-12 isn’t cold – and “irreplaceable” samples may be lost!',
    )
    expect(plain.score).toBeGreaterThan(0.6)
    expect(fancy.score).toBeCloseTo(plain.score, 1)
  })

  it('answers 0 to 1 for any text, and always the same [ET-11]', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.lorem({ maxCount: 60 }),
    )
    fc.assert(
      fc.property(text, fc.constantFrom(...mails), (summary, { taskId, email }) => {
        const { facts } = goldOf(taskId, email.id)
        const first = gradeSummary(summary, email, facts)
        for (const value of Object.values(first)) {
          expect(value).toBeGreaterThanOrEqual(0)
          expect(value).toBeLessThanOrEqual(1)
        }
        expect(gradeSummary(summary, email, facts)).toEqual(first)
      }),
    )
  })

  it('refuses to measure a text of a million characters [ET-12]', () => {
    expect(grade('easy-01', 'the recruit starts later '.repeat(40_000))).toEqual({
      score: 0,
      coverage: 0,
      form: 0,
    })
  })
})
