import { describe, expect, it } from 'vitest'
import { goldOf } from '../grading/graders.ts'
import { TASKS, TASK_IDS, taskWithId } from './canonical.ts'

const SIZES = { task_easy: 6, task_medium: 8, task_hard: 10 }
const MOST_OF_A_LABEL = { task_easy: 2, task_medium: 2, task_hard: 3 }

function most(values: readonly string[]): number {
  return Math.max(...values.map((value) => values.filter((other) => other === value).length))
}

describe('the canonical tasks', () => {
  it('are three, of 6, 8 and 10 emails [ET-9]', () => {
    expect(TASKS['canonical']?.map(({ id, emails }) => [id, emails.length])).toEqual(Object.entries(SIZES))
    expect(TASK_IDS).toEqual(Object.keys(SIZES))
  })

  it.each(Object.entries(MOST_OF_A_LABEL))(
    'gives no label of %s more than %i times [ET-9]',
    (taskId, limit) => {
      const answers = taskWithId(taskId).emails.map(({ id }) => goldOf(taskId, id))
      expect(most(answers.map(({ label }) => label))).toBeLessThanOrEqual(limit)
      expect(most(answers.map(({ label, route }) => `${label} ${route}`))).toBeLessThanOrEqual(
        answers.length / 4,
      )
    },
  )

  it.each(TASK_IDS)('names in %s only routes that the task lists [ET-9]', (taskId) => {
    const { routes, emails } = taskWithId(taskId)
    for (const { id } of emails) {
      const { route, alsoRoutes = {}, near = {}, label } = goldOf(taskId, id)
      for (const name of [route, ...Object.keys(alsoRoutes)]) expect(Object.keys(routes)).toContain(name)
      expect(Object.keys(alsoRoutes)).not.toContain(route)
      expect(Object.keys(near)).not.toContain(label)
      for (const share of [...Object.values(alsoRoutes), ...Object.values(near)])
        expect(share).toBeLessThanOrEqual(0.5)
    }
  })

  it('has ids and texts that stand once, and mail of the length that people write [ET-9]', () => {
    const emails = Object.values(TASKS).flatMap((tasks) => tasks.flatMap((task) => task.emails))
    expect(most(emails.map(({ id }) => id))).toBe(1)
    expect(most(emails.map(({ body }) => body))).toBe(1)
    for (const { body, sender } of emails) {
      expect(body.split(/\s+/).length).toBeGreaterThan(30)
      expect(body.split(/\s+/).length).toBeLessThan(200)
      expect(sender).toMatch(/^[^<>]+ <[^<>\s]+@[\w.-]+\.example>$/)
    }
  })

  it('gives nothing away by ids and order: no label is always at the same place [ET-9]', () => {
    for (const id of TASK_IDS.flatMap((task) => taskWithId(task).emails.map((email) => email.id))) {
      expect(id).toMatch(/^(?:easy|medium|hard)-\d\d$/)
    }
    const labels = TASK_IDS.map((task) => taskWithId(task).emails.map(({ id }) => goldOf(task, id).label))
    for (let place = 0; place < 6; place += 1) {
      expect(new Set(labels.map((list) => list[place])).size).toBeGreaterThan(1)
    }
  })
})
