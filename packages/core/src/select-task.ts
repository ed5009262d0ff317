import { OpenEnvError } from './errors.ts'
import type { Task, TaskProvider } from './task.ts'

/** Names the task to start; see {@link selectTask} for what holds when several or none are given. */
export interface TaskSelector {
  readonly taskId?: string
  readonly split?: string
  readonly index?: number
  /** A spec as the task listing gave it; its `id` decides. Of any other, the provider may make a task. */
  readonly taskSpec?: Readonly<Record<string, unknown>>
}

/** The error for a split that is not one of those known. */
export function invalidSplit(split: string, known: readonly string[]): OpenEnvError {
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
