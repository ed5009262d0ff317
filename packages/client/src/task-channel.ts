import { isOpenEnvError, OpenEnvError, type Split, type TaskSpec } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import type { TaskMessageType } from '@openenv-ts/core/wire'
import type { Channel } from './channel.ts'
import { dial } from './dial.ts'
import { writeFrame } from './frame.ts'
import type { HttpOptions } from './http.ts'
import type { OpenSocket } from './socket.ts'
import * as overHttp from './tasks.ts'
import type { EnvironmentOptions, TaskQuery } from './tasks.ts'
import { checkDuration } from './time.ts'
import { parseServerUrl } from './url.ts'

/** Task discovery, for one platform's sockets. */
export interface TaskDiscovery {
  /**
   * The splits of a server's tasks; the first is the default one.
   *
   * @throws OpenEnvError `NOT_SUPPORTED` when the environment has no tasks, or the server tells of none.
   */
  readonly listSplits: (url: string | URL, options?: EnvironmentOptions) => Promise<readonly Split[]>
  /**
   * How many tasks a split has.
   *
   * @param query - `split` counts; `start` and `stop` do not.
   * @throws OpenEnvError As `listTasks`.
   */
  readonly countTasks: (url: string | URL, query?: TaskQuery) => Promise<number>
  /**
   * Tasks of a split in order, as `reset({ split, index })` takes them.
   *
   * Servers are free in what a task is: `id`, `split` and `index` are filled in where they do not say them, and a task
   * that is no object stands under `task`.
   *
   * @throws OpenEnvError `NOT_SUPPORTED` when there are no tasks; `VALIDATION_ERROR` for an unknown split.
   */
  readonly listTasks: (url: string | URL, query?: TaskQuery) => Promise<readonly TaskSpec[]>
}

/** How long the control channel may take before the routes are asked instead. */
const CHANNEL_TIMEOUT_MS = 3_000
/** Tasks in one message: some megabytes at most. */
const PAGE = 5_000

/**
 * Task discovery over the control channel, and over the HTTP routes where a server has no such messages: Python's has
 * not [OE-22].
 */
export function taskDiscovery(opener: (options: HttpOptions) => OpenSocket): TaskDiscovery {
  const ask = async <T>(
    url: string | URL,
    options: EnvironmentOptions,
    question: (questions: Questions) => Promise<T>,
    instead: () => Promise<T>,
  ): Promise<T> => {
    try {
      return await overChannel(url, options, opener, question)
    } catch (error) {
      // Whatever else went wrong, the routes may know better, or say better what it was.
      if (!isOpenEnvError(error) || error.code === 'VALIDATION_ERROR') throw error
      return instead()
    }
  }
  return {
    listSplits: (url, options = {}) =>
      ask(
        url,
        options,
        (questions) => questions.splits(),
        () => overHttp.listSplits(url, options),
      ),
    countTasks: (url, query = {}) =>
      ask(
        url,
        query,
        async (questions) => questions.count(await questions.split(query.split)),
        () => overHttp.countTasks(url, query),
      ),
    listTasks: (url, query = {}) =>
      ask(
        url,
        query,
        (questions) => questions.list(query),
        () => overHttp.listTasks(url, query),
      ),
  }
}

async function overChannel<T>(
  url: string | URL,
  options: EnvironmentOptions,
  opener: (options: HttpOptions) => OpenSocket,
  question: (questions: Questions) => Promise<T>,
): Promise<T> {
  const { timeoutMs = Infinity, signal } = options
  const connectTimeoutMs = Math.min(checkDuration('timeoutMs', timeoutMs), CHANNEL_TIMEOUT_MS)
  const plan = { url: parseServerUrl(url), open: opener(options), connectTimeoutMs, retries: 0 }
  const channel = await dial(plan, signal)
  try {
    return await question(new Questions(channel, options, connectTimeoutMs))
  } finally {
    await channel.close(new OpenEnvError('CANCELLED', 'The question is over.'))
  }
}

/** One connection's questions. */
class Questions {
  readonly #channel: Channel
  readonly #options: EnvironmentOptions
  readonly #timeoutMs: number

  constructor(channel: Channel, options: EnvironmentOptions, timeoutMs: number) {
    this.#channel = channel
    this.#options = options
    this.#timeoutMs = timeoutMs
  }

  async splits(): Promise<readonly Split[]> {
    return overHttp.readSplits((await this.#ask('list_splits', {}))['splits'])
  }

  async split(wanted: string | undefined): Promise<string> {
    return overHttp.chosenSplit(await this.splits(), wanted)
  }

  async count(split: string): Promise<number> {
    const { num_tasks: count } = await this.#ask('num_tasks', { split })
    if (Number.isSafeInteger(count)) return count as number
    throw overHttp.unreadable('num_tasks')
  }

  async list({ split: wanted, start: from = 0, stop = Infinity }: TaskQuery): Promise<readonly TaskSpec[]> {
    const split = await this.split(wanted)
    const start = Math.max(0, from)
    const end = Math.min(stop, await this.count(split))
    const listed: TaskSpec[] = []
    while (start + listed.length < end) {
      const at = start + listed.length
      const page = { split, start: at, stop: Math.min(at + PAGE, end) }
      const tasks = overHttp.readTasks(await this.#ask('list_tasks', page))
      if (tasks.length === 0) break
      listed.push(...tasks.map((task, place) => overHttp.toTaskSpec(task, split, at + place)))
    }
    return listed
  }

  async #ask(type: TaskMessageType, data: object): Promise<Readonly<Record<string, unknown>>> {
    const { signal, environment } = this.#options
    const request = {
      name: type,
      text: writeFrame(type, data),
      answer: type,
      timeoutMs: this.#timeoutMs,
      signal,
    }
    const { data: reply } = await this.#channel.request(request)
    if (!isObject(reply)) throw overHttp.unreadable(type)
    const { env_name: name } = reply
    if (environment !== undefined && String(name).toLowerCase() !== environment.toLowerCase()) {
      throw new OpenEnvError('NOT_SUPPORTED', `This server has ${String(name)}, not ${environment}.`)
    }
    return reply
  }
}
