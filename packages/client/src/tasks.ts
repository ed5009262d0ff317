import { isOpenEnvError, OpenEnvError, type Split, type TaskSpec } from '@openenv-ts/core'
import { isObject, splitType } from '@openenv-ts/core/host'
import { askJson, type HttpOptions } from './http.ts'

/** Which environment of a server is meant. */
export interface EnvironmentOptions extends HttpOptions {
  /** The server's first one if not given. */
  readonly environment?: string
}

/** Which tasks to list. */
export interface TaskQuery extends EnvironmentOptions {
  /** The first split if not given. */
  readonly split?: string
  /** First index, from 0. */
  readonly start?: number
  /** The index after the last; the split's end if not given. */
  readonly stop?: number
}

/**
 * The splits of a server's tasks; the first is the default one.
 *
 * @throws OpenEnvError `NOT_SUPPORTED` when the environment has no tasks or the server no such routes.
 */
export async function listSplits(
  url: string | URL,
  options: EnvironmentOptions = {},
): Promise<readonly Split[]> {
  return readSplits(await askJson(url, `${await taskRoot(url, options)}/splits`, options))
}

/**
 * How many tasks a split has.
 *
 * @param query - `split` counts; `start` and `stop` do not.
 * @throws OpenEnvError As {@link listTasks}.
 */
export async function countTasks(url: string | URL, query: TaskQuery = {}): Promise<number> {
  const root = await taskRoot(url, query)
  const split = await chooseSplit(url, root, query)
  const body = await askJson(url, `${root}/num_tasks`, query, { split })
  const count = isObject(body) ? body['num_tasks'] : undefined
  if (Number.isSafeInteger(count)) return count as number
  throw unreadable('num_tasks')
}

/**
 * Tasks of a split in order, as `reset({ split, index })` takes them.
 *
 * Servers are free in what a task is: `id`, `split` and `index` are filled in where they do not say them, and a task
 * that is no object stands under `task`.
 *
 * @throws OpenEnvError `NOT_SUPPORTED` when there are no tasks; `VALIDATION_ERROR` for an unknown split.
 */
export async function listTasks(url: string | URL, query: TaskQuery = {}): Promise<readonly TaskSpec[]> {
  const root = await taskRoot(url, query)
  const split = await chooseSplit(url, root, query)
  const { start = 0, stop } = query
  const listed = await askForTasks(url, root, split, query)
  return listed
    .map((task, at) => toTaskSpec(task, split, start + at))
    .slice(0, stop === undefined ? undefined : Math.max(0, stop - start))
}

/** Environments need not have both routes; each can stand in for the other. */
async function askForTasks(
  url: string | URL,
  root: string,
  split: string,
  query: TaskQuery,
): Promise<readonly unknown[]> {
  const { start = 0, stop = null } = query
  const whole = async (): Promise<readonly unknown[]> =>
    readTasks(await askJson(url, `${root}/tasks`, query, { split })).slice(start, stop ?? undefined)
  const range = async (): Promise<readonly unknown[]> =>
    readTasks(await askJson(url, `${root}/task_range`, query, { split, start, stop }))
  const [first, second] = start === 0 && stop === null ? [whole, range] : [range, whole]
  try {
    return await first()
  } catch (error) {
    if (isOpenEnvError(error) && error.code === 'NOT_SUPPORTED') return second()
    throw error
  }
}

/** The routes' prefix: the name of the server's environment. */
async function taskRoot(url: string | URL, options: EnvironmentOptions): Promise<string> {
  const name = options.environment ?? (await firstEnvironment(url, options))
  return `/${encodeURIComponent(name)}`
}

/** The name of the environment that a server means when none is named. */
export async function firstEnvironment(url: string | URL, options: HttpOptions): Promise<string> {
  const names = await askJson(url, '/list_environments', options)
  const name: unknown = Array.isArray(names) ? names[0] : undefined
  if (typeof name !== 'string' || name === '') throw unreadable('list_environments')
  return name
}

async function chooseSplit(
  url: string | URL,
  root: string,
  { split, ...options }: TaskQuery,
): Promise<string> {
  return chosenSplit(readSplits(await askJson(url, `${root}/splits`, options)), split)
}

/** The name of the split that is meant. Throws `NOT_SUPPORTED` when there are none, `VALIDATION_ERROR` for another. */
export function chosenSplit(splits: readonly Split[], split: string | undefined): string {
  const [first] = splits
  if (first === undefined)
    throw new OpenEnvError('NOT_SUPPORTED', 'The environment of this server has no tasks.')
  const names = splits.map(({ name }) => name)
  const chosen = split ?? first.name
  if (names.includes(chosen)) return chosen
  throw new OpenEnvError(
    'VALIDATION_ERROR',
    `Invalid split "${chosen.slice(0, 100)}". There are: ${names.join(', ')}.`,
    {
      http: 400,
      issues: [
        { type: 'invalid_value', loc: ['split'], msg: `There are: ${names.join(', ')}.`, input: chosen },
      ],
    },
  )
}

/** Reads a list of splits; some servers give only their names. */
export function readSplits(body: unknown): readonly Split[] {
  if (!Array.isArray(body)) throw unreadable('splits')
  return body.map((entry: unknown) => {
    const { name, type } = isObject(entry) ? entry : { name: entry, type: undefined }
    if (typeof name !== 'string') throw unreadable('splits')
    return {
      name,
      type: type === 'train' || type === 'validation' || type === 'test' ? type : splitType(name),
    }
  })
}

/** Reads a list of tasks, whatever a task is. */
export function readTasks(body: unknown): readonly unknown[] {
  const tasks: unknown = isObject(body) ? body['tasks'] : undefined
  if (!Array.isArray(tasks)) throw unreadable('tasks')
  return tasks
}

/** A task as all of ours are, whatever the server's is. */
export function toTaskSpec(task: unknown, split: string, index: number): TaskSpec {
  const spec = isObject(task) ? task : { task }
  const id = spec['id']
  return {
    ...spec,
    id: typeof id === 'string' ? id : typeof id === 'number' ? String(id) : `${split}/${String(index)}`,
    split: typeof spec['split'] === 'string' ? spec['split'] : split,
    index: Number.isSafeInteger(spec['index']) ? (spec['index'] as number) : index,
  }
}

/** An answer that is none. */
export function unreadable(route: string): OpenEnvError {
  return new OpenEnvError('CONNECTION_ERROR', `The server answered ${route} with something unreadable.`)
}
