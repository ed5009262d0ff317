import type { AnyEnvironment } from '@openenv-ts/core'
import { componentsOf } from './components.ts'
import { component, PAGE, TEXT, type Answer, type Body, type Operation, type Schema } from './operation.ts'
import type { Route } from './route.ts'
import type { Host } from '../host.ts'
import type { Plane } from '../access/plane.ts'

/** What the document is made of beside the routes. */
export type Described = Pick<Host, 'environment' | 'basePath' | 'authorizer'>

/**
 * The OpenAPI 3.1 document of the mounted routes. Validators read the mode off its paths: `/reset` is there in
 * simulation mode only. Routes that need what the environment lacks are left out.
 *
 * @param mayControl - Whether the reader may list tasks and read views. The document names tasks for those readers only.
 */
export async function openApi(
  routes: readonly Route[],
  { environment, basePath, authorizer: authorizer }: Described,
  mayControl: boolean,
): Promise<Readonly<Record<string, unknown>>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    if (route.operation.unsupported === true) continue
    const name = route.path.replaceAll(/:(\w+)/g, '{$1}')
    const operation = operationOf(route, environment, authorizer.isOpen)
    paths[name] = { ...paths[name], [route.method.toLowerCase()]: operation }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'OpenEnv Environment HTTP API', version: '1.0.0', description: environment.description },
    servers: [{ url: basePath === '' ? '/' : basePath }],
    paths,
    components: {
      schemas: await componentsOf(environment, mayControl),
      ...(authorizer.isOpen ? {} : { securitySchemes: TOKENS }),
    },
  }
}

/** How a token is sent, where the server has any. */
const TOKENS = {
  bearer: { type: 'http', scheme: 'bearer' },
  key: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
}

function operationOf(
  { path, plane, summary, page, operation }: Route,
  environment: AnyEnvironment,
  isOpen: boolean,
): Schema {
  const { headers = [], body, answers } = operation
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
      ...{ name, in: 'path', required: true },
      schema: pathSchema(name, environment),
    })),
    ...headers.map((header) => ({ in: 'header', ...header })),
  ]
  return {
    summary,
    tags: [plane],
    ...(isOpen || !hasToken(plane) ? {} : { security: [{ bearer: [] }, { key: [] }] }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: bodyOf(body) }),
    responses: Object.fromEntries([
      ...Object.entries(answers).map(([status, answer]) => [status, answerOf(Number(status), answer)]),
      ...refusalsOf(operation, plane).map((status) => [
        String(status),
        answerOf(status, refusal(status, operation, page === true)),
      ]),
    ]),
  }
}

function pathSchema(name: string, { name: served }: AnyEnvironment): Schema {
  if (name === 'env')
    return { type: 'string', enum: [served], description: 'The environment; its case does not matter.' }
  if (name === 'capability')
    return {
      type: 'string',
      pattern: '^[A-Za-z0-9_-]{43}$',
      description: 'The secret of an agent’s address.',
    }
  return { type: 'string', minLength: 1 }
}

/** The capability is the token of its own address. */
function hasToken(plane: Plane): boolean {
  return plane !== 'open' && plane !== 'capability'
}

function bodyOf({ required, schema, type = 'application/json' }: Body): Schema {
  return { required, content: { [type]: { schema } } }
}

/** A request may come to a closed port of the host, with another plane's token, or where the server is at its limits. */
function refusalsOf(
  { answers, body, headers = [], refusals = [] }: Operation,
  plane: Plane,
): readonly number[] {
  const statuses = new Set([403, 500, ...refusals])
  if (hasToken(plane)) statuses.add(401).add(429)
  if (body !== undefined) statuses.add(400).add(413).add(415).add(422)
  if (headers.length > 0) statuses.add(400)
  return [...statuses].filter((status) => !(status in answers)).sort((one, other) => one - other)
}

const JSON_FAILURE = { 'application/json': component('Failure') }

function refusal(status: number, { speaksRpc }: Operation, page: boolean): Answer {
  const failure: Schema =
    status === 422
      ? component('InvalidRequest')
      : speaksRpc === true
        ? { anyOf: [component('Failure'), component('RpcAnswer')] }
        : component('Failure')
  const content = { 'application/json': failure }
  if (status === 401)
    return { content: page ? { ...PAGE.content } : JSON_FAILURE, headers: { 'WWW-Authenticate': 'Bearer' } }
  return { content: page && status === 403 ? { ...PAGE.content, ...content } : content }
}

function answerOf(status: number, { content, headers = {} }: Answer): Schema {
  const named = Object.entries(headers)
  return {
    description: MEANING[status] ?? 'Refused',
    ...(named.length === 0
      ? {}
      : {
          headers: Object.fromEntries(
            named.map(([name, description]) => [name, { description, required: true, schema: TEXT }]),
          ),
        }),
    ...(content === undefined
      ? {}
      : { content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }])) }),
  }
}

const MEANING: Readonly<Record<number, string>> = {
  200: 'Done',
  201: 'Opened',
  202: 'Taken; there is nothing to answer',
  308: 'The same route with the environment’s name',
  400: 'The request cannot be read, or names something that is not there',
  401: 'A token is needed',
  403: 'This token, host or origin may not ask for this',
  404: 'There is no such thing',
  405: 'There is no session to which this method applies',
  406: 'The client reads no type that could be answered',
  409: 'The call came at the wrong time',
  410: 'The session was deleted',
  413: 'The body is too large',
  415: 'The body is compressed',
  422: 'The body has the wrong shape',
  429: 'Too much at once',
  499: 'The call was cancelled',
  500: 'The environment failed',
  501: 'The environment does not offer this',
  503: 'The server is full, or shutting down',
  504: 'The call took too long',
}
