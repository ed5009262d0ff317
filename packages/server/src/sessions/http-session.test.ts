import { manualClock, definePureEnvironment } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { call, get, post } from '../../test/http-client.ts'
import { createApp } from '../app.ts'
import type { ServerOptions } from '../options.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

function counterApp(options: ServerOptions = {}) {
  return createApp(counter, options)
}

describe('which session a request means', () => {
  it('takes the id from the header, and says it back [OE-8]', async () => {
    const app = counterApp()
    const named = { 'x-session-id': 'mine' }
    const reset = await post(app, '/reset', { task_id: 'from-3' }, named)
    expect(reset.headers.get('x-session-id')).toBe('mine')
    const step = await post(app, '/step', { add: 2 }, named)
    expect(step.body).toMatchObject({ observation: { total: 5 } })
    expect(step.headers.get('x-session-id')).toBe('mine')
    const state = await get(app, '/state', named)
    expect(state.body).toMatchObject({ step_count: 1, total: 5 })
    expect(state.headers.get('x-session-id')).toBe('mine')
  })

  it('takes the id from the body, and from the query on GET [OE-8]', async () => {
    const app = counterApp()
    const reset = await post(app, '/reset', { session_id: 'mine', task_id: 'from-3' })
    expect(reset.headers.get('x-session-id')).toBe('mine')
    expect((await post(app, '/step', { session_id: 'mine', add: 1 })).body).toMatchObject({
      observation: { total: 4 },
    })
    const envelope = { session_id: 'mine', action: { add: 1 } }
    expect((await post(app, '/step', envelope)).body).toMatchObject({ observation: { total: 5 } })
    expect((await get(app, '/state?session_id=mine')).body).toMatchObject({ step_count: 2 })
  })

  it('takes header and body together when they say the same, and refuses them when not [OE-8]', async () => {
    const app = counterApp()
    const header = { 'x-session-id': 'a' }
    expect((await post(app, '/reset', { session_id: 'a' }, header)).status).toBe(200)
    for (const answer of [
      await post(app, '/reset', { session_id: 'b' }, header),
      await post(app, '/step', { session_id: 'b', add: 1 }, header),
      await get(app, '/state?session_id=b', header),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_ERROR' } })
      expect(answer.body['detail']).toContain('X-Session-ID')
    }
    expect(inspect(app).sessions.size).toBe(1)
  })

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(129)],
    ['with a space', 'a b'],
    ['not ASCII', 'é'],
    ['no text', 7],
  ])('refuses an id that is %s [OE-8]', async (_how, id) => {
    const app = counterApp()
    expect(await post(app, '/reset', { session_id: id })).toMatchObject({
      status: 400,
      body: { detail: 'A session id is 1 to 128 visible ASCII characters.', code: 'VALIDATION_ERROR' },
    })
    expect(inspect(app).sessions.size).toBe(0)
  })

  it('refuses a step without a body, and counts nothing', async () => {
    const app = counterApp()
    await post(app, '/reset', {})
    const answer = await app.fetch(new Request('http://localhost/step', { method: 'POST' }))
    expect(answer.status).toBe(422)
    expect((await get(app, '/state')).body).toMatchObject({ step_count: 0 })
  })

  it('takes any id of 1 to 128 visible ASCII characters [OE-8]', async () => {
    const app = counterApp()
    for (const id of ['!', '~'.repeat(128), '__proto__', 'constructor', '../../..', '"']) {
      expect((await post(app, '/reset', {}, { 'x-session-id': id })).headers.get('x-session-id')).toBe(id)
      expect((await get(app, `/state?session_id=${encodeURIComponent(id)}`)).body).toMatchObject({
        step_count: 0,
      })
    }
    expect(inspect(app).sessions.size).toBe(6)
  })

  it('never shows the id to the environment [OE-8]', async () => {
    const seen: unknown[] = []
    const app = createApp(
      definePureEnvironment({
        name: 'spy',
        description: 'Tells what reached it.',
        action: z.looseObject({}),
        observation: z.strictObject({}),
        state: z.strictObject({}),
        options: z.looseObject({}),
        initial: ({ options }) => {
          seen.push(options)
          return {}
        },
        transition: (state, action) => {
          seen.push(action)
          return state
        },
        observe: () => ({}),
        reward: {},
        status: () => 'running',
      }),
    )
    await post(app, '/reset', { session_id: 'x' })
    await post(app, '/step', { session_id: 'x', key: 1 })
    expect(seen).toEqual([{}, { key: 1 }])
  })

  it('gives everybody who names none one session in one slot [OE-8]', async () => {
    const app = counterApp({ maxSessions: 1 })
    await post(app, '/reset', { task_id: 'from-0' })
    await post(app, '/step', { add: 1 })
    await post(app, '/step', { add: 1 }, { 'x-session-id': 'default' })
    expect((await get(app, '/state')).body).toMatchObject({ step_count: 2, total: 2 })
    expect((await post(app, '/reset')).status).toBe(200)
    expect((await get(app, '/state')).body).toMatchObject({ step_count: 0 })
    expect(inspect(app).sessions.size).toBe(1)
  })
})

describe('life of an HTTP session', () => {
  it('answers 404 for an id that nobody opened, on step and state [OE-8]', async () => {
    const app = counterApp()
    const header = { 'x-session-id': 'ghost' }
    for (const answer of [await post(app, '/step', { add: 1 }, header), await get(app, '/state', header)]) {
      expect(answer).toMatchObject({ status: 404, body: { code: 'SESSION_ERROR' } })
      expect(answer.body['detail']).toContain('/reset')
    }
  })

  it('answers 409 to a step before reset and after the end, and counts nothing [OE-5] [OE-8]', async () => {
    const app = counterApp()
    expect(await post(app, '/step', { add: 1 })).toMatchObject({
      status: 409,
      body: { detail: 'There is no episode yet: call reset first.', code: 'EXECUTION_ERROR' },
    })
    await post(app, '/reset', { goal: 1 })
    expect((await post(app, '/step', { add: 1 })).body).toMatchObject({ done: true })
    expect(await post(app, '/step', { add: 1 })).toMatchObject({
      status: 409,
      body: { detail: 'The episode has ended: call reset to start another.' },
    })
    expect((await get(app, '/state')).body).toMatchObject({ step_count: 1 })
  })

  it('shows an empty state before the first reset [OE-8]', async () => {
    const { status, body } = await get(counterApp(), '/state')
    expect(status).toBe(200)
    expect(body).toEqual({ episode_id: null, step_count: 0 })
  })

  it('holds no slot for a session whose first reset failed [OE-8]', async () => {
    const app = counterApp()
    expect((await post(app, '/reset', { task_id: 'nope' }, { 'x-session-id': 'a' })).status).toBe(400)
    expect(inspect(app).sessions.size).toBe(0)
    expect((await post(app, '/step', { add: 1 }, { 'x-session-id': 'a' })).status).toBe(404)
  })

  it('does not let the failure of one first reset take another with it [OE-8]', async () => {
    const app = counterApp()
    const named = { 'x-session-id': 'mine' }
    const [bad, good] = await Promise.all([
      post(app, '/reset', { task_id: 'no such task' }, named),
      post(app, '/reset', { task_id: 'from-3' }, named),
    ])
    expect([bad.status, good.status]).toEqual([400, 200])
    expect((await post(app, '/step', { add: 1 }, named)).body).toMatchObject({ observation: { total: 4 } })
  })

  it('closes sessions that nobody used for 900 seconds, and only those [OE-8]', async () => {
    const clock = manualClock()
    const app = counterApp({ clock })
    await post(app, '/reset', { session_id: 'old' })
    await post(app, '/reset', { session_id: 'kept' })
    clock.advance(800_000)
    await get(app, '/state?session_id=kept')
    await inspect(app).sessions.reap()
    expect(inspect(app).sessions.size).toBe(2)
    clock.advance(100_000)
    await inspect(app).sessions.reap()
    expect((await post(app, '/step', { session_id: 'old', add: 1 })).status).toBe(404)
    expect((await post(app, '/step', { session_id: 'kept', add: 1 })).status).toBe(200)
    clock.advance(900_000)
    await inspect(app).sessions.reap()
    expect(inspect(app).sessions.size).toBe(0)
  })

  it('does not call a session idle while a step runs in it [OE-8]', async () => {
    const clock = manualClock()
    const held = heldEnvironment()
    const app = createApp(held.environment, { clock })
    await post(app, '/reset')
    const step = post(app, '/step', { hold: true, tag: 'late' })
    await held.reached()
    clock.advance(2_000_000)
    await inspect(app).sessions.reap()
    held.release()
    expect(await step).toMatchObject({ status: 200, body: { observation: { tag: 'late' } } })
    await inspect(app).sessions.reap()
    expect(inspect(app).sessions.size).toBe(1)
    clock.advance(900_000)
    await inspect(app).sessions.reap()
    expect(held.closed).toBe(1)
  })

  it('runs concurrent requests of a session one after the other', async () => {
    const app = counterApp()
    await post(app, '/reset', { task_id: 'from-0', goal: 50 })
    const steps = await Promise.all(Array.from({ length: 20 }, () => post(app, '/step', { add: 2 })))
    const totals = steps.map(({ body }) => (body['observation'] as { total: number }).total)
    expect(totals.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, step) => 2 * step + 2))
  })

  it('answers 503 with advice when there is no slot', async () => {
    const app = counterApp({ maxSessions: 1 })
    await post(app, '/reset', { session_id: 'a' })
    const { status, body } = await post(app, '/reset', { session_id: 'b' })
    expect(status).toBe(503)
    expect(body).toMatchObject({ code: 'CAPACITY_REACHED', active_sessions: 1, max_sessions: 1 })
    expect(body['detail']).toContain('--max-sessions')
    expect((await post(app, '/step', { session_id: 'a', add: 1 })).status).toBe(200)
  })
})

describe('the body of a step', () => {
  const actionNamed = (action: z.ZodType) =>
    createApp(
      definePureEnvironment({
        name: 'named',
        description: 'Has a field called action.',
        action: z.strictObject({ action, force: z.int().optional() }),
        observation: z.strictObject({ heard: z.string() }),
        state: z.strictObject({ heard: z.string() }),
        initial: () => ({ heard: '' }),
        transition: (_state, heard) => ({ heard: JSON.stringify(heard) }),
        observe: (state) => state,
        reward: {},
        status: () => 'running',
      }),
    )

  it('is the envelope when it has the key action, else the action itself [OE-8]', async () => {
    const app = counterApp()
    await post(app, '/reset', { task_id: 'from-0' })
    const bodies = [
      { add: 1 },
      { action: { add: 1 } },
      { action: { add: 1 }, timeout_s: 2.5, request_id: 'r', more: 1 },
    ]
    for (const body of bodies) expect((await post(app, '/step', body)).status).toBe(200)
    expect((await get(app, '/state')).body).toMatchObject({ total: 3 })
  })

  it.each([null, 'add', 3, [1]])('refuses an envelope whose action is %j [OE-8]', async (action) => {
    const app = counterApp()
    await post(app, '/reset')
    const { status, body } = await post(app, '/step', { action })
    expect(status).toBe(422)
    expect(body['detail']).toEqual([
      { type: 'invalid_type', loc: ['body', 'action'], msg: 'Expected a JSON object' },
    ])
  })

  it('is the bare action when the schema has a field action and its value is no object [OE-8]', async () => {
    const app = actionNamed(z.string())
    await post(app, '/reset')
    expect((await post(app, '/step', { action: 'north', force: 2 })).body).toMatchObject({
      observation: { heard: '{"action":"north","force":2}' },
    })
    expect((await post(app, '/step', { action: { action: 'south' } })).body).toMatchObject({
      observation: { heard: '{"action":"south"}' },
    })
  })

  it('is the envelope even then when the value is an object [OE-8]', async () => {
    const app = actionNamed(z.strictObject({ to: z.string() }))
    await post(app, '/reset')
    expect((await post(app, '/step', { action: { to: 'x' } })).status).toBe(422)
    expect((await post(app, '/step', { action: { action: { to: 'x' } } })).body).toMatchObject({
      observation: { heard: '{"action":{"to":"x"}}' },
    })
  })

  it('cuts a step off after timeout_s, of any fraction, and asks for a reset then', async () => {
    const held = heldEnvironment()
    const app = createApp(held.environment)
    await post(app, '/reset')
    for (const timeout of [1.0005, 4.35, 1e9, null]) {
      expect((await post(app, '/step', { action: { hold: false }, timeout_s: timeout })).status).toBe(200)
    }
    for (const timeout of [0.0001, 0.02]) {
      expect(await post(app, '/step', { action: { hold: true }, timeout_s: timeout })).toMatchObject({
        status: 504,
        body: { code: 'TIMEOUT' },
      })
      expect(held.signals.at(-1)?.aborted).toBe(true)
      expect(await post(app, '/step', { hold: false })).toMatchObject({ status: 409 })
      await post(app, '/reset')
    }
    expect((await post(app, '/step', { hold: false })).status).toBe(200)
  })

  it.each([0, -1, '5', true])('refuses the timeout %j by name', async (timeout) => {
    const app = counterApp()
    await post(app, '/reset')
    expect(await post(app, '/step', { action: { add: 1 }, timeout_s: timeout })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'timeout_s'] }] },
    })
  })
})

describe('what HTTP replies carry', () => {
  it('shows info and as metadata, inside and at the top when there is any [OE-7]', async () => {
    const { body } = await post(counterApp(), '/reset', { task_id: 'from-2' })
    expect(body).toEqual({
      observation: { total: 2, note: null, metadata: { left: 10, task_id: 'from-2' } },
      reward: null,
      done: false,
      metadata: { left: 10, task_id: 'from-2' },
      info: { left: 10, task_id: 'from-2' },
    })
  })

  it('takes a reset without a body, with {} and with extras, and refuses other JSON', async () => {
    const app = counterApp()
    expect((await call(app, 'POST', '/reset')).status).toBe(200)
    expect((await post(app, '/reset', {})).status).toBe(200)
    expect((await post(app, '/reset', { difficulty: 'hard' })).status).toBe(200)
    for (const body of [null, [], 'x', 1]) expect((await post(app, '/reset', body)).status).toBe(422)
    expect(await post(app, '/reset', { seed: -1, episode_id: 'x'.repeat(256) })).toMatchObject({
      status: 422,
      body: { detail: [{ loc: ['body', 'seed'] }, { loc: ['body', 'episode_id'] }] },
    })
    expect(await call(app, 'POST', '/reset', { text: '{"seed":1' })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_JSON' },
    })
  })
})
