import { isOpenEnvError } from '@openenv-ts/core'
import { requireEnvironment } from '../environment-path.ts'
import { atBody, readObject, type Host, type Route, type RouteReply } from '../route.ts'
import { taskQueries } from '../task-queries.ts'

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
  const queries = taskQueries(environment)
  const headers = { ...SUCCESSION, link: `<${host.basePath}/ws>; rel="successor-version"` }
  const reply = (body: unknown): RouteReply => ({ body, headers })
  const post = (path: string, summary: string, answer: (body: object) => Promise<unknown>): Route => ({
    method: 'POST',
    path: `/:env/${path}`,
    plane: 'control',
    summary,
    handle: async (request, { env }) => {
      const body = await readObject(request, host)
      let answered: unknown
      try {
        answered = await atBody(() => answer(body))
      } catch (error) {
        // As in Python's servers: first the body's shape, then the name in the path, then what the body asks for.
        if (!isOpenEnvError(error) || error.http !== 422) requireEnvironment(env, environment)
        throw error
      }
      requireEnvironment(env, environment)
      return reply(answered)
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
        requireEnvironment(env, environment)
        const { splits } = await queries.list_splits()
        return reply(splits)
      },
    },
    post('tasks', 'Lists the tasks of a split', (body) => queries.list_tasks(body)),
    post('num_tasks', 'Counts the tasks of a split', (body) => queries.num_tasks(body)),
    post('task', 'Shows one task', (body) => queries.get_task(body)),
    post('task_range', 'Lists a range of tasks', (body) => queries.task_range(body)),
  ]
}
