import { createConnection } from 'node:net'
import { once } from 'node:events'
import { echo } from '@openenv-ts/echo'
import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { heldEnvironment } from '../../test/environments.ts'
import { call, get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'

// What unmodified clients of OpenEnv 0.2.3, 0.8 and 0.10 rely on, and what the `openenv validate` of 0.10.0 asks for.
describe('transport and routes', () => {
  it('says that it is healthy as soon as it listens, without a redirect', async () => {
    await using server = await serve(echo, { port: 0 })
    const { status, body } = await get(server.url, '/health')
    expect(status).toBe(200)
    expect(body).toEqual({ status: 'healthy' })
  })

  it('answers the six probes of the validator', async () => {
    await using server = await serve(echo, { port: 0 })
    const openapi = await get(server.url, '/openapi.json')
    expect(openapi.body).toMatchObject({ openapi: '3.1.0', info: { version: '1.0.0' } })
    expect(Object.keys(openapi.body['paths'] as object)).toEqual(
      expect.arrayContaining(['/health', '/metadata', '/schema', '/mcp', '/reset', '/step', '/state']),
    )
    const metadata = await get(server.url, '/metadata')
    expect(metadata.body).toEqual({
      name: 'echo',
      description: echo.description,
      readme_content: null,
      version: '0.1.0',
      author: null,
      documentation_url: null,
    })
    const schema = await get(server.url, '/schema')
    for (const part of ['action', 'observation', 'state', 'reset_observation']) {
      expect(schema.body[part]).toMatchObject({ type: 'object', title: expect.any(String) })
    }
    const mcp = await post(server.url, '/mcp', {})
    expect(mcp.status).toBe(200)
    expect(mcp.body).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: -32600 } })
  })

  it('says in its OpenAPI paths which mode it runs in', async () => {
    await using server = await serve(echo, { port: 0, mode: 'production' })
    const { body } = await get(server.url, '/openapi.json')
    const paths = Object.keys(body['paths'] as object)
    expect(paths).toContain('/health')
    for (const path of ['/reset', '/step', '/state', '/list_environments']) expect(paths).not.toContain(path)
  })

  it.each(['/envs/echo', 'envs/echo/', '/p'])('does everything below the prefix %s', async (basePath) => {
    await using server = await serve(echo, { port: 0, basePath })
    expect(server.url).toMatch(/\/(envs\/echo|p)$/)
    expect((await get(server.url, '/health')).status).toBe(200)
    expect((await post(server.url, '/mcp', {})).status).toBe(200)
    expect((await post(server.url, '/reset')).status).toBe(200)
    expect((await post(server.url, '/echo/num_tasks', { split: 'x' })).status).toBe(501)
    await using client = await SocketClient.open(server.url)
    expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
    const bare = `http://127.0.0.1:${String(server.port)}`
    expect((await get(bare, '/health')).status).toBe(404)
    await expect(SocketClient.open(bare)).rejects.toThrow('404')
  })

  it.each([
    ['with nothing but the required headers', {}],
    ['with compression offered', { perMessageDeflate: true }],
    ['with credentials and unknown headers', { headers: { authorization: 'Bearer x', 'x-anything': '1' } }],
  ])('accepts a handshake %s', async (_how, options) => {
    await using server = await serve(echo, { port: 0 })
    await using client = await SocketClient.open(server.url, options)
    expect(client.socket.protocol).toBe('')
    expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
  })

  it('refuses a handshake on any other path', async () => {
    await using server = await serve(echo, { port: 0 })
    for (const path of ['', '/ws', '/ws/x']) {
      await expect(SocketClient.open(`${server.url}${path}/elsewhere`)).rejects.toThrow('404')
    }
    expect((await get(server.url, '/ws')).status).toBe(404)
  })

  it('sends text frames, takes messages up to 16 MiB, and compresses nothing', async () => {
    await using server = await serve(echo, { port: 0 })
    await using client = await SocketClient.open(server.url, { perMessageDeflate: true })
    expect(client.socket.extensions).toBe('')
    await client.ask('reset', {})
    const overhead = JSON.stringify({ type: 'step', data: { message: '' } }).length
    const message = 'é'.repeat((16 * 1024 * 1024 - overhead) / 2)
    const { data } = await client.ask('step', { message })
    expect((data['observation'] as { message: string }).message === message).toBe(true)
    const response = await fetch(`${server.url}/schema`, { headers: { 'accept-encoding': 'gzip' } })
    expect(response.headers.get('content-encoding')).toBeNull()
    expect((await response.text()).length).toBeLessThan(1024 * 1024)
  })

  it('answers protocol pings while a step is running', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.send('step', { hold: true, tag: 'late' })
    await held.reached()
    await client.settled()
    expect(client.unread).toEqual([])
    held.release()
    expect(await client.next()).toMatchObject({ data: { observation: { tag: 'late' } } })
  })

  it('sends pings of its own and keeps who answers them', async () => {
    await using server = await serve(echo, { port: 0, pingSeconds: 0.05 })
    await using client = await SocketClient.open(server.url)
    for (let pings = 0; pings < 4; pings += 1) await once(client.socket, 'ping')
    expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
  })

  it.each(['', '/envs/lab'])(
    'answers a trailing slash as none, without a redirect, below %j',
    async (basePath) => {
      await using server = await serve(echo, { port: 0, basePath })
      for (const path of ['/health/', '/schema/', '/metadata/', '/openapi.json/']) {
        const answer = await fetch(server.url + path, { redirect: 'manual' })
        expect([path, answer.status]).toEqual([path, 200])
      }
      expect((await post(server.url, '/reset/', {})).status).toBe(200)
      expect((await post(server.url, '/mcp/', { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(
        200,
      )
      const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws/`)
      await once(socket, 'open')
      socket.terminate()
    },
  )

  it('answers wrong verbs and unknown paths with JSON', async () => {
    await using server = await serve(echo, { port: 0 })
    const wrong = await get(server.url, '/step')
    expect(wrong).toMatchObject({ status: 405, body: { detail: 'Method Not Allowed' } })
    expect(wrong.headers.get('allow')).toBe('POST')
    expect(await call(server.url, 'DELETE', '/mcp')).toMatchObject({ status: 405 })
    expect(await get(server.url, '/nowhere')).toMatchObject({ status: 404, body: { detail: 'Not Found' } })
    expect(await get(server.url, '/__proto__')).toMatchObject({ status: 404 })
  })

  it('answers requests that offer another protocol as the ordinary ones that they are', async () => {
    await using server = await serve(echo, { port: 0 })
    const socket = createConnection(server.port, '127.0.0.1').setEncoding('utf8')
    let seen = ''
    socket.on('data', (text: string) => (seen += text))
    const heads =
      'Host: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n'
    socket.write(`POST /reset HTTP/1.1\r\n${heads}Content-Length: 10\r\n\r\n{"see`)
    await new Promise((resolve) => setTimeout(resolve, 50))
    socket.write('d":1}')
    await vi.waitUntil(() => seen.includes('"done":false'))
    socket.write(`GET /health HTTP/1.1\r\n${heads}\r\n`)
    await vi.waitUntil(() => seen.includes('"healthy"'))
    expect(seen.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2)
    socket.destroy()
  })

  it('survives request lines that are no URL, on upgrades too', async () => {
    await using server = await serve(echo, { port: 0 })
    const upgrade =
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    for (const headers of ['', upgrade]) {
      for (const target of [
        '//',
        'http://user:pass@x/ws',
        'http://[/ws',
        '*',
        '/%E0%A4%A/splits',
        '/ws#x',
        '/\\/ws',
      ]) {
        const socket = createConnection(server.port, '127.0.0.1')
        socket.on('error', () => undefined)
        socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`)
        await once(socket, 'data')
        socket.destroy()
      }
    }
    expect((await get(server.url, '/health')).status).toBe(200)
  })
})
