import type { MaybePromise } from './json.ts'
import { OpenEnvError } from './errors.ts'
import { checkKeys, keysOf } from './known-keys.ts'
import { plainJson } from './plain-json.ts'

/** A named part of the tasks and what it is for. */
export interface Split {
  readonly name: string
  readonly type: 'train' | 'validation' | 'test'
}

/**
 * What an orchestrator sees of a task. Never shown to agents. Further keys are free; gold data does not belong here.
 */
export interface TaskSpec {
  readonly id: string
  readonly split: string
  /** Position in its split, from 0. */
  readonly index: number
  readonly difficulty?: number
  readonly group?: string
  readonly [key: string]: unknown
}

/** A task with what the environment needs to start it. */
export interface Task<TTask> {
  readonly spec: TaskSpec
  readonly data: TTask
}

/** The tasks of an environment. Free of side effects: asking changes nothing. */
export interface TaskProvider<TTask = unknown> {
  /** All splits, never empty; the first is the default one. */
  splits(): MaybePromise<readonly Split[]>
  /** How many tasks a split has. */
  count(split: string): MaybePromise<number>
  /** Tasks with index in [start, stop), fewer where the split ends. */
  range(split: string, start: number, stop: number): MaybePromise<readonly Task<TTask>[]>
  /** The task with this id, in whatever split. */
  find(id: string): MaybePromise<Task<TTask> | undefined>
  /** A task of a spec that no list has, where any object of the right shape is one; undefined for what is none. */
  made?(spec: Readonly<Record<string, unknown>>): MaybePromise<Task<TTask> | undefined>
}

/** Names the task to start; see {@link selectTask} for what holds when several or none are given. */
export interface TaskSelector {
  readonly taskId?: string
  readonly split?: string
  readonly index?: number
  /** A spec as the task listing gave it; its `id` decides. Of any other, the provider may make a task. */
  readonly taskSpec?: Readonly<Record<string, unknown>>
}

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

/** What a split is for, read off its name. */
export function splitType(name: string): Split['type'] {
  return name === 'train' || name === 'test' ? name : 'validation'
}

function invalidSplit(split: string, known: readonly string[]): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', 'Invalid split', {
    http: 400,
    issues: [
      {
        type: 'invalid_value',
        loc: ['split'],
        msg: `There are: ${known.join(', ')}.`,
        input: split.slice(0, 200),
      },
    ],
  })
}

/** Throws `VALIDATION_ERROR` (HTTP 400) unless there is a split of this name. */
export async function requireSplit(tasks: TaskProvider, split: string): Promise<void> {
  const names = (await tasks.splits()).map(({ name }) => name)
  if (!names.includes(split)) throw invalidSplit(split, names)
}

/** One task by its place. Throws `VALIDATION_ERROR` (HTTP 400) for an unknown split or an index outside it. */
export async function taskAt<TTask>(
  tasks: TaskProvider<TTask>,
  split: string,
  index: number,
): Promise<Task<TTask>> {
  await requireSplit(tasks, split)
  const [task] = index < 0 || !Number.isSafeInteger(index) ? [] : await tasks.range(split, index, index + 1)
  if (task === undefined) {
    const size = await tasks.count(split)
    throw new OpenEnvError('VALIDATION_ERROR', 'Invalid task index', {
      http: 400,
      issues: [
        { type: 'invalid_value', loc: ['index'], msg: `"${split}" has ${String(size)} tasks.`, input: index },
      ],
    })
  }
  return task
}

/**
 * Decides which task an episode starts [OE-4].
 *
 * A named task wins; `split` with `index` next; a seed takes task `seed mod n` of `split`, by itself of the
 * default one; nothing at all takes the first task of the default split. `index` or `split` with nothing beside it
 * is half a choice and refused [IM-14]; with a seed, `index` is one of the default split.
 *
 * @param seed - The caller's seed; `undefined` when none was sent.
 * @throws OpenEnvError `VALIDATION_ERROR` (HTTP 400) when it does not exist, naming at most ten that do.
 */
export async function selectTask<TTask>(
  tasks: TaskProvider<TTask> | undefined,
  selector: TaskSelector,
  seed: number | undefined,
): Promise<Task<TTask> | null> {
  const { split, index, taskSpec } = selector
  const taskId = selector.taskId ?? (typeof taskSpec?.['id'] === 'string' ? taskSpec['id'] : undefined)
  if (tasks === undefined) {
    if (taskId !== undefined) throw unknownTask(taskId, [])
    return null
  }
  const defaultSplit = (await tasks.splits())[0]?.name ?? ''
  if (taskId !== undefined) {
    const found = (await tasks.find(taskId)) ?? (taskSpec && (await tasks.made?.(taskSpec)))
    if (found !== undefined) return found
    const some = await tasks.range(defaultSplit, 0, 10)
    throw unknownTask(
      taskId,
      some.map(({ spec }) => spec.id),
    )
  }
  if (taskSpec !== undefined) {
    const made = await tasks.made?.(taskSpec)
    if (made !== undefined) return made
    throw new OpenEnvError('VALIDATION_ERROR', 'A task spec names its task by "id", and this one has none.', {
      http: 400,
      issues: [{ type: 'missing', loc: ['task_spec', 'id'], msg: 'Send a spec as the task list gave it.' }],
    })
  }
  if (split !== undefined) await requireSplit(tasks, split)
  requireIndex(selector, seed)
  const from = split ?? defaultSplit
  if (index !== undefined) return taskAt(tasks, from, index)
  const size = await tasks.count(from)
  if (size === 0) {
    throw new OpenEnvError(
      'VALIDATION_ERROR',
      `The split "${from}" has no tasks, so there is none to start.`,
      {
        http: 400,
        issues: [{ type: 'invalid_value', loc: ['split'], msg: 'Its data may be missing.', input: from }],
      },
    )
  }
  return taskAt(tasks, from, seed === undefined ? 0 : seed % size)
}

/**
 * Refuses half a place: `index` or `split` with neither the other nor a seed [IM-14].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` (HTTP 400), naming the field that is missing.
 */
export function requireIndex({ split, index }: TaskSelector, seed: number | undefined): void {
  if (seed !== undefined || (split === undefined) === (index === undefined)) return
  throw split === undefined ? halfPlace('index', 'split') : halfPlace('split', 'index')
}

function halfPlace(given: string, missing: string): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', `"${given}" alone names no task: send "${missing}" with it.`, {
    http: 400,
    issues: [{ type: 'missing', loc: [missing], msg: `Required when "${given}" is given.` }],
  })
}

function unknownTask(id: string, known: readonly string[]): OpenEnvError {
  const hint =
    known.length === 0 ? 'This environment has no tasks.' : `There are, among others: ${known.join(', ')}.`
  return new OpenEnvError('VALIDATION_ERROR', `Unknown task_id "${id.slice(0, 100)}". ${hint}`, {
    http: 400,
    issues: [{ type: 'invalid_value', loc: ['task_id'], msg: hint, input: id.slice(0, 200) }],
  })
}
