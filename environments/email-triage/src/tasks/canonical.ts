import { OpenEnvError } from '@openenv-ts/core'
import { easy } from './easy.ts'
import { hard } from './hard.ts'
import { medium } from './medium.ts'
import type { Email, TriageTask } from './task.ts'

/** All tasks by split, in order; the first split is the default one. */
export const TASKS: Readonly<Record<string, readonly TriageTask[]>> = { canonical: [easy, medium, hard] }

const BY_ID: ReadonlyMap<string, TriageTask> = new Map(
  Object.values(TASKS)
    .flat()
    .map((task) => [task.id, task]),
)

/** Ids of all tasks, in order. */
export const TASK_IDS: readonly string[] = [...BY_ID.keys()]

/**
 * The task with this id.
 *
 * @throws OpenEnvError `VALIDATION_ERROR` naming tasks that exist.
 */
export function taskWithId(id: string): TriageTask {
  const task = BY_ID.get(id)
  if (task !== undefined) return task
  const msg = `There are, among others: ${TASK_IDS.slice(0, 10).join(', ')}.`
  throw new OpenEnvError('VALIDATION_ERROR', `Unknown task_id "${id.slice(0, 100)}". ${msg}`, {
    http: 400,
    issues: [{ type: 'invalid_value', loc: ['task_id'], msg, input: id.slice(0, 200) }],
  })
}

/** The email of a task with this id; undefined when there is none. */
export function emailWithId(task: TriageTask, id: string): Email | undefined {
  return task.emails.find((email) => email.id === id)
}
