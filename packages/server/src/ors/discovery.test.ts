import { describe, expect, it } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { call, get, post } from '../../test/http-client.ts'
import { OrsClient, parseEvents } from '../../test/ors-client.ts'
import { desk, judgedDesk, question } from '../../test/ors-environments.ts'
import { createApp } from '../app.ts'
import { inspect } from '../inspect.ts'

const app = createApp(counterEnvironment())
const SPLIT = { split: 'train' }

// What unmodified clients of ors-sdk 0.1.0 and openreward 0.1.167 send and read.
describe('what an ORS server says without a session', () => {
  it('lists its one environment in lower case, and takes its name in any case', async () => {
    expect((await get(app, '/list_environments')).body).toEqual(['counter'])
    expect((await get(app, '/COUNTER/splits')).status).toBe(200)
    expect((await get(app, '/Counter/tools')).status).toBe(200)
  })

  it('answers 404 with the name to an unknown environment', async () => {
    for (const path of [
      '/nope/splits',
      '/nope/tools',
      '/nope/prompt',
      '/nope/task_tools',
      '/nope/messages',
    ]) {
      expect([path, await get(app, path)]).toMatchObject([
        path,
        { status: 404, body: { detail: "unknown environment 'nope'" } },
      ])
    }
    const call = { name: 'x', input: {} }
    expect(await post(app, '/nope/call', call)).toMatchObject({
      status: 404,
      body: { detail: "unknown environment 'nope'" },
    })
  })

  it('answers 405 to another method on a known path', async () => {
    for (const path of ['/create', '/ping', '/counter/call', '/call', '/delete']) {
      expect([path, await get(app, path)]).toMatchObject([
        path,
        { status: 405, body: { detail: 'Method Not Allowed' } },
      ])
    }
  })

  it('says its version and that it is healthy, for both families of clients [OE-11]', async () => {
    expect((await get(app, '/version')).body).toEqual({ version: '1.2.3', build_sha: null })
    expect((await get(app, '/health')).body).toEqual({ status: 'healthy' })
  })

  it('names the environment in every task reply [OE-11]', async () => {
    expect((await post(app, '/counter/tasks', SPLIT)).body).toMatchObject({ env_name: 'counter' })
    expect((await post(app, '/counter/task', { ...SPLIT, index: 2 })).body).toMatchObject({
      task: { id: 'from-2' },
      env_name: 'counter',
    })
    const range = await post(app, '/counter/task_range', { ...SPLIT, start: 1, stop: 3 })
    expect(range.body).toMatchObject({ tasks: [{ id: 'from-1' }, { id: 'from-2' }], env_name: 'counter' })
    expect((await post(app, '/counter/num_tasks', SPLIT)).body).toMatchObject({ num_tasks: 12 })
  })

  it.each([
    [{ start: -2 }, ['from-10', 'from-11']],
    [{ start: 10, stop: 99 }, ['from-10', 'from-11']],
    [{ stop: -11 }, ['from-0']],
    [{ start: -99, stop: 1 }, ['from-0']],
    [{ start: 5, stop: 3 }, []],
    [{ start: 50 }, []],
    [{ start: null, stop: null }, Array.from({ length: 12 }, (_, at) => `from-${String(at)}`)],
  ])('takes a task range %o as a slice', async (range, ids) => {
    const { body } = await post(app, '/counter/task_range', { ...SPLIT, ...range })
    expect((body['tasks'] as { id: string }[]).map(({ id }) => id)).toEqual(ids)
  })

  it('answers 400 to unknown splits and to indices outside, negative ones too [OE-11]', async () => {
    for (const path of ['tasks', 'num_tasks', 'task_range']) {
      expect(await post(app, `/counter/${path}`, { split: 'nope' })).toMatchObject({
        status: 400,
        body: { detail: 'Invalid split' },
      })
    }
    for (const index of [-1, 12]) {
      expect(await post(app, '/counter/task', { ...SPLIT, index })).toMatchObject({
        status: 400,
        body: { detail: 'Invalid task index' },
      })
    }
    expect((await post(app, '/counter/task', { ...SPLIT, index: 0, more: 1 })).status).toBe(422)
  })

  it('lists tools with exactly three keys, by name, and what newer clients ask for beside them', async () => {
    const { body } = await get(createApp(desk), '/desk/tools')
    expect(body).toEqual({
      tools: [
        { name: 'done', description: 'Says that it is done.', input_schema: null },
        { name: 'look', description: 'Looks around.', input_schema: null },
        {
          name: 'open',
          description: 'Opens a drawer.',
          input_schema: expect.objectContaining({ type: 'object', required: ['drawer'] }),
        },
      ],
      terminal_tool: null,
      supports_score_group: false,
      message_block_types: ['text', 'image', 'reasoning', 'tool_call', 'tool_result'],
    })
  })

  it('offers the actions of an action-shaped environment as tools [OE-20]', async () => {
    const { body } = await get(app, '/counter/tools')
    expect((body['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(['act', 'observe'])
  })

  it('shows the tool for the last words apart from the others', async () => {
    const { body } = await get(createApp(question), '/question/tools')
    expect(body).toMatchObject({
      tools: [{ name: 'think' }],
      terminal_tool: { name: 'answer', arg: 'text', description: 'Takes the last words.' },
    })
    expect((await get(createApp(judgedDesk(() => [])), '/desk/tools')).body).toMatchObject({
      terminal_tool: null,
      supports_score_group: true,
    })
  })
})

describe('bare route names', () => {
  const redirect = (path: string, method: string, on = app) =>
    on.fetch(new Request(`http://localhost${path}`, { method, ...(method === 'POST' ? { body: '{}' } : {}) }))

  it.each([
    ['GET', 'tools'],
    ['GET', 'splits'],
    ['POST', 'tasks'],
    ['POST', 'num_tasks'],
    ['POST', 'task'],
    ['POST', 'task_range'],
    ['GET', 'prompt'],
    ['GET', 'messages'],
    ['GET', 'task_tools'],
    ['POST', 'call'],
    ['POST', 'score_group'],
  ])('%s /%s leads to the environment with 308 [OE-11]', async (method, name) => {
    const response = await redirect(`/${name}?a=1&b=%20`, method)
    expect(response.status).toBe(308)
    expect(response.headers.get('location')).toBe(`/counter/${name}?a=1&b=%20`)
  })

  it('keep the base path', async () => {
    const based = createApp(counterEnvironment(), { basePath: '/envs/count' })
    const response = await redirect('/envs/count/tools', 'GET', based)
    expect(response.headers.get('location')).toBe('/envs/count/counter/tools')
  })

  it('are ORS’s own and no others: the rest stays 404 [OE-11]', async () => {
    for (const path of ['/nope', '/nope/tools/x', '/observe', '/counter', '/toolsx']) {
      expect([path, (await get(app, path)).status]).toEqual([path, 404])
    }
  })
})

describe('making up a session id', () => {
  it('is a stream with a task_id and an empty end, whatever the body', async () => {
    for (const body of ['', '{}', '{"env":{"A":"b"}}', 'not json']) {
      const response = await app.fetch(
        new Request('http://localhost/create_session', { method: 'POST', body }),
      )
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      const text = await response.text()
      expect(text).toMatch(/^event: task_id\r\ndata: [0-9a-f-]{36}\r\n\r\nevent: end\r\ndata: \r\n\r\n$/)
      expect(parseEvents(text).map(({ event }) => event)).toEqual(['task_id', 'end'])
    }
  })

  it('takes no slot and makes no session', async () => {
    await app.fetch(new Request('http://localhost/create_session', { method: 'POST' }))
    expect(inspect(app).sessions.size).toBe(0)
    expect((await new OrsClient(app, 'counter').post('/ping')).status).toBe(404)
  })
})

describe('where ORS is served', () => {
  it('is simulation mode with all routes, and nowhere else [OE-19]', async () => {
    for (const other of [
      createApp(counterEnvironment(), { mode: 'production' }),
      createApp(counterEnvironment(), { routes: 'minimal' }),
    ]) {
      for (const path of ['/create_session', '/create', '/ping', '/counter/call', '/call']) {
        expect([path, (await post(other, path, {})).status]).toEqual([path, 404])
      }
      expect((await get(other, '/counter/tools')).status).toBe(404)
    }
  })

  it('belongs to control, with X-API-Key as good as Bearer; tools may be known to agents [OE-21]', async () => {
    const tokens = { control: 'the-control-token', agent: 'the-agent-token' }
    const guarded = createApp(counterEnvironment(), { tokens })
    const status = async (method: string, path: string, headers: Record<string, string>) =>
      (await guarded.fetch(new Request(`http://localhost${path}`, { method, headers }))).status
    for (const [method, path] of [
      ['POST', '/create_session'],
      ['POST', '/create'],
      ['POST', '/ping'],
      ['POST', '/delete'],
      ['GET', '/counter/prompt'],
      ['POST', '/counter/call'],
      ['POST', '/call'],
      ['GET', '/list_environments'],
    ] as const) {
      expect([path, await status(method, path, {})]).toEqual([path, 401])
      expect([path, await status(method, path, { 'x-api-key': '' })]).toEqual([path, 401])
      expect([path, await status(method, path, { 'x-api-key': 'the-agent-token' })]).toEqual([path, 403])
      expect([path, await status(method, path, { 'x-api-key': 'the-control-token' })]).not.toEqual([
        path,
        401,
      ])
    }
    expect(await status('GET', '/counter/tools', {})).toBe(401)
    expect(await status('GET', '/counter/tools', { 'x-api-key': 'the-agent-token' })).toBe(200)
  })

  it('takes only ids that nobody guesses once the server asks for tokens [ors]', async () => {
    const guarded = createApp(counterEnvironment(), { tokens: { control: 'the-control-token' } })
    const key = { 'x-api-key': 'the-control-token' }
    const guessed = new OrsClient(guarded, 'counter', 'session-1', key)
    expect(await guessed.create({ split: 'train', index: 0 })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('/create_session') },
    })
    const made = new OrsClient(guarded, 'counter', crypto.randomUUID(), key)
    expect((await made.create({ split: 'train', index: 0 })).status).toBe(200)
  })
})

describe('a body that is too large', () => {
  it('is 413 on the routes that read one', async () => {
    const small = createApp(counterEnvironment(), { maxMessageBytes: 100 })
    const text = JSON.stringify({ name: 'act', input: { text: 'x'.repeat(200) } })
    for (const path of ['/create', '/counter/call']) {
      const headers = { 'x-session-id': 'a' }
      expect([path, (await call(small, 'POST', path, { text, headers })).status]).toEqual([path, 413])
    }
  })
})
