import { describe, expect, it } from 'vitest'
import { baselineScore, mailsOf, tasks } from '../../test/score-table.ts'
import { describeTask } from '../tasks/task.ts'
import { baseline } from './baseline.ts'

describe('baseline', () => {
  it.each(tasks.map((task) => ({ id: task.id, task })))(
    'is competent on $id, and leaves something to learn',
    ({ task }) => {
      expect(baselineScore(task)).toBeGreaterThan(0.6)
      expect(baselineScore(task)).toBeLessThan(1)
    },
  )

  it('decides by what the mail says: other ids and another place change nothing', () => {
    for (const task of tasks) {
      const info = { description: describeTask(task), routes: Object.keys(task.routes).join(',') }
      for (const mail of mailsOf(task)) {
        const moved = { ...mail, email_id: 'x', task_id: 'y', step_number: 3, total_emails: 50 }
        expect(baseline(moved, { info })).toEqual(baseline(mail, { info }))
      }
    }
  })

  it('answers with a valid action when it knows neither description nor routes', () => {
    for (const mail of tasks.flatMap(mailsOf)) {
      expect(baseline(mail, { info: {} })).toMatchObject({ route_to: expect.any(String) as string })
    }
  })
})
