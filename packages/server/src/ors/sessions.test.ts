import { manualClock } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { get, post } from '../../test/http-client.ts'
import { OrsClient, parseEvents } from '../../test/ors-client.ts'
import { slowSetup } from '../../test/ors-environments.ts'
import { createApp } from '../app.ts'
import type { ServerOptions } from '../options.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()
const FIRST = { split: 'train', index: 0 }

function counterClient(options: ServerOptions = {}) {
  const app = createApp(counter, options)
  return { app, client: new OrsClient(app, 'counter') }
}

// What unmodified clients of ors-sdk 0.1.0 and openreward 0.1.167 send and read.
describe('starting a session', () => {
  it('runs the task of split and index, or of a spec as the list gave it', async () => {
    const { app, client } = counterClient()
    expect(await client.create({ env_name: 'Counter', split: 'train', index: 3 })).toMatchObject({
      status: 200,
      body: { sid: client.id },
    })
    expect(JSON.stringify(await client.call('observe'))).toContain('\\"total\\":3')
    const other = new OrsClient(app, 'counter')
    const { body } = await post(app, '/counter/task', { split: 'validation', index: 0 })
    expect((await other.create({ env_name: null, task_spec: body['task'] })).status).toBe(200)
    expect(JSON.stringify(await other.call('observe'))).toContain('\\"total\\":3')
  })

  it.each([
    [{}],
    [{ task_spec: { id: 'from-1' }, split: 'train', index: 0 }],
    [{ split: 'train' }],
    [{ index: 1 }],
    [{ task_spec: { id: 'from-1' }, index: 1 }],
  ])('answers 422 value_error to %o: neither one source of a task nor the other', async (body) => {
    const { app, client } = counterClient()
    expect(await client.create(body)).toMatchObject({
      status: 422,
      body: { detail: [{ type: 'value_error', loc: ['body'], msg: expect.any(String) }] },
    })
    expect(inspect(app).sessions.size).toBe(0)
  })

  it.each([
    [{ ...FIRST, more: 1 }, 'more', 'extra_forbidden'],
    [{ split: 'train', index: '0' }, 'index', 'invalid_type'],
    [{ split: 'train', index: 0.5 }, 'index', 'invalid_type'],
    [{ task_spec: [] }, 'task_spec', 'invalid_type'],
    [{ ...FIRST, env_name: 1 }, 'env_name', 'invalid_type'],
    [{ ...FIRST, secrets: { A: 1 } }, 'secrets', 'invalid_type'],
  ])('answers 422 to %o, naming the field', async (body, field, type) => {
    const { client } = counterClient()
    const answer = await client.create(body)
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ type }] } })
    expect(JSON.stringify(answer.body['detail'])).toContain(`"body","${field}"`)
  })

  it('answers 404 to another environment, 400 to a split or an index that is not there', async () => {
    const { app, client } = counterClient()
    const expected = [
      [{ ...FIRST, env_name: 'nope' }, 404, "unknown environment 'nope'"],
      [{ split: 'nope', index: 0 }, 400, 'Invalid split'],
      [{ split: 'train', index: 12 }, 400, 'Invalid task index'],
      [{ split: 'train', index: -1 }, 400, 'Invalid task index'],
    ] as const
    for (const [body, status, detail] of expected) {
      expect(await client.create(body)).toMatchObject({ status, body: { detail } })
    }
    expect((await client.create({ task_spec: { id: 'nope' } })).status).toBe(400)
    expect(inspect(app).sessions.size).toBe(0)
    expect((await client.post('/ping')).status).toBe(404)
  })

  it('takes an empty spec where there are no tasks, and no split', async () => {
    const { environment } = heldEnvironment()
    const client = new OrsClient(createApp(environment), 'held')
    expect(await client.create(FIRST)).toMatchObject({ status: 400, body: { detail: 'Invalid split' } })
    expect((await client.create({ task_spec: {} })).status).toBe(200)
  })

  it('answers 400 with the reason to a toolset', async () => {
    const { client } = counterClient()
    expect(await client.create({ ...FIRST, toolset_name: 'codex' })).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining("'codex'") },
    })
    expect((await client.create({ ...FIRST, toolset_name: null })).status).toBe(200)
  })

  it('answers 409 to an id in use, and gives it out again after deletion', async () => {
    const { client } = counterClient()
    const [one, two] = await Promise.all([client.create(FIRST), client.create(FIRST)])
    expect([one.status, two.status].sort()).toEqual([200, 409])
    expect((await client.create(FIRST)).body).toMatchObject({ detail: 'Session already exists' })
    await client.post('/delete')
    expect((await client.create(FIRST)).status).toBe(200)
  })

  it('needs the header on every route of a session, blanks around the id aside', async () => {
    const { app, client } = counterClient()
    const missing = { status: 400, body: { detail: 'X-Session-ID header is required' } }
    for (const path of ['/create', '/delete', '/delete_session', '/ping']) {
      expect([path, await post(app, path, FIRST)]).toMatchObject([path, missing])
      expect([path, await post(app, path, FIRST, { 'x-session-id': '  ' })]).toMatchObject([path, missing])
    }
    for (const path of ['prompt', 'task_tools', 'messages']) {
      expect([path, await get(app, `/counter/${path}`)]).toMatchObject([path, missing])
    }
    expect(await post(app, '/counter/call', { name: 'act', input: {} })).toMatchObject(missing)
    await client.create(FIRST)
    expect((await client.post('/ping', undefined, { 'x-session-id': ` ${client.id} ` })).status).toBe(200)
  })

  it('answers 503 with numbers when the server is full, and frees the slot on deletion', async () => {
    const { app, client } = counterClient({ maxSessions: 1 })
    await client.create(FIRST)
    const other = new OrsClient(app, 'counter')
    expect(await other.create(FIRST)).toMatchObject({
      status: 503,
      body: { code: 'CAPACITY_REACHED', active_sessions: 1, max_sessions: 1 },
    })
    await client.post('/delete')
    expect((await other.create(FIRST)).status).toBe(200)
  })

  it('refuses ids that are no visible ASCII or longer than 128 characters', async () => {
    const app = createApp(counter)
    for (const id of ['x'.repeat(129), 'a b', 'é']) {
      expect((await new OrsClient(app, 'counter', id).create(FIRST)).status).toBe(400)
    }
  })
})

describe('names of sessions', () => {
  it('mean nothing in OpenEnv, and OpenEnv’s nothing in ORS', async () => {
    const { app, client } = counterClient()
    await client.create(FIRST)
    const named = { 'x-session-id': client.id }
    expect((await post(app, '/step', { add: 1 }, named)).status).toBe(404)
    expect((await get(app, '/state', named)).status).toBe(404)
    await post(app, '/reset', { task_id: 'from-5' }, { 'x-session-id': 'http-1' })
    const intruder = new OrsClient(app, 'counter', 'http-1')
    expect((await intruder.post('/ping')).status).toBe(404)
    await intruder.post('/delete')
    expect((await get(app, '/state', { 'x-session-id': 'http-1' })).status).toBe(200)
    expect((await intruder.create(FIRST)).status).toBe(200)
    expect((await post(app, '/reset', {}, named)).headers.get('x-session-id')).toBe(client.id)
    expect(inspect(app).sessions.size).toBe(4)
  })

  it('are not ended by the routes that hand episodes to agents', async () => {
    const { app, client } = counterClient()
    await client.create(FIRST)
    const response = await app.fetch(
      new Request(`http://localhost/sessions/${client.id}`, { method: 'DELETE' }),
    )
    expect(response.status).toBe(404)
    expect((await client.post('/ping')).status).toBe(200)
  })
})

describe('setup', () => {
  it('runs behind the answer; prompt and tools wait for it, pings do not', async () => {
    const slow = slowSetup()
    const client = new OrsClient(createApp(slow.environment), 'slow')
    expect((await client.create()).status).toBe(200)
    expect((await client.post('/ping')).body).toEqual({ status: 'ok' })
    const waiting = Promise.all([client.get('/slow/prompt'), client.get('/slow/task_tools')])
    slow.finish()
    expect((await waiting).map(({ status }) => status)).toEqual([200, 200])
  })

  it('streams a call at once and runs it once when setup is over [ors]', async () => {
    const slow = slowSetup()
    const client = new OrsClient(createApp(slow.environment), 'slow')
    await client.create()
    const response = await client.open('/slow/call', { name: 'act', input: { say: 'hi' } })
    const reader = response.body?.getReader()
    const { value } = (await reader?.read()) as { value: Uint8Array }
    expect(new TextDecoder().decode(value)).toMatch(/^event: task_id\r\ndata: [0-9a-f]{32}\r\n/)
    slow.finish()
    const { value: result } = (await reader?.read()) as { value: Uint8Array }
    expect(new TextDecoder().decode(result)).toContain('event: end')
  })

  it('that fails is told by whatever uses the session first, with 500, and by all that follow', async () => {
    const slow = slowSetup()
    const client = new OrsClient(createApp(slow.environment), 'slow')
    await client.create()
    const waiting = client.get('/slow/prompt')
    slow.finish(new Error('boom'))
    const failed = { status: 500, body: { detail: 'The environment failed during reset.' } }
    expect(await waiting).toMatchObject(failed)
    expect(await client.get('/slow/task_tools')).toMatchObject(failed)
    expect(await client.post('/slow/call', { name: 'act', input: { say: 'x' } })).toMatchObject(failed)
    expect((await client.post('/ping')).status).toBe(200)
  })

  it('that is deleted under way wakes everybody with 410 and frees its slot', async () => {
    const slow = slowSetup()
    const app = createApp(slow.environment)
    const client = new OrsClient(app, 'slow')
    await client.create()
    const waiting = Promise.all([client.get('/slow/prompt'), client.get('/slow/messages')])
    const streaming = await client.open('/slow/call', { name: 'act', input: { say: 'x' } })
    expect((await client.post('/delete')).body).toEqual({ sid: client.id })
    for (const answer of await waiting) {
      expect(answer).toMatchObject({ status: 410, body: { detail: 'Session deleted' } })
    }
    expect(parseEvents(await streaming.text()).at(-1)).toEqual({ event: 'error', data: 'Session deleted' })
    expect(inspect(app).sessions.size).toBe(0)
    expect((await client.get('/slow/prompt')).status).toBe(404)
    expect(slow.starts[0]?.signal.aborted).toBe(true)
    slow.finish()
    await expect.poll(() => slow.closed).toBe(1)
  })
})

describe('the end of a session', () => {
  it('is 200 for any id, known or not, and again', async () => {
    const { client } = counterClient()
    for (const path of ['/delete', '/delete_session']) {
      expect(await client.post(path)).toMatchObject({ status: 200, body: { sid: client.id } })
    }
    await client.create(FIRST)
    for (const _ of [1, 2]) expect((await client.post('/delete')).status).toBe(200)
    expect(await client.post('/ping')).toMatchObject({
      status: 404,
      body: { detail: 'Active environment not found' },
    })
    expect(await client.post('/counter/call', { name: 'act', input: {} })).toMatchObject({
      status: 404,
      body: { detail: 'Active environment not found' },
    })
  })

  it('does not come by giving the id back', async () => {
    const { client } = counterClient()
    await client.create(FIRST)
    await client.post('/delete_session')
    expect((await client.post('/ping')).status).toBe(200)
  })

  it('waits for the call that is at work, refuses those behind it, and closes the episode then [ors]', async () => {
    const held = heldEnvironment()
    const client = new OrsClient(createApp(held.environment), 'held')
    await client.create()
    const first = client.call('act', { hold: true, tag: 'one' })
    const second = client.call('act', { hold: false, tag: 'two' })
    await held.reached()
    const deleting = client.post('/delete')
    await Promise.resolve()
    expect(held.closed).toBe(0)
    held.release()
    expect(await first).toMatchObject({ ok: true })
    expect(await second).toEqual({ event: 'error', error: 'Session deleted' })
    expect((await deleting).status).toBe(200)
    expect(held.closed).toBe(1)
    expect(held.signals).toHaveLength(1)
  })

  it('comes after 900 s without a sign of life; pings and calls are one', async () => {
    const clock = manualClock()
    const { app, client } = counterClient({ clock })
    await client.create(FIRST)
    for (const sign of [
      () => client.post('/ping'),
      () => client.call('observe'),
      () => client.get('/counter/prompt'),
    ]) {
      clock.advance(899_000)
      await inspect(app).sessions.reap()
      await sign()
      expect(inspect(app).sessions.size).toBe(1)
    }
    clock.advance(901_000)
    await inspect(app).sessions.reap()
    expect(inspect(app).sessions.size).toBe(0)
    expect((await client.post('/ping')).status).toBe(404)
  })

  it('never comes by itself while a call runs, and 900 s after it at the earliest [ors]', async () => {
    const clock = manualClock()
    const held = heldEnvironment()
    const app = createApp(held.environment, { clock })
    const client = new OrsClient(app, 'held')
    await client.create()
    const calling = client.call('act', { hold: true, tag: 'late' })
    await held.reached()
    clock.advance(2_000_000)
    await inspect(app).sessions.reap()
    expect(inspect(app).sessions.size).toBe(1)
    held.release()
    expect(await calling).toMatchObject({ ok: true })
    clock.advance(899_000)
    await inspect(app).sessions.reap()
    expect(inspect(app).sessions.size).toBe(1)
    clock.advance(2000)
    await inspect(app).sessions.reap()
    expect(inspect(app).sessions.size).toBe(0)
  })

  it('comes in time for a client that vanished during a setup that never ends', async () => {
    const clock = manualClock()
    const slow = slowSetup()
    const app = createApp(slow.environment, { clock })
    const [gone, patient] = [new OrsClient(app, 'slow'), new OrsClient(app, 'slow')]
    await Promise.all([gone.create(), patient.create()])
    const waiting = patient.get('/slow/prompt')
    for (const _ of [1, 2, 3]) {
      clock.advance(400_000)
      await patient.post('/ping')
      await inspect(app).sessions.reap()
    }
    expect(inspect(app).sessions.size).toBe(1)
    expect((await gone.post('/ping')).status).toBe(404)
    expect(slow.starts[0]?.signal.aborted).toBe(true)
    slow.finish()
    expect((await waiting).status).toBe(200)
    // The setup that went on for nobody is closed when it ends at last.
    await expect.poll(() => slow.closed).toBe(1)
  })
})
