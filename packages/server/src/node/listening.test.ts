import { echo } from '@openenv-ts/echo'
import { afterEach, describe, expect, it } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { call, get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { createApp } from '../app.ts'
import { serve } from './serve.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

describe('where it listens', () => {
  it('is loopback and any free port for 0 [OE-12]', async () => {
    await using one = await serve(echo, { port: 0 })
    await using two = await serve(echo, { port: 0 })
    expect(one.url).toBe(`http://127.0.0.1:${String(one.port)}`)
    expect(two.port).not.toBe(one.port)
  })

  it('fails with EADDRINUSE when the port is taken, and leaves nothing behind [OE-12]', async () => {
    await using first = await serve(echo, { port: 0 })
    await expect(serve(echo, { port: first.port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect((await get(first.url, '/health')).status).toBe(200)
  })

  it('says an address that can be opened when it listens on all of them [OE-12]', async () => {
    await using server = await serve(echo, { port: 0, host: '0.0.0.0' })
    expect(server.url).toBe(`http://127.0.0.1:${String(server.port)}`)
    expect((await get(server.url, '/health')).status).toBe(200)
  })
})

describe('the host check', () => {
  it.each([
    'evil.example',
    'evil.example:8000',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '169.254.169.254',
    '[::2]:80',
  ])('answers 403 to the host %s, over HTTP and on a handshake [OE-12]', async (host) => {
    await using server = await serve(echo, { port: 0 })
    // fetch sends its own Host; a URL-less app takes any.
    const app = createApp(echo, { allowedHosts: ['localhost', '127.0.0.1'] })
    for (const path of ['/reset', '/health', '/nowhere']) {
      expect(await call(app, 'POST', path, { headers: { host } })).toMatchObject({ status: 403 })
    }
    await expect(SocketClient.open(server.url, { headers: { host } })).rejects.toThrow('403')
    expect(inspect(server).sessions.size).toBe(0)
  })

  it.each([
    'http://evil.example',
    'https://evil.example:8000',
    'null',
    'file://',
    'http://localhost.evil.example',
    '',
  ])('answers 403 to the origin %j [OE-12]', async (origin) => {
    await using server = await serve(echo, { port: 0 })
    expect(await post(server.url, '/reset', {}, { origin })).toMatchObject({ status: 403 })
    await expect(SocketClient.open(server.url, { headers: { origin } })).rejects.toThrow('403')
  })

  it.each(['localhost', 'LOCALHOST:1', 'app.localhost', '127.0.0.1:9', '[::1]', '[::1]:8000'])(
    'lets the name %s of this machine in [OE-12]',
    async (host) => {
      await using server = await serve(echo, { port: 0 })
      await using client = await SocketClient.open(server.url, {
        headers: { host, origin: `http://${host}` },
      })
      expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
    },
  )

  it('goes by a list when there is one, with all names below a domain [OE-12]', async () => {
    await using server = await serve(echo, {
      port: 0,
      host: '0.0.0.0',
      allowedHosts: ['*.hf.space', 'env.example'],
    })
    for (const host of ['a.hf.space', 'env.example:443']) {
      await using client = await SocketClient.open(server.url, { headers: { host } })
      expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
    }
    for (const host of ['hf.space', 'evilhf.space', 'x.env.example', '127.0.0.1']) {
      await expect(SocketClient.open(server.url, { headers: { host } })).rejects.toThrow('403')
    }
  })

  it('is off on every address without a list: a container is reached by names that it does not know [OE-12]', async () => {
    await using server = await serve(echo, { port: 0, host: '0.0.0.0' })
    await using client = await SocketClient.open(server.url, { headers: { host: 'any.example' } })
    expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
  })
})

describe('production mode', () => {
  it('has no route that controls an episode or tells of tasks', async () => {
    await using server = await serve(counter, { port: 0, mode: 'production' })
    const control = inspect(server).routes.filter(({ plane }) => plane === 'control')
    expect(control.map(({ path }) => path)).toEqual([])
    for (const path of [
      '/reset',
      '/step',
      '/sessions',
      '/counter/tasks',
      '/counter/num_tasks',
      '/counter/task',
    ]) {
      expect(await post(server.url, path, {})).toMatchObject({ status: 404, body: { detail: 'Not Found' } })
    }
    for (const path of ['/state', '/list_environments', '/counter/splits']) {
      expect((await get(server.url, path)).status).toBe(404)
    }
    for (const path of ['/health', '/metadata', '/schema', '/openapi.json']) {
      expect((await get(server.url, path)).status).toBe(200)
    }
    expect((await post(server.url, '/mcp', {})).status).toBe(200)
  })

  it('refuses reset, step, state and tasks on /ws, and keeps the socket open', async () => {
    await using server = await serve(counter, { port: 0, mode: 'production' })
    await using client = await SocketClient.open(server.url)
    const asked: readonly [string, unknown?][] = [
      ['reset', {}],
      ['step', { add: 1 }],
      ['state'],
      ['list_splits'],
      ['list_tasks', { split: 'train' }],
    ]
    for (const [type, data] of asked) {
      const answer = await client.ask(type, data)
      expect(answer).toMatchObject({ type: 'error', data: { code: 'EXECUTION_ERROR' } })
      expect(answer.data['message']).toContain('production mode')
    }
    expect(await client.ask('nonsense')).toMatchObject({ data: { code: 'UNKNOWN_TYPE' } })
    client.send('close')
    expect(await client.closing).toMatchObject({ code: 1000 })
  })

  it('serves them on /ws when that is asked for, as the Python server does', async () => {
    await using server = await serve(counter, { port: 0, mode: 'production', productionControl: true })
    await using client = await SocketClient.open(server.url)
    expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
    expect(await client.ask('step', { add: 1 })).toMatchObject({ type: 'observation' })
    expect(await client.ask('state')).toMatchObject({ type: 'state' })
    expect((await post(server.url, '/reset', {})).status).toBe(404)
  })
})

describe('OPENENV_MODE', () => {
  const before = process.env['OPENENV_MODE']
  afterEach(() => {
    if (before === undefined) delete process.env['OPENENV_MODE']
    else process.env['OPENENV_MODE'] = before
  })

  it.each(['production', 'PRODUCTION', 'Production'])(
    '%s sets the mode when the author gave none',
    async (mode) => {
      process.env['OPENENV_MODE'] = mode
      await using server = await serve(echo, { port: 0 })
      expect((await post(server.url, '/reset')).status).toBe(404)
      await using other = await serve(echo, { port: 0, mode: 'simulation' })
      expect((await post(other.url, '/reset')).status).toBe(200)
    },
  )

  it('of another value is an error at the start', async () => {
    process.env['OPENENV_MODE'] = 'training'
    await expect(serve(echo, { port: 0 })).rejects.toThrow('Invalid mode "training"')
  })
})
