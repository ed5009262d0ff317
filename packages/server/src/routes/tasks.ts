import { isOpenEnvError } from '@openenv-ts/core'
import { requireEnvironment } from './environment-path.ts'
import { bodySchema } from '../http/components.ts'
import {
  component,
  jsonAnswer,
  record,
  TEXT,
  type Answer,
  type Operation,
  type Schema,
} from '../http/operation.ts'
import type { Route } from '../http/route.ts'
import { atBody, readObject } from '../http/body.ts'
import type { Host } from '../host.ts'
import type { RouteReply } from '../http/reply.ts'
import { InRange, InSplit, taskQueries } from '../socket/task-queries.ts'

/**
 * Since when the WebSocket form of task discovery is the one to use, and until when this one stays at least [OE-22].
 */
const SUCCESSION = {
  deprecation: `@${String(Date.UTC(2026, 10, 1) / 1000)}`,
  sunset: new Date(Date.UTC(2028, 10, 1)).toUTCString(),
}

const WHOLE = { type: 'integer', minimum: 0 }
const SPECS = { type: 'array', items: component('TaskSpec') }
const SPLIT = record({ name: TEXT, type: { enum: ['train', 'validation', 'test'] } })
const IN_SPLIT = inSplit(bodySchema(InSplit, 'query'))
const RANGE = inSplit(bodySchema(InRange, 'query'))

/** The schema of a query, with the names of the splits that there are. */
function inSplit(schema: Schema): Schema {
  return { ...schema, properties: { ...(schema['properties'] as object), split: component('Split') } }
}

function listing(schema: Schema): Answer {
  const headers = {
    Deprecation: 'Since when the WebSocket is to be used',
    Sunset: 'Until when this stays',
    Link: 'It',
  }
  return { ...jsonAnswer(schema), headers }
}

/** Task discovery for orchestrators, on the paths that OpenEnv and ORS share. */
export function taskRoutes(host: Host): readonly Route[] {
  const { environment } = host
  const queries = taskQueries(environment)
  const headers = { ...SUCCESSION, link: `<${host.basePath}/ws>; rel="successor-version"` }
  const reply = (body: unknown): RouteReply => ({ body, headers })
  const unsupported = environment.tasks === undefined
  const answers = (schema: Schema): Operation['answers'] => ({ 200: listing(schema) })
  const post = (
    path: string,
    summary: string,
    { schema, fields }: { readonly schema: Schema; readonly fields: Readonly<Record<string, Schema>> },
    answer: (body: object) => Promise<unknown>,
  ): Route => ({
    method: 'POST',
    path: `/:env/${path}`,
    plane: 'control',
    summary,
    operation: {
      body: { required: true, schema },
      answers: answers(record({ ...fields, env_name: TEXT })),
      ...{ refusals: [404, 501], unsupported },
    },
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
      operation: { answers: answers({ type: 'array', items: TEXT }) },
      handle: () => reply([environment.name]),
    },
    {
      method: 'GET',
      path: '/:env/splits',
      plane: 'control',
      summary: 'Lists the splits',
      operation: {
        answers: answers({ type: 'array', items: SPLIT }),
        ...{ refusals: [404, 501], unsupported },
      },
      handle: async (_request, { env }) => {
        requireEnvironment(env, environment)
        const { splits } = await queries.list_splits()
        return reply(splits)
      },
    },
    post('tasks', 'Lists the tasks of a split', { schema: RANGE, fields: { tasks: SPECS } }, (body) =>
      queries.list_tasks(body),
    ),
    post(
      'num_tasks',
      'Counts the tasks of a split',
      { schema: IN_SPLIT, fields: { num_tasks: WHOLE } },
      (body) => queries.num_tasks(body),
    ),
    post(
      'task',
      'Shows one task',
      { schema: component('Place'), fields: { task: component('TaskSpec') } },
      (body) => queries.get_task(body),
    ),
    post('task_range', 'Lists a range of tasks', { schema: RANGE, fields: { tasks: SPECS } }, (body) =>
      queries.task_range(body),
    ),
  ]
}
