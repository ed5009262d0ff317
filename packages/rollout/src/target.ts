import {
  isOpenEnvError,
  openLocal,
  type AnyEnvironment,
  type Episode,
  type JsonSchema,
  type MaybePromise,
  type TaskProvider,
  type TaskSpec,
} from '@openenv-ts/core'
import { isObject, printable, toJsonSchema } from '@openenv-ts/core/host'
import type { ListedEnvironment } from '@openenv-ts/client'
import { RolloutError } from './rollout-error.ts'

/** Tasks by split, without their data: all that a rollout needs to know of them. */
export interface TaskSource {
  /** Names of the splits; the first is the default one. */
  splits(): MaybePromise<readonly string[]>
  /** All tasks of a split, in order. */
  list(split: string): MaybePromise<readonly TaskSpec[]>
}

/** What a rollout plays: an environment in this process, or one behind a URL. */
export interface Target {
  /** The environment's name. */
  readonly name: string
  /** Null where a server does not say. */
  readonly version: string | null
  readonly description: string
  /** JSON Schema of what `step` takes. */
  readonly actionSchema: JsonSchema
  /** Steps after which the environment ends an episode itself, where known. */
  readonly maxSteps?: number
  /** Episodes that it can hold at a time, where known. */
  readonly maxEpisodes?: number
  /** Absent: none in this process; behind a URL, none that the server tells of, and task ids are taken as given. */
  readonly tasks?: TaskSource
  /** Where it is served; absent for one in this process. */
  readonly url?: string
  /** Opens an episode of its own for the caller, who closes it. Rejects with an OpenEnvError. */
  open(signal?: AbortSignal): MaybePromise<Episode>
}

/** An environment in this process as a target. */
export function localTarget(environment: AnyEnvironment): Target {
  const { name, version, description, action, limits, tasks, concurrent } = environment
  return {
    name,
    version,
    description,
    actionSchema: toJsonSchema(action, 'input', 'action'),
    ...(limits.steps === undefined ? {} : { maxSteps: limits.steps }),
    ...(concurrent ? {} : { maxEpisodes: 1 }),
    ...(tasks === undefined ? {} : { tasks: taskSourceOf(tasks) }),
    open: () => openLocal(environment),
  }
}

/** The tasks of an environment as a source of tasks, for instance for a server that does not tell its own. */
export function taskSourceOf(tasks: TaskProvider): TaskSource {
  return {
    splits: async () => (await tasks.splits()).map(({ name }) => name),
    list: async (split) => (await tasks.range(split, 0, await tasks.count(split))).map(({ spec }) => spec),
  }
}

/** Options of {@link remoteTarget}. */
export interface RemoteOptions {
  /** Sent with every request and connection. */
  readonly token?: string
  /** Milliseconds from a request to its reply; the client's own limit when not given. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/**
 * The environment behind a URL as a target: its schema and its tasks are asked for once, here.
 *
 * @throws SeveralEnvironmentsError at the root of several, naming their URLs. OpenEnvError
 * `CONNECTION_ERROR` or `TIMEOUT` when the server cannot be reached or is none.
 */
export async function remoteTarget(url: string, options: RemoteOptions = {}): Promise<Target> {
  // Loaded here, so that who plays in this process never loads a socket.
  const { connect, info, listSplits, listTasks } = await import('@openenv-ts/client')
  const { token, timeoutMs, signal } = options
  const credentials = token === undefined ? {} : { token }
  const asking = { ...credentials, ...(signal === undefined ? {} : { signal }) }
  const { metadata, schemas } = await info(url, asking)
  if (schemas === null) throw new SeveralEnvironmentsError(url, metadata.environments ?? [])
  const tasks = await optional(async () => {
    const splits = (await listSplits(url, asking)).map(({ name }) => name)
    return { splits: () => splits, list: (split: string) => listTasks(url, { ...asking, split }) }
  })
  return {
    name: metadata.name,
    version: metadata.version,
    description: metadata.description,
    actionSchema: withoutMetadata(schemas.action),
    ...(tasks === undefined ? {} : { tasks }),
    url,
    open: (opening) =>
      connect(url, {
        ...credentials,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
        ...(opening === undefined ? {} : { signal: opening }),
        fork: false,
      }),
  }
}

const MAX_NAMED = 20

/** A URL is that of a server of several environments, where one of them was asked for. */
export class SeveralEnvironmentsError extends RolloutError {
  readonly environments: readonly ListedEnvironment[]

  constructor(url: string, environments: readonly ListedEnvironment[]) {
    const urls = environments.filter(({ available }) => available).map((each) => printable(each.url))
    const named = [...urls.slice(0, MAX_NAMED), ...(urls.length > MAX_NAMED ? ['…'] : [])].join(', ')
    super('SEVERAL_ENVIRONMENTS', `${url} serves several environments: give the URL of one of them: ${named}`)
    this.environments = environments
  }
}

/** What a server may not have. */
async function optional<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (isOpenEnvError(error) && error.code === 'NOT_SUPPORTED') return undefined
    throw error
  }
}

/** Python's base Action has an open field `metadata` that no environment asks for: nothing a policy should fill. */
function withoutMetadata(schema: JsonSchema): JsonSchema {
  const { properties, required } = schema
  if (!isObject(properties) || (Array.isArray(required) && required.includes('metadata'))) return schema
  const { metadata: _metadata, ...rest } = properties
  return { ...schema, properties: rest }
}
