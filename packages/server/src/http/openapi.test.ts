import { echo } from '@openenv-ts/echo'
import { emailTriage } from '@openenv-ts/email-triage'
import type { AnyEnvironment } from '@openenv-ts/core'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApp, type App } from '../app.ts'
import type { ServerOptions } from '../options.ts'
import type { Plane } from '../access/plane.ts'
import { inspect } from '../inspect.ts'

type Data = Readonly<Record<string, unknown>>

const MODES: Readonly<Record<string, ServerOptions>> = {
  simulation: {},
  'simulation with tokens': { tokens: { control: 'c'.repeat(30), operator: 'o'.repeat(30) } },
  'simulation with an episode for each MCP client': { agentEpisode: '' },
  production: { mode: 'production' },
  'production with control': { mode: 'production', productionControl: true },
  minimal: { routes: 'minimal' },
  'below a prefix': { basePath: '/envs/one' },
}
const ENVIRONMENTS: readonly AnyEnvironment[] = [emailTriage, echo]
const CASES = Object.entries(MODES).flatMap(([mode, options]) =>
  ENVIRONMENTS.map((environment) => ({ mode, options, environment, name: environment.name })),
)

const apps: App[] = []
function appOf(environment: AnyEnvironment, options: ServerOptions): App {
  const app = createApp(environment, options)
  apps.push(app)
  return app
}
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

/** Every `$ref` in a value. */
function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const own = (value as Data)['$ref']
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(references)]
}

describe.each(CASES)('the OpenAPI document of $name in mode: $mode', ({ options, environment, mode }) => {
  it('says of every mounted route what it takes and answers', async () => {
    const app = appOf(environment, options)
    const document = await inspect(app).openApi()
    const paths = document['paths'] as Readonly<Record<string, Readonly<Record<string, Data>>>>
    for (const { method, path, plane, operation } of inspect(app).routes) {
      const described = paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()]
      if (operation.unsupported === true) {
        expect(described).toBeUndefined()
        continue
      }
      expect(described, `${method} ${path}`).toBeDefined()
      const {
        parameters = [],
        responses,
        requestBody,
        security,
      } = described as {
        readonly parameters?: readonly { name: string; in: string; schema: Data }[]
        readonly responses: Readonly<Record<string, Data>>
        readonly requestBody?: { readonly content: Readonly<Record<string, Data>> }
        readonly security?: unknown
      }
      const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => name)
      expect(inPath).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name]) => name))
      for (const { schema } of parameters) expect(Object.keys(schema).length).toBeGreaterThan(0)
      expect(Object.keys(responses).some((status) => Number(status) < 400)).toBe(true)
      for (const [status, response] of Object.entries(responses)) {
        expect(response['description'], `${path} ${status}`).not.toBe('Refused')
        if (Number(status) >= 400) expect(response['content'], `${path} ${status}`).toBeDefined()
      }
      if (requestBody !== undefined) {
        const refusals = Object.keys(responses)
        expect(refusals).toEqual(expect.arrayContaining(['400', '413', '422']))
        for (const { schema } of Object.values(requestBody.content)) expect(schema).toBeDefined()
      }
      const needsToken = options.tokens !== undefined && plane !== 'open' && plane !== 'capability'
      expect(security !== undefined, `${path} asks for a token`).toBe(needsToken)
    }
  })

  it('refers only to components that it has', async () => {
    const document = await inspect(appOf(environment, options)).openApi()
    const { schemas } = document['components'] as { readonly schemas: Data }
    const names = new Set(references(document))
    expect(names.size).toBeGreaterThan(0)
    for (const name of names)
      expect(Object.keys(schemas)).toContain(name.replace('#/components/schemas/', ''))
  })

  it('has exactly the paths that are mounted', async () => {
    const app = appOf(environment, options)
    const { paths } = (await inspect(app).openApi()) as { paths: Data }
    const mounted = inspect(app)
      .routes.filter(({ operation }) => operation.unsupported !== true)
      .map(({ path }) => path.replaceAll(/:(\w+)/g, '{$1}'))
    expect(Object.keys(paths).sort()).toEqual([...new Set(mounted)].sort())
    expect('/reset' in paths).toBe(!mode.startsWith('production'))
  })
})

describe('the tasks in the OpenAPI document', () => {
  const schemasOf = async (environment: AnyEnvironment) =>
    ((await inspect(appOf(environment, {})).openApi())['components'] as { schemas: Record<string, Data> })
      .schemas

  it('are named where there are few', async () => {
    const { Split, Place, ResetOptions } = await schemasOf(emailTriage)
    expect(Split).toEqual({ type: 'string', enum: ['canonical'] })
    expect(Place).toMatchObject({ properties: { index: { minimum: 0, maximum: 2 } } })
    expect(JSON.stringify(ResetOptions)).toContain('"enum":["task_easy","task_medium","task_hard"]')
  })

  it('are left open where there are many, and where the provider fails', async () => {
    const many = {
      splits: () => [{ name: 'train', type: 'train' as const }],
      count: () => 5000,
      range: () => [],
      find: () => undefined,
    }
    const large = await schemasOf({ ...echo, tasks: many })
    expect(large['Place']).toMatchObject({ properties: { index: { maximum: 4999 } } })
    const failing = {
      ...many,
      splits: () => {
        throw new Error('The data is not there.')
      },
    }
    const unknown = await schemasOf({ ...echo, tasks: failing })
    expect(unknown['Split']).toEqual({ type: 'string' })
  })

  const tokens = { control: 'c'.repeat(30), agent: 'a'.repeat(30), operator: 'o'.repeat(30) }
  const readers: readonly { reader: string; options: ServerOptions; token?: string; planes?: Plane[] }[] = [
    { reader: 'an agent', options: { tokens }, token: tokens.agent },
    { reader: 'an operator', options: { tokens }, token: tokens.operator },
    { reader: 'a client at the port of agents', options: {}, planes: ['agent', 'capability', 'about'] },
    { reader: 'a client in production mode', options: { mode: 'production' } },
  ]
  it.each(readers)('are named on no page or answer about the server to $reader', async (by) => {
    let asked = 0
    const { tasks } = emailTriage
    if (tasks === undefined) throw new Error('email-triage has tasks.')
    const splits = () => {
      asked += 1
      return tasks.splits()
    }
    const view = z.strictObject({ task_id: z.enum(['task_easy', 'task_medium']), answer_key: z.string() })
    const environment = { ...emailTriage, tasks: { ...tasks, splits }, view }
    const app = appOf(environment, by.options)
    const routes = inspect(app).routes.filter(({ method, plane }) => method === 'GET' && plane === 'about')
    const paths = routes.map(({ path }) => path.replace(':env', emailTriage.name))
    expect(paths).toEqual(expect.arrayContaining(['/openapi.json', '/docs', '/schema']))
    for (const path of paths) {
      const headers = { accept: 'text/html, */*', authorization: `Bearer ${by.token ?? ''}` }
      const request = new Request(`http://localhost${path}`, { headers })
      const answer = await app.fetch(request, by.planes === undefined ? {} : { planes: new Set(by.planes) })
      expect(answer.status, path).toBeLessThan(400)
      const text = await answer.text()
      for (const name of ['task_easy', 'task_medium', 'task_hard', 'canonical', 'answer_key'])
        expect(text, path).not.toContain(name)
    }
    expect(asked).toBe(0)
  })
})
