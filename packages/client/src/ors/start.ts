import { isOpenEnvError, OpenEnvError, type ResetOptions } from '@openenv-ts/core'
import { notSupported, requireIndex } from '@openenv-ts/core/host'
import { countTasks, listSplits, listTasks, type EnvironmentOptions } from '../tasks.ts'

/** Which task `/create` is to start. */
export type Start =
  | { readonly task_spec: Readonly<Record<string, unknown>> }
  | { readonly split: string; readonly index: number }

/**
 * What a reset asks for, in ORS's words. Nothing at all is the first task of the first split; a seed alone the task
 * `seed mod n` of it. Where the server lists no splits, the environment is started as it is.
 *
 * @throws OpenEnvError `VALIDATION_ERROR` for a task that is not there; `NOT_SUPPORTED` for options.
 */
export async function startOf(url: string, where: EnvironmentOptions, options: ResetOptions): Promise<Start> {
  const { taskSpec, taskId, index, seed } = options
  if (Object.keys(options.options ?? {}).length > 0) throw notSupported('options of a reset')
  if (taskSpec !== undefined) return { task_spec: taskSpec }
  if (taskId !== undefined) return taskOfId(url, where, taskId)
  requireIndex(options, seed)
  const split = options.split ?? (await firstSplit(url, where))
  if (split === null) return { task_spec: {} }
  if (index !== undefined) return { split, index }
  if (seed === undefined) return { split, index: 0 }
  const size = await countTasks(url, { ...where, split })
  return { split, index: size === 0 ? 0 : seed % size }
}

async function firstSplit(url: string, where: EnvironmentOptions): Promise<string | null> {
  try {
    return (await listSplits(url, where))[0]?.name ?? null
  } catch (error) {
    if (isOpenEnvError(error) && error.code === 'NOT_SUPPORTED') return null
    throw error
  }
}

/** ORS finds no task by its id: it is looked for in every split. */
async function taskOfId(url: string, where: EnvironmentOptions, taskId: string): Promise<Start> {
  for (const { name } of await listSplits(url, where)) {
    const tasks = await listTasks(url, { ...where, split: name })
    const index = tasks.findIndex(({ id }) => id === taskId)
    if (index !== -1) return { split: name, index }
  }
  throw new OpenEnvError('VALIDATION_ERROR', `Unknown task_id "${taskId.slice(0, 100)}".`, {
    http: 400,
    issues: [
      {
        type: 'invalid_value',
        loc: ['task_id'],
        msg: 'No split has a task of this id.',
        input: taskId.slice(0, 200),
      },
    ],
  })
}
