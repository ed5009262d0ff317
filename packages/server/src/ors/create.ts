import { OpenEnvError, type AnyEnvironment, type Task } from '@openenv-ts/core'
import { validationError, issuesOf, selectTask, type TaskSelector } from '@openenv-ts/core/host'
import { z } from 'zod'
import { requireEnvironment } from '../routes/environment-path.ts'
import { secretsFromHeader, type Secrets } from './secrets.ts'

const Create = z.strictObject({
  env_name: z.string().nullish(),
  task_spec: z.record(z.string(), z.unknown()).nullish(),
  split: z.string().nullish(),
  index: z.int().nullish(),
  secrets: z.record(z.string(), z.string()).nullish(),
  toolset_name: z.string().nullish(),
})

/** What a session is to be started with. */
export interface Start {
  readonly selector: TaskSelector
  readonly task: Task<unknown> | null
  /** Those that the environment declares, and no others. */
  readonly secrets: Secrets
}

/**
 * Reads what `POST /create` says: in its body, and of secrets in the header too.
 *
 * @throws OpenEnvError `VALIDATION_ERROR`: 422 for a body of another shape, 404 for another environment, 400 for the
 * rest. None of them shows a value that was sent, for it may be a secret.
 */
export async function readCreate(
  body: unknown,
  headers: Headers,
  environment: AnyEnvironment,
): Promise<Start> {
  const parsed = Create.safeParse(body)
  if (!parsed.success) {
    const issues = issuesOf(parsed.error, body).map(({ input: _input, ...issue }) => issue)
    throw validationError('body', issues)
  }
  const { env_name: name, toolset_name: toolset, secrets: given } = parsed.data
  const selector = selectorOf(parsed.data)
  requireEnvironment(name ?? environment.name, environment)
  if (toolset !== undefined && toolset !== null) throw noToolset(toolset)
  const all = { ...secretsFromHeader(headers.get('x-secrets')), ...given }
  const declared = environment.secrets ?? []
  const secrets = Object.fromEntries(Object.entries(all).filter(([key]) => declared.includes(key)))
  return { selector, task: await taskOf(selector, environment), secrets }
}

function selectorOf({ task_spec: spec, split, index }: z.infer<typeof Create>): TaskSelector {
  const placed = split !== undefined && split !== null && index !== undefined && index !== null
  const half = !placed && ((split ?? null) !== null || (index ?? null) !== null)
  const specified = spec !== undefined && spec !== null
  if (placed && !specified) return { split, index }
  if (specified && !placed && !half) return { taskSpec: spec }
  throw validationError('body', [
    { type: 'value_error', loc: [], msg: 'Send either task_spec, or both split and index' },
  ])
}

/** Looked up before anything is started, so that a task that is not there is refused and not a failed setup. */
async function taskOf(selector: TaskSelector, { tasks }: AnyEnvironment): Promise<Task<unknown> | null> {
  if (tasks === undefined && selector.split !== undefined) {
    throw new OpenEnvError('VALIDATION_ERROR', 'Invalid split', {
      http: 400,
      issues: [
        {
          type: 'invalid_value',
          loc: ['split'],
          msg: 'This environment has no tasks: send task_spec {} to start it.',
        },
      ],
    })
  }
  return selectTask(tasks, selector, undefined)
}

function noToolset(name: string): OpenEnvError {
  const message = `Unknown toolset '${name.slice(0, 100)}': this server lays no toolsets over an environment's own tools.`
  return new OpenEnvError('VALIDATION_ERROR', message, {
    http: 400,
    issues: [{ type: 'invalid_value', loc: ['toolset_name'], msg: message }],
  })
}
