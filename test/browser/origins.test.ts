import { emailTriage } from '@openenv-ts/email-triage'
import { serve, type RunningServer } from '@openenv-ts/server/node'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as Client from './client-entry.ts'
import { CHROMIUM } from './chromium.ts'
import { clientScript, site } from './page.ts'
import { inspect } from '@openenv-ts/server/testing'

// What a browser lets pages do is for a browser to say.

declare global {
  // The script of the page.
  var client: typeof Client
}

const TOKENS = { control: 'for-trainers-and-their-pages', operator: 'for-operators-and-their-pages' }

let browser: Browser
let allowed: Awaited<ReturnType<typeof site>>
let stranger: Awaited<ReturnType<typeof site>>
let server: RunningServer

beforeAll(async () => {
  const script = await clientScript()
  allowed = await site(script)
  stranger = await site(script)
  server = await serve(emailTriage, {
    port: 0,
    tokens: TOKENS,
    agentEpisode: '',
    allowedOrigins: [allowed.origin],
  })
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
})

afterAll(async () => {
  await browser.close()
  await Promise.all([server, allowed, stranger].map((each) => each[Symbol.asyncDispose]()))
})

/** Opens a page of an origin and hands it to a test. */
async function on<T>({ origin }: { readonly origin: string }, use: (page: Page) => Promise<T>): Promise<T> {
  const page = await browser.newPage()
  try {
    await page.goto(origin)
    return await use(page)
  } finally {
    await page.close()
  }
}

interface Asked {
  readonly url: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** What `fetch` gives a page: the status and what it may read of the headers, or `refused`. */
function fetchFrom(page: Page, asked: Asked) {
  return page.evaluate(async ({ url, ...init }) => {
    try {
      const response = await fetch(url, init)
      const session = response.headers.get('mcp-session-id') ?? response.headers.get('x-session-id')
      const type = response.headers.get('content-type') ?? ''
      if (!type.startsWith('text/event-stream')) await response.text()
      return { status: response.status, session }
    } catch {
      return 'refused'
    }
  }, asked)
}

const CONTROL = { authorization: `Bearer ${TOKENS.control}`, 'content-type': 'application/json' }
const INITIALIZE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'page', version: '1' } },
})

/** One request of every group of routes, as a page sends it: each but the first asks with a preflight. */
const GROUPS: readonly (readonly [string, Omit<Asked, 'url'> & { readonly path: string }])[] = [
  ['health', { path: '/health' }],
  ['what the environment is', { path: '/metadata', headers: CONTROL }],
  ['the OpenAPI document', { path: '/openapi.json', headers: CONTROL }],
  ['reset', { path: '/reset', method: 'POST', headers: { ...CONTROL, 'x-session-id': 'page' }, body: '{}' }],
  ['an episode for an agent', { path: '/sessions', method: 'POST', headers: CONTROL, body: '{}' }],
  ['splits', { path: '/email-triage/splits', headers: CONTROL }],
  ['tasks', { path: '/email-triage/tasks', method: 'POST', headers: CONTROL, body: '{"split":"canonical"}' }],
  ['a session of ORS', { path: '/create_session', method: 'POST', headers: CONTROL }],
  [
    'MCP',
    {
      path: '/mcp',
      method: 'POST',
      headers: {
        ...CONTROL,
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2025-11-25',
      },
      body: INITIALIZE,
    },
  ],
  ['an address that is not there', { path: '/nowhere', headers: CONTROL }],
]

describe('a page of an allowed origin', () => {
  it.each(GROUPS)('may use %s', async (_group, { path, ...init }) => {
    const answer = await on(allowed, (page) => fetchFrom(page, { url: server.url + path, ...init }))
    expect(answer).toMatchObject({
      status: path === '/nowhere' ? 404 : expect.toSatisfy((status) => status < 300),
    })
  })

  it('may read the ids of sessions', async () => {
    const ids = await on(allowed, async (page) => {
      const found = []
      for (const [, { path, ...init }] of GROUPS.filter(([group]) => group === 'reset' || group === 'MCP'))
        found.push(await fetchFrom(page, { url: server.url + path, ...init }))
      return found
    })
    expect(ids).toEqual([
      { status: 200, session: 'page' },
      { status: 200, session: expect.stringMatching(/^[\w-]+$/) },
    ])
  })

  it('may read what refuses it', async () => {
    const answer = await on(allowed, (page) => fetchFrom(page, { url: `${server.url}/metadata` }))
    expect(answer).toMatchObject({ status: 401 })
  })

  it('may not read what operators read', async () => {
    const headers = { authorization: `Bearer ${TOKENS.operator}` }
    for (const path of ['/metrics', '/ready', '/metrics/'])
      expect(await on(allowed, (page) => fetchFrom(page, { url: server.url + path, headers }))).toBe(
        'refused',
      )
  })

  it('plays, describes and lists with the client, over OpenEnv and ORS', async () => {
    const played = await on(allowed, (page) =>
      page.evaluate(
        async ({ url, token }) => {
          const episode = await globalThis.client.connect(url, { token })
          const first = await episode.reset({ taskId: 'task_easy' })
          const { reward } = await episode.step({
            label: 'normal',
            summary: 'A question.',
            route_to: 'support',
          })
          const { name } = await episode.describe()
          const { observation: schema } = await episode.schemas()
          await episode.close()
          const { metadata } = await globalThis.client.info(url, { token })
          const tasks = await globalThis.client.listTasks(url, { token })
          const ors = await globalThis.client.connectOrs(url, { environment: name, token })
          const opened = await ors.reset({ split: 'canonical', index: 0 })
          await ors.close()
          const vector = await globalThis.client.connectVector(url, { token, size: 2 })
          const { errors } = await vector.reset({ seed: 1 })
          await vector.close()
          return {
            ...{ task: first.observation['task_id'], reward, name, again: metadata.name, errors },
            ...{ schema: typeof schema, tasks: tasks.length, prompt: 'prompt' in opened.observation },
          }
        },
        { url: server.url, token: TOKENS.control },
      ),
    )
    expect(played).toEqual({
      ...{ task: 'task_easy', reward: expect.any(Number), name: 'email-triage', again: 'email-triage' },
      ...{ errors: [null, null], schema: 'object', tasks: 3, prompt: true },
    })
  })
})

describe('a page of another origin', () => {
  it.each(GROUPS)('may not use %s', async (_group, { path, ...init }) => {
    const before = inspect(server).sessions.size
    expect(await on(stranger, (page) => fetchFrom(page, { url: server.url + path, ...init }))).toBe('refused')
    expect(inspect(server).sessions.size).toBe(before)
  })

  it('gets no WebSocket', async () => {
    const connecting = on(stranger, (page) =>
      page.evaluate(
        ({ url, token }) =>
          globalThis.client.connect(url, { token, retries: 0 }).then(
            () => 'connected',
            () => 'refused',
          ),
        { url: server.url, token: TOKENS.control },
      ),
    )
    expect(await connecting).toBe('refused')
  })
})
