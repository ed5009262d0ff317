import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as published from '../src/index.ts'
import { maxSteps } from '../src/state.ts'
import { TASKS } from '../src/tasks/canonical.ts'

/** The tasks of `openenv.yaml`: each begins with its id, and has one field a line. */
function listedTasks(): readonly Readonly<Record<string, string>>[] {
  const text = readFileSync(new URL('../openenv.yaml', import.meta.url), 'utf8')
  return text
    .slice(text.indexOf('\ntasks:\n'))
    .split('\n  - ')
    .slice(1)
    .map((task) =>
      Object.fromEntries(
        [...task.matchAll(/^ *(\w+): (.+)$/gm)].map(([, key = '', value = '']) => [key, value]),
      ),
    )
}

it('openenv.yaml lists every task with its split, limits and grader [ET-20]', () => {
  const tasks = Object.entries(TASKS).flatMap(([split, list]) =>
    list.map(({ id, emails }) => ({
      id,
      split,
      emails: String(emails.length),
      max_steps: String(maxSteps(emails.length)),
    })),
  )
  const listed = listedTasks()
  expect(listed.map(({ id, split, emails, max_steps }) => ({ id, split, emails, max_steps }))).toEqual(tasks)
  for (const { grader = '', score_range } of listed) {
    expect(published).toHaveProperty(grader)
    expect(score_range).toBe('[0, 1]')
  }
})
