import { checkKeys, keysOf } from './known-keys.ts'
import { plainJson } from './plain-json.ts'
import { type Split, type Task, type TaskProvider, splitType } from './task.ts'
import { invalidSplit } from './select-task.ts'

/** Options of {@link taskList}. */
export interface TaskListOptions<TTask> {
  /** What to publish of a task beside id, split and index; nothing when not given. */
  readonly publish?: (data: TTask) => Readonly<Record<string, unknown>>
  /** What each split is for; by default its own name, or `validation` for other names. */
  readonly types?: Readonly<Record<string, Split['type']>>
}

const TASK_LIST_KEYS = keysOf<TaskListOptions<unknown>>({ publish: true, types: true })

/**
 * Tasks held in memory.
 *
 * @param splits - Rows by split, in order; the first split is the default one. Ids are unique over all splits.
 * @throws RangeError when there is no task in the first split, or an id stands twice.
 */
export function taskList<TTask extends { readonly id: string }>(
  splits: Readonly<Record<string, readonly TTask[]>>,
  options: TaskListOptions<TTask> = {},
): TaskProvider<TTask> {
  checkKeys('the options of taskList', options, TASK_LIST_KEYS)
  for (const split of Object.keys(options.types ?? {})) {
    if (!Object.hasOwn(splits, split))
      throw new TypeError(`\`types\` names "${split}", which is not a split.`)
  }
  const bySplit = new Map<string, readonly Task<TTask>[]>()
  const byId = new Map<string, Task<TTask>>()
  for (const [split, rows] of Object.entries(splits)) {
    const given: unknown = rows
    if (!Array.isArray(given)) throw new TypeError(`The split "${split}" must be a list of tasks.`)
    const tasks = rows.map((data, index) => {
      const id: unknown = (data as TTask | null | undefined)?.id
      if (typeof id !== 'string' || id === '') {
        throw new TypeError(
          `Task ${String(index)} of "${split}" has no \`id\`: give each task a text that is its own.`,
        )
      }
      const published = plainJson(options.publish?.(data) ?? {}, `the published part of task "${data.id}"`)
      const task = { spec: { ...(published as object), id: data.id, split, index }, data }
      if (byId.has(data.id)) throw new RangeError(`Two tasks have the id "${data.id}".`)
      byId.set(data.id, task)
      return task
    })
    bySplit.set(split, tasks)
  }
  const listed = [...bySplit.keys()].map((name) => ({ name, type: options.types?.[name] ?? splitType(name) }))
  if ((listed[0] && bySplit.get(listed[0].name)?.length) === 0 || listed.length === 0) {
    throw new RangeError('The first split has no tasks.')
  }
  const tasksOf = (split: string): readonly Task<TTask>[] => {
    const tasks = bySplit.get(split)
    if (tasks === undefined) throw invalidSplit(split, [...bySplit.keys()])
    return tasks
  }
  return {
    splits: () => listed,
    count: (split) => tasksOf(split).length,
    range: (split, start, stop) => tasksOf(split).slice(Math.max(0, start), Math.max(0, stop)),
    find: (id) => byId.get(id),
  }
}
