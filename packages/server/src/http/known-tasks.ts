import type { TaskProvider } from '@openenv-ts/core'

/** The tasks of an environment, as far as a document can name them. */
export interface KnownTasks {
  /** Splits with how many tasks each has; the first is the default one. Null where it cannot be said. */
  readonly splits: readonly { readonly name: string; readonly count: number }[] | null
  /** Ids of all tasks. Null where there are too many, or where tasks are made from specs too. */
  readonly ids: readonly string[] | null
}

/** Nothing is known of the tasks, or the reader may not know it. */
export const UNKNOWN: KnownTasks = { splits: null, ids: null }

/** More ids than that would make the document long. */
const MAX_IDS = 1000

/** Asks for an environment's tasks. Where a provider fails, its tasks are not known. */
export async function knownTasks(tasks: TaskProvider): Promise<KnownTasks> {
  try {
    const splits = await Promise.all(
      (await tasks.splits()).map(async ({ name }) => ({ name, count: await tasks.count(name) })),
    )
    const total = splits.reduce((sum, { count }) => sum + count, 0)
    if (total > MAX_IDS || tasks.made !== undefined) return { splits, ids: null }
    const ranges = await Promise.all(splits.map(async ({ name, count }) => tasks.range(name, 0, count)))
    return { splits, ids: [...new Set(ranges.flat().map(({ spec }) => spec.id))] }
  } catch {
    return UNKNOWN
  }
}
