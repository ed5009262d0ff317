import { issuesOf, notSupported, OpenEnvError, requireSplit, taskAt, type TaskProvider } from '@openenv-ts/core'
import { z } from 'zod'
import { readObject, type Host, type Route, type RouteReply } from '../route.ts'

const InSplit = z.strictObject({ split: z.string() })
const AtIndex = z.strictObject({ split: z.string(), index: z.int() })
const InRange = z.strictObject({
  split: z.string(),
  start: z.int().nullish(),
  stop: z.int().nullish(),
})

/** The most tasks that one reply lists. */
const MAX_TASKS = 10_000

/**
 * Since when the WebSocket form of task discovery is the one to use, and until when this one stays at least [OE-22].
 */
const SUCCESSION = {
  deprecation: `@${String(Date.UTC(2026, 10, 1) / 1000)}`,
  sunset: new Date(Date.UTC(2028, 10, 1)).toUTCString(),
}

/** Task discovery for orchestrators, on the paths that OpenEnv and ORS share. */
export function taskRoutes(host: Host): readonly Route[] {
  const { environment } = host
  const headers = { ...SUCCESSION, link: `<${host.basePath}/ws>; rel="successor-version"` }
  const reply = (body: unknown): RouteReply => ({ body, headers })
  const tasks = (method: string): TaskProvider => {
    if (environment.tasks === undefined) throw notSupported(method)
    return environment.tasks
  }
  const named = (name: string | undefined): void => {
    if (name?.toLowerCase() === environment.name.toLowerCase()) return
    throw new OpenEnvError('VALIDATION_ERROR', `unknown environment '${(name ?? '').slice(0, 100)}'`, { http: 404 })
  }
  const post = <T>(
    path: string,
    summary: string,
    schema: z.ZodType<T>,
    answer: (body: T) => Promise<unknown>,
  ): Route => ({
    method: 'POST',
    path: `/:env/${path}`,
    plane: 'control',
    summary,
    handle: async (request, { env }) => {
      const body = readBody(schema, await readObject(request, host))
      named(env)
      return reply(await answer(body))
    },
  })
  return [
    {
      method: 'GET',
      path: '/list_environments',
      plane: 'control',
      summary: 'Names the environment',
      handle: () => reply([environment.name]),
    },
    {
      method: 'GET',
      path: '/:env/splits',
      plane: 'control',
      summary: 'Lists the splits',
      handle: async (_request, { env }) => {
        named(env)
        return reply(await tasks('list_splits').splits())
      },
    },
    post('tasks', 'Lists the tasks of a split', InSplit, async ({ split }) => {
      const provider = tasks('list_tasks')
      await requireSplit(provider, split)
      const found = await provider.range(split, 0, MAX_TASKS)
      return { tasks: found.map(({ spec }) => spec), env_name: environment.name }
    }),
    post('num_tasks', 'Counts the tasks of a split', InSplit, async ({ split }) => {
      const provider = tasks('num_tasks')
      await requireSplit(provider, split)
      return { num_tasks: await provider.count(split), env_name: environment.name }
    }),
    post('task', 'Shows one task', AtIndex, async ({ split, index }) => {
      const { spec } = await taskAt(tasks('get_task'), split, index)
      return { task: spec, env_name: environment.name }
    }),
    post('task_range', 'Lists a range of tasks', InRange, async ({ split, start, stop }) => {
      const provider = tasks('get_task_range')
      await requireSplit(provider, split)
      const from = Math.max(0, start ?? 0)
      const to = Math.min(stop ?? from + MAX_TASKS, from + MAX_TASKS)
      const found = await provider.range(split, from, to)
      return { tasks: found.map(({ spec }) => spec), env_name: environment.name }
    }),
  ]
}

function readBody<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issues = issuesOf(parsed.error, body, ['body'])
  throw new OpenEnvError('VALIDATION_ERROR', 'Invalid body', { issues })
}
