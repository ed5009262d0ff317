import { createConnection } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { call, get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'
import { inspect } from '../inspect.ts'

const environment = counterEnvironment({ countsInvalid: true })
const minimal = () => serve(environment, { port: 0, routes: 'minimal' })

describe('the minimal routes', () => {
  it('are exactly POST /reset, POST /step and POST /state [ET-14]', async () => {
    await using server = await minimal()
    expect(inspect(server).routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /reset',
      'POST /step',
      'POST /state',
    ])
    expect(inspect(server).sockets).toEqual([])
  })

  it('answer with observation and info, and with reward and done on a step [ET-14]', async () => {
    await using server = await minimal()
    const reset = await post(server.url, '/reset', { task_id: 'from-2' })
    expect(reset.body).toEqual({
      observation: { total: 2, note: null },
      info: { left: 10, task_id: 'from-2' },
    })
    const step = await post(server.url, '/step', { add: 3 })
    expect(step.body).toEqual({
      observation: { total: 5, note: null },
      reward: expect.closeTo(0.3),
      done: false,
      info: { left: 7, 'reward.progress': 3, task_id: 'from-2' },
    })
    const state = await post(server.url, '/state')
    expect(state).toMatchObject({ status: 200, body: { total: 5 } })
    expect(Object.keys(state.body)).toEqual(['total'])
  })

  it('show no seed that was drawn: who plays here may be the agent [OE-4]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset')
    expect((await post(server.url, '/state')).body).toEqual({ total: 0 })
  })

  it('take the bare action as the body of a step, whatever its keys [ET-14]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset', { task_id: 'from-0' })
    const { status, body } = await post(server.url, '/step', { action: { add: 1 } })
    expect(status).toBe(200)
    expect((body['info'] as Record<string, unknown>)['error']).toContain('action')
  })

  it.each(['{', 'hello', '{"a":NaN}', '"', '[1', '{"a":1}}', '\ufeff\ufeff{}'])(
    'answer 400 with a JSON error to %j, which is no JSON [ET-15]',
    async (text) => {
      await using server = await minimal()
      for (const path of ['/reset', '/step', '/state']) {
        const { status, body } = await call(server.url, 'POST', path, { text })
        expect(status).toBe(400)
        expect(body).toMatchObject({ detail: expect.any(String), code: 'INVALID_JSON' })
      }
    },
  )

  it.each(['[]', 'null', '7', '"reset"', 'true'])(
    'answer 400 to %s, which is no object [ET-15]',
    async (text) => {
      await using server = await minimal()
      for (const path of ['/reset', '/step', '/state']) {
        expect(await call(server.url, 'POST', path, { text })).toMatchObject({
          status: 400,
          body: { detail: expect.any(String) },
        })
      }
    },
  )

  it('answer 400 to a body that is nested too deep [ET-15]', async () => {
    await using server = await minimal()
    const text = `{"a":${'['.repeat(100_000)}`
    for (const path of ['/reset', '/step', '/state']) {
      expect(await call(server.url, 'POST', path, { text })).toMatchObject({ status: 400 })
    }
  })

  it.each([
    { task_id: 7 },
    { task_id: ['from-1'] },
    { seed: 'x' },
    { episode_id: 1 },
    { goal: 0 },
    { goal: 'far' },
  ])('answer 400 to the reset body %j, which has the wrong shape [ET-15]', async (body) => {
    await using server = await minimal()
    const answer = await post(server.url, '/reset', body)
    expect(answer).toMatchObject({
      status: 400,
      body: { detail: expect.any(String), errors: [{ loc: expect.any(Array) }] },
    })
    expect(JSON.stringify(answer.body)).toContain(Object.keys(body)[0])
  })

  it.each([{}, { add: '1' }, { add: 99 }, { add: 1, more: 2 }, { wrong: null }])(
    'count the action %j as a mistake of the agent, with 200 [ET-15]',
    async (action) => {
      await using server = await minimal()
      await post(server.url, '/reset', { task_id: 'from-0' })
      const { status, body } = await post(server.url, '/step', action)
      expect(status).toBe(200)
      expect(body).toMatchObject({
        observation: { total: 0 },
        reward: 0,
        done: false,
        info: { error: expect.any(String) },
      })
      expect((await post(server.url, '/state')).body).toEqual({ total: 0 })
    },
  )

  it('answer 404 or 405 to any other path or method, in JSON [ET-15]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset')
    for (const path of [
      '/',
      '/health',
      '/metadata',
      '/schema',
      '/openapi.json',
      '/docs',
      '/ws',
      '/sessions',
      '/reset/',
      '/Reset',
      '/step/1',
      '/list_environments',
      '/counter/splits',
      '//reset',
    ]) {
      expect([404, 405]).toContain((await get(server.url, path)).status)
    }
    for (const path of ['/mcp', '/tasks', '/counter/tasks', '/health', '/nowhere', '/sessions']) {
      expect((await post(server.url, path, {})).status).toBe(404)
    }
    for (const path of ['/reset', '/step', '/state']) {
      for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const { status, headers } = await call(server.url, method, path)
        expect(status).toBe(405)
        expect(headers.get('allow')).toBe('POST')
      }
      expect((await fetch(server.url + path, { method: 'HEAD' })).status).toBe(405)
    }
    await expect(SocketClient.open(server.url)).rejects.toThrow('404')
  })

  it('answer 400 to an unknown task and name the known ones [ET-15]', async () => {
    await using server = await minimal()
    const { status, body } = await post(server.url, '/reset', { task_id: 'task_none' })
    expect(status).toBe(400)
    expect(body['detail']).toMatch(/Unknown task_id "task_none".*from-0, from-1/)
  })

  it('answer 409 to a step and to state before reset, and reset nothing by themselves [ET-15] [OE-8]', async () => {
    await using server = await minimal()
    for (const path of ['/step', '/state', '/step']) {
      const { status, body } = await post(server.url, path, { add: 1 })
      expect(status).toBe(409)
      expect(body['detail']).toContain('reset')
    }
  })

  it('answer 400 to a step without a body, and count nothing [ET-15]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset')
    const { status } = await fetch(`${server.url}/step`, { method: 'POST' })
    expect(status).toBe(400)
    expect((await post(server.url, '/state')).body).toEqual({ total: 0 })
  })

  it('answer 409 to a step after the end [ET-15]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset', { goal: 1 })
    expect((await post(server.url, '/step', { add: 1 })).body).toMatchObject({ done: true })
    expect((await post(server.url, '/step', { add: 1 })).status).toBe(409)
  })

  it.each([
    ['no body', {}],
    ['{}', { json: {} }],
    ['no body and a JSON content type', { headers: { 'content-type': 'application/json' } }],
    ['a form content type', { text: '{}', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
  ])('answer 200 to a reset with %s: deployment pings do that [ET-16]', async (_how, request) => {
    await using server = await minimal()
    const { status, body } = await call(server.url, 'POST', '/reset', request)
    expect(status).toBe(200)
    expect(body).toMatchObject({ observation: { total: 0 } })
  })

  it('keep sessions apart that are named, and echo only names that were given [OE-8]', async () => {
    await using server = await minimal()
    const one = { 'x-session-id': 'one' }
    expect((await post(server.url, '/reset', { task_id: 'from-1' }, one)).headers.get('x-session-id')).toBe(
      'one',
    )
    expect((await post(server.url, '/reset', { task_id: 'from-5' })).headers.get('x-session-id')).toBeNull()
    expect((await post(server.url, '/step', { add: 1 }, one)).body).toMatchObject({
      observation: { total: 2 },
    })
    expect((await post(server.url, '/step', { add: 1 })).body).toMatchObject({ observation: { total: 6 } })
    expect((await post(server.url, '/state', { session_id: 'two' })).status).toBe(404)
  })

  it.each([
    ['HTTP/1.0 without a host', 'POST /reset HTTP/1.0', 200],
    ['a host that is none', 'POST /reset HTTP/1.1\r\nHost: a b/c', 400],
    ['a target that is none', 'POST http://[/reset HTTP/1.1\r\nHost: localhost', 400],
  ])('answer %s in JSON too [ET-15]', async (_what, head, status) => {
    await using server = await minimal()
    const socket = createConnection(server.port, '127.0.0.1')
    socket.write(`${head}\r\n\r\n`)
    const [reply] = (await once(socket, 'data')) as [Buffer]
    expect(reply.toString()).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `))
    expect(reply.toString().toLowerCase()).toContain('content-type: application/json')
    socket.destroy()
  })
})
