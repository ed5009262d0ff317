import type { AnyEnvironment, TaskProvider } from '@openenv-ts/core'
import { validationError, issuesOf, notSupported, requireSplit, taskAt } from '@openenv-ts/core/host'
import { z } from 'zod'

const Nothing = z.strictObject({})
/** A query for one split. */
export const InSplit = z.strictObject({ split: z.string() })
const AtIndex = z.strictObject({ split: z.string(), index: z.int() })
/** A query for a range of a split. */
export const InRange = z.strictObject({
  split: z.string(),
  start: z.int().nullish(),
  stop: z.int().nullish(),
})

/** What orchestrators ask about tasks; the same on every transport. */
export interface TaskQueries {
  list_splits(query?: unknown): Promise<Reply>
  num_tasks(query: unknown): Promise<Reply>
  get_task(query: unknown): Promise<Reply>
  /** Negative places stand for the first. */
  list_tasks(query: unknown): Promise<Reply>
  /** As `list_tasks`, with negative places counted from the end: a slice, as clients of the HTTP route know it. */
  task_range(query: unknown): Promise<Reply>
}

type Reply = Readonly<Record<string, unknown>>

/**
 * Answers questions about an environment's tasks. Every answer rejects with `NOT_SUPPORTED` where there are none,
 * and with `VALIDATION_ERROR` for an unknown split, an index outside it and a query of the wrong shape.
 */
export function taskQueries(environment: AnyEnvironment): TaskQueries {
  const { name: env_name } = environment
  const tasks = (method: string): TaskProvider => {
    if (environment.tasks === undefined) throw notSupported(method)
    return environment.tasks
  }
  /** A range outside the split holds fewer tasks or none. */
  const page = async (
    method: string,
    query: unknown,
    at: (index: number, size: number) => number,
  ): Promise<Reply> => {
    const { split, start, stop } = read(InRange, query)
    const provider = tasks(method)
    await requireSplit(provider, split)
    const size = await provider.count(split)
    const from = at(start ?? 0, size)
    const to = Math.min(at(stop ?? size, size), size)
    const found = await provider.range(split, from, Math.max(from, to))
    return { tasks: found.map(({ spec }) => spec), env_name }
  }
  return {
    list_splits: async (query = {}) => {
      read(Nothing, query)
      return { splits: await tasks('list_splits').splits(), env_name }
    },
    num_tasks: async (query) => {
      const { split } = read(InSplit, query)
      const provider = tasks('num_tasks')
      await requireSplit(provider, split)
      return { num_tasks: await provider.count(split), env_name }
    },
    get_task: async (query) => {
      const { split, index } = read(AtIndex, query)
      const { spec } = await taskAt(tasks('get_task'), split, index)
      return { task: spec, env_name }
    },
    list_tasks: (query) => page('list_tasks', query, (index) => Math.max(0, index)),
    task_range: (query) =>
      page('task_range', query, (index, size) => (index < 0 ? Math.max(0, size + index) : index)),
  }
}

function read<T>(schema: z.ZodType<T>, query: unknown): T {
  const parsed = schema.safeParse(query)
  if (parsed.success) return parsed.data
  throw validationError('task query', issuesOf(parsed.error, query))
}
