import { isOpenEnvError, type OpenEnvError } from '@openenv-ts/core'
import { expect, it } from 'vitest'
import { connect, info } from './index.ts'
import { Raw, scriptedServer, type Script } from '../test/scripted-server.ts'

const METADATA = {
  name: 'Maze',
  description: 'A maze.',
  version: '1.0.0',
  author: null,
  readme_content: null,
  documentation_url: null,
}
const SCHEMAS = { action: { title: 'A' }, observation: { title: 'O' }, state: { title: 'S' } }
const ROUTES: Record<string, unknown> = {
  '/health': { status: 'healthy' },
  '/metadata': METADATA,
  '/schema': { ...SCHEMAS, reset_observation: { title: 'R' } },
}

function routes(changes: Record<string, unknown> = {}): Script {
  return { http: (path) => ({ ...ROUTES, ...changes })[path] }
}

async function failure(call: Promise<unknown>): Promise<OpenEnvError> {
  const error: unknown = await call.then(() => 'it did not fail').catch((reason: unknown) => reason)
  if (!isOpenEnvError(error)) throw new Error(`Expected an OpenEnvError, got ${String(error)}`)
  return error
}

it('gives health, description and schemas', async () => {
  await using server = await scriptedServer(routes())
  expect(await info(`${server.url}/`)).toEqual({
    url: server.url,
    health: { status: 'healthy' },
    metadata: METADATA,
    schemas: { ...SCHEMAS, reset_observation: { title: 'R' } },
  })
})

it('takes the observation schema for resets where an old server has no other', async () => {
  await using server = await scriptedServer(routes({ '/schema': SCHEMAS }))
  expect((await info(server.url)).schemas?.reset_observation).toEqual({ title: 'O' })
})

it('lists the environments of a server of several, and asks for no schema there [OE-23]', async () => {
  const entry = { name: 'maze', description: 'A maze.', url: 'https://envs.example/maze', available: true }
  const entries = [
    { ...entry, version: '1' },
    { ...entry, available: undefined },
    { ...entry, available: false },
    null,
    { name: 'no-url' },
    7,
  ]
  await using server = await scriptedServer(
    routes({ '/metadata': { ...METADATA, environments: entries }, '/schema': new Raw(404, '{}') }),
  )
  const { metadata, schemas } = await info(server.url)
  expect(schemas).toBeNull()
  expect(metadata.environments).toEqual([entry, entry, { ...entry, available: false }])
})

it('is there on an episode', async () => {
  await using server = await scriptedServer(routes())
  await using episode = await connect(server.url)
  expect((await episode.describe()).name).toBe('Maze')
  expect((await episode.schemas()).action).toEqual({ title: 'A' })
})

it.each<[string, unknown, string, string]>([
  ['a page', new Raw(200, '<html>'), 'CONNECTION_ERROR', 'not what an OpenEnv server answers'],
  ['an array', [1], 'CONNECTION_ERROR', 'no JSON object'],
  ['HTTP 404', new Raw(404, '{"detail":"Not Found"}'), 'NOT_SUPPORTED', 'Not Found'],
  ['HTTP 500 as plain text', new Raw(500, 'Internal Server Error'), 'EXECUTION_ERROR', 'HTTP 500'],
  ['HTTP 401', new Raw(401, '{}'), 'CONNECTION_ERROR', 'token'],
  ['HTTP 418', new Raw(418, '{}'), 'CONNECTION_ERROR', 'HTTP 418'],
  [
    'a code of the table',
    new Raw(503, '{"detail":"Full","code":"CAPACITY_REACHED","max_sessions":2}'),
    'CAPACITY_REACHED',
    'Full',
  ],
])('turns %s into an error of the table', async (_name, answer, code, message) => {
  await using server = await scriptedServer(routes({ '/metadata': answer }))
  const error = await failure(info(server.url))
  expect(error.code).toBe(code)
  expect(error.message).toContain(message)
})

it.each(['ws', 'mcp', 'web', 'nowhere/at/all'])(
  'says that /%s is not the address of the server',
  async (path) => {
    await using server = await scriptedServer({ http: (asked) => ROUTES[asked] ?? new Raw(404, '<html>') })
    const error = await failure(info(`${server.url}/${path}`))
    expect(error.code).toBe('CONNECTION_ERROR')
    expect(error.message).toContain(`${server.url}/${path} answers, but not as an OpenEnv server`)
    expect(error.message).toContain('without /ws, /mcp or /web')
  },
)

it('says so where a server is asked for TLS and speaks none', async () => {
  await using server = await scriptedServer(routes())
  const error = await failure(info(server.url.replace('http:', 'https:')))
  expect(error.message).toContain('(it does not speak TLS: write http://)')
})

it('names the token for code and for the command', async () => {
  await using server = await scriptedServer(routes({ '/metadata': new Raw(401, '{}') }))
  const { message } = await failure(info(server.url))
  expect(message).toContain('give the option `token`, or to the command OPENENV_CONTROL_TOKEN.')
})

it('says which schema is missing', async () => {
  await using server = await scriptedServer(routes({ '/schema': { action: {} } }))
  expect((await failure(info(server.url))).message).toContain('/schema at "observation"')
})

it('says how to start a server where none is', async () => {
  const { url } = await scriptedServer().then(async (server) => {
    await server.close()
    return server
  })
  const error = await failure(info(url))
  expect(error.code).toBe('CONNECTION_ERROR')
  expect(error.message).toContain('ECONNREFUSED')
  expect(error.message).toContain('openenv serve')
})

it('asks once more when the connection breaks, as it does after an error of some servers', async () => {
  let broken = 0
  await using server = await scriptedServer({
    http: (path, _body, request) => {
      if (path === '/health' && broken === 0) {
        broken += 1
        request.socket.destroy()
      }
      return ROUTES[path]
    },
  })
  expect((await info(server.url)).health.status).toBe('healthy')
})

it('gives up after its time, and on its signal', async () => {
  await using server = await scriptedServer({ http: () => new Promise(() => undefined) })
  expect((await failure(info(server.url, { timeoutMs: 30 }))).code).toBe('TIMEOUT')
  const signal = AbortSignal.timeout(20)
  await expect(info(server.url, { signal })).rejects.toThrow('due to timeout')
  await expect(info(server.url, { signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})

it('sends its token', async () => {
  const seen: (string | undefined)[] = []
  await using server = await scriptedServer({
    http: (path, _body, { headers }) => {
      seen.push(headers.authorization)
      return ROUTES[path]
    },
  })
  await info(server.url, { token: 'a-token' })
  expect(seen).toEqual(['Bearer a-token', 'Bearer a-token', 'Bearer a-token'])
})
