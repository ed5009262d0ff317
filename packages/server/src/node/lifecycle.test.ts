import { createConnection, type Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it, vi } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { call, get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from './serve.ts'
import type { LogEvent } from '../log-event.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

/** A WebSocket peer that shakes hands and then never says anything, pongs included. */
async function mutePeer(port: number): Promise<Socket> {
  const socket = createConnection(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(socket, 'data')
  return socket
}

describe('a socket that goes away', () => {
  it('frees its slot, for 1,000 that come and go in every way', async () => {
    await using server = await serve(counter, { port: 0 })
    for (let wave = 0; wave < 10; wave += 1) {
      const clients = await Promise.all(Array.from({ length: 100 }, () => SocketClient.open(server.url)))
      expect(inspect(server).sessions.size).toBe(100)
      await Promise.all(clients.filter((_, at) => at % 2 === 0).map((client) => client.ask('reset', {})))
      for (const [at, client] of clients.entries()) {
        if (at % 4 === 0) client.send('close')
        else if (at % 4 === 1) client.socket.close()
        else if (at % 4 === 2) client.socket.terminate()
        else client.connection.resetAndDestroy()
      }
      await Promise.all(clients.map(({ closing }) => closing))
      await vi.waitUntil(() => inspect(server).sessions.size === 0)
    }
  })

  it('frees its slot when it is reset during a step that never ends, and the environment is closed', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0, maxSessions: 1 })
    const client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.send('step', { hold: true })
    await held.reached()
    client.connection.resetAndDestroy()
    await vi.waitUntil(() => held.closed === 1)
    expect(inspect(server).sessions.size).toBe(0)
    expect(held.signals.at(-1)?.aborted).toBe(true)
    await using next = await SocketClient.open(server.url)
    expect(await next.ask('reset', {})).toMatchObject({ type: 'observation' })
  })

  it('is noticed by pings when it is half open, and only it', async () => {
    await using server = await serve(counter, { port: 0, pingSeconds: 0.1 })
    await using alive = await SocketClient.open(server.url)
    await alive.ask('reset', {})
    const mute = await mutePeer(server.port)
    expect(inspect(server).sessions.size).toBe(2)
    await once(mute, 'close')
    await vi.waitUntil(() => inspect(server).sessions.size === 1)
    expect(await alive.ask('step', { add: 1 })).toMatchObject({ type: 'observation' })
  })

  it('is told 1011 and why when it was silent for too long, and the log says so', async () => {
    const log: LogEvent[] = []
    await using server = await serve(counter, { port: 0, pingSeconds: 0.05, log: (event) => log.push(event) })
    await using client = await SocketClient.open(server.url, { autoPong: false })
    expect(await client.closing).toEqual({ code: 1011, reason: 'keepalive ping timeout' })
    await vi.waitUntil(() => inspect(server).sessions.size === 0)
    expect(log).toMatchObject([{ level: 'warning', message: expect.stringContaining('127.0.0.1') }])
  })

  it('is waited for while its call runs where pongs do not come through', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0, pingSeconds: 0.05 })
    await using client = await SocketClient.open(server.url, { autoPong: false })
    await client.ask('reset', {})
    client.send('step', { hold: true, tag: 'long' })
    await held.reached()
    for (let pings = 0; pings < 5; pings += 1) await once(client.socket, 'ping')
    held.release()
    expect(await client.next()).toMatchObject({ data: { observation: { tag: 'long' } } })
  })

  it('does not disturb its neighbors when it leaves in the middle of a step', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using neighbor = await SocketClient.open(server.url)
    await neighbor.ask('reset', {})
    neighbor.send('step', { hold: true, tag: 'mine' })
    await held.reached()
    const client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.send('step', { hold: true, tag: 'gone' })
    await vi.waitUntil(() => held.waiting === 2)
    client.socket.terminate()
    await vi.waitUntil(() => inspect(server).sessions.size === 1)
    held.release()
    expect(await neighbor.next()).toMatchObject({ data: { observation: { tag: 'mine' } } })
    await neighbor.settled()
    expect(neighbor.unread).toEqual([])
  })
})

describe('capacity', () => {
  it('is 16,384 sessions by default, and one for an environment that is not concurrent [OE-12]', async () => {
    await using many = await serve(counter, { port: 0 })
    expect(inspect(many).sessions.max).toBe(16_384)
    const held = heldEnvironment({ concurrent: false })
    await using one = await serve(held.environment, { port: 0, maxSessions: 5 })
    expect(inspect(one).sessions.max).toBe(1)
    await using holder = await SocketClient.open(one.url)
    await holder.ask('reset', {})
    await using late = await SocketClient.open(one.url)
    expect((await late.next()).data['message']).toContain('one session at a time')
  })

  it('is one pool for sockets and HTTP sessions', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 2 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    expect((await post(server.url, '/reset')).status).toBe(200)
    expect((await post(server.url, '/reset', { session_id: 'b' })).status).toBe(503)
    await using late = await SocketClient.open(server.url)
    expect(await late.next()).toMatchObject({ data: { code: 'CAPACITY_REACHED', active_sessions: 2 } })
    client.send('close')
    await client.closing
    expect((await post(server.url, '/reset', { session_id: 'b' })).status).toBe(200)
  })

  it('sends no refusal to a client that got a slot while it waited', async () => {
    await using server = await serve(counter, { port: 0, maxSessions: 1 })
    const holder = await SocketClient.open(server.url)
    await using late = await SocketClient.open(server.url)
    holder.socket.terminate()
    await vi.waitUntil(() => inspect(server).sessions.size === 0)
    expect(await late.ask('reset', {})).toMatchObject({ type: 'observation' })
    // Longer than any delay of a refusal.
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(late.unread).toEqual([])
    expect(await late.ask('step', { add: 1 })).toMatchObject({ type: 'observation' })
    expect(inspect(server).sessions.size).toBe(1)
  })
})

describe('shutting down', () => {
  it('closes every episode, ends sockets with 1001, and takes no more connections', async () => {
    const held = heldEnvironment()
    const server = await serve(held.environment, { port: 0 })
    const clients = await Promise.all(Array.from({ length: 5 }, () => SocketClient.open(server.url)))
    for (const client of clients) await client.ask('reset', {})
    await post(server.url, '/reset')
    await server.close()
    expect(held.closed).toBe(6)
    for (const client of clients) expect(await client.closing).toMatchObject({ code: 1001 })
    expect(inspect(server).sessions.size).toBe(0)
    await expect(SocketClient.open(server.url)).rejects.toThrow('ECONNREFUSED')
    await expect(server.close()).resolves.toBeUndefined()
  })

  it('does not wait for steps that never end, on a socket and over HTTP', async () => {
    const held = heldEnvironment()
    const server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.send('step', { hold: true })
    await post(server.url, '/reset')
    const step = post(server.url, '/step', { hold: true }).catch((error: unknown) => error)
    await vi.waitUntil(() => held.waiting === 2)
    await server.close()
    expect(held.closed).toBe(2)
    expect(held.signals.every(({ aborted }) => aborted)).toBe(true)
    expect(await client.closing).toMatchObject({ code: 1001 })
    await step
  })

  it('does not wait for an environment whose close never ends', async () => {
    const held = heldEnvironment({ stuckClose: true })
    const server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const closing = server.close()
    await vi.advanceTimersByTimeAsync(5000)
    vi.useRealTimers()
    await closing
    expect(await client.closing).toMatchObject({ code: 1001 })
  })

  it('closes within a second when peers do not close their connections', async () => {
    const server = await serve(counter, { port: 0 })
    const mute = await mutePeer(server.port)
    const idle = createConnection(server.port, '127.0.0.1')
    await once(idle, 'connect')
    const refused = createConnection({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
    refused.write(
      'GET /elsewhere HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    )
    await once(refused, 'data')
    const sleep = setTimeout
    const realMs = (ms: number) => new Promise((resolve) => sleep(resolve, ms))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const closed = vi.fn()
    const closing = server.close().then(closed)
    // One second is all the time that passes: however long the machine takes, no longer grace runs out.
    for (let ms = 0; ms < 1000; ms += 100) {
      await vi.advanceTimersByTimeAsync(100)
      await realMs(10)
    }
    for (let wait = 0; wait < 500 && closed.mock.calls.length === 0; wait += 1) await realMs(10)
    vi.useRealTimers()
    expect(closed).toHaveBeenCalledOnce()
    for (const socket of [mute, idle, refused]) socket.destroy()
    await closing
  })

  it('ends with the block that it was opened in', async () => {
    let url = ''
    {
      await using server = await serve(counter, { port: 0 })
      ;({ url } = server)
      expect((await get(url, '/health')).status).toBe(200)
    }
    await expect(call(url, 'GET', '/health')).rejects.toThrow('fetch failed')
  })
})
