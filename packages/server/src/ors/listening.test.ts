import { connect, type Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { counterEnvironment, heldEnvironment } from '../../test/environments.ts'
import { OrsClient } from '../../test/ors-client.ts'
import { slowSetup } from '../../test/ors-environments.ts'
import { serve } from '../node/serve.ts'
import { inspect } from '../inspect.ts'

/** Sends a request as bytes, so that the connection can be dropped at will. */
function begin(port: number, path: string, id: string, body: unknown): Socket {
  const text = JSON.stringify(body)
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Session-ID: ${id}\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${String(Buffer.byteLength(text))}\r\n\r\n${text}`,
  )
  return socket
}

describe('over a real listener', () => {
  it('follows a bare name with method, body and headers, as clients without a name do', async () => {
    await using server = await serve(counterEnvironment(), { port: 0, basePath: '/envs/c' })
    const client = new OrsClient(server.url, 'counter')
    await client.create({ split: 'train', index: 0 })
    const response = await client.open('/call', { name: 'act', input: { add: 2 } })
    expect(response.redirected).toBe(true)
    expect(new URL(response.url).pathname).toBe('/envs/c/counter/call')
    expect(await response.text()).toContain('"ok":true')
  })

  it('runs a call to its end when the client goes away in the middle, and keeps the result', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    const client = new OrsClient(server.url, 'held')
    await client.create()
    const input = { hold: true, tag: 'kept' }
    const socket = begin(server.port, '/held/call', client.id, { name: 'act', input })
    const taskId = await new Promise<string>((resolve) => {
      socket.on('data', (data: Buffer) => {
        const found = /event: task_id\r\ndata: ([0-9a-f]{32})/.exec(data.toString())?.[1]
        if (found !== undefined) resolve(found)
      })
    })
    await held.reached()
    socket.resetAndDestroy()
    held.release()
    expect(JSON.stringify(await client.call('act', input, taskId))).toContain('kept')
    expect(held.signals).toHaveLength(1)
    expect(held.signals[0]?.aborted).toBe(false)
  })

  it('outlives clients that vanish during setup: their waits end, and the sessions can be deleted', async () => {
    const slow = slowSetup()
    await using server = await serve(slow.environment, { port: 0 })
    const clients = Array.from({ length: 20 }, () => new OrsClient(server.url, 'slow'))
    await Promise.all(clients.map((client) => client.create()))
    const sockets = clients.map(({ id }) =>
      begin(server.port, '/slow/call', id, { name: 'act', input: { say: 'x' } }),
    )
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('data', resolve))))
    for (const socket of sockets) socket.resetAndDestroy()
    const [first, ...others] = clients
    await Promise.all(others.map((client) => client.post('/delete')))
    expect(inspect(server).sessions.size).toBe(1)
    slow.finish()
    expect((await first?.get('/slow/prompt'))?.status).toBe(200)
    // The call that nobody waited for was made all the same, once.
    expect(JSON.stringify(await first?.call('observe'))).toContain('\\"said\\":\\"x\\"')
    await expect.poll(() => slow.closed).toBe(19)
  })

  it('ends with streams open', async () => {
    const held = heldEnvironment()
    const server = await serve(held.environment, { port: 0 })
    const client = new OrsClient(server.url, 'held')
    await client.create()
    const response = await client.open('/held/call', { name: 'act', input: { hold: true } })
    await held.reached()
    await server.close()
    const text = await response.text().catch(() => 'cut off')
    expect(text).toMatch(/event: error|cut off/)
    expect(held.closed).toBe(1)
  })

  it('answers every hostile body with a status below 500, and goes on', async () => {
    await using server = await serve(counterEnvironment(), { port: 0 })
    const client = new OrsClient(server.url, 'counter')
    await client.create({ split: 'train', index: 0 })
    const bodies = fc.oneof(
      fc.json({ maxDepth: 4 }),
      fc.string(),
      fc.constant('['.repeat(10_000)),
      fc.constant('{"name":"act","input":{"add":1e999}}'),
      fc.constant('{"name":"act","input":{"add":NaN}}'),
    )
    const paths = fc.constantFrom(
      '/create',
      '/counter/call',
      '/counter/score_group',
      '/create_session',
      '/ping',
    )
    await fc.assert(
      fc.asyncProperty(paths, bodies, async (path, body) => {
        const response = await fetch(server.url + path, { method: 'POST', headers: client.headers, body })
        await response.text()
        expect(response.status).toBeLessThan(500)
      }),
      { numRuns: 150 },
    )
    expect(await client.call('act', { add: 1 })).toMatchObject({ ok: true })
  })
})
