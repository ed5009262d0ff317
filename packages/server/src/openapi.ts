import type { WireSchemas } from '@openenv-ts/core/wire'
import type { Route } from './route.ts'

/**
 * The OpenAPI 3.1 document of the mounted routes. Validators read the mode off its paths: `/reset` is there in
 * simulation mode only.
 */
export function openApi(
  routes: readonly Route[],
  about: { readonly basePath: string; readonly description: string; readonly schemas: WireSchemas },
): Readonly<Record<string, unknown>> {
  const { basePath, description, schemas } = about
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { method, path, plane, summary } of routes) {
    const name = path.replaceAll(/:(\w+)/g, '{$1}')
    paths[name] = {
      ...paths[name],
      [method.toLowerCase()]: operation({ path, method, plane, summary }, schemas),
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'OpenEnv Environment HTTP API', version: '1.0.0', description },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    paths,
  }
}

function operation(
  { path, method, plane, summary }: Pick<Route, 'path' | 'method' | 'plane' | 'summary'>,
  schemas: WireSchemas,
): Record<string, unknown> {
  const parameters = [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  return {
    summary,
    tags: [plane],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(method === 'POST' ? { requestBody: content(requestSchema(path, schemas)) } : {}),
    responses: { '200': { description: 'OK', ...content(replySchema(path, schemas)) } },
  }
}

function content(schema: unknown): Record<string, unknown> {
  return { content: { 'application/json': { schema } } }
}

function requestSchema(path: string, { action }: WireSchemas): unknown {
  if (path === '/step') {
    return {
      type: 'object',
      properties: { action, timeout_s: { type: 'number' }, request_id: { type: 'string' } },
    }
  }
  if (path === '/reset') {
    const text = { type: 'string' }
    const whole = { type: 'integer', minimum: 0 }
    return {
      type: 'object',
      properties: { seed: whole, episode_id: text, task_id: text, split: text, index: whole },
    }
  }
  return { type: 'object' }
}

function replySchema(path: string, { observation, state }: WireSchemas): unknown {
  if (path === '/state') return state
  if (path !== '/step' && path !== '/reset') return {}
  return {
    type: 'object',
    properties: { observation, reward: { type: ['number', 'null'] }, done: { type: 'boolean' } },
  }
}
