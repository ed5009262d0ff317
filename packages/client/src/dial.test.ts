import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { isOpenEnvError, type OpenEnvError } from '@openenv-ts/core'
import { expect, it } from 'vitest'
import { connect } from './index.ts'
import { scriptedServer } from '../test/scripted-server.ts'

async function failure(call: Promise<unknown>): Promise<OpenEnvError> {
  const error: unknown = await call.then(() => 'it did not fail').catch((reason: unknown) => reason)
  if (!isOpenEnvError(error)) throw new Error(`Expected an OpenEnvError, got ${String(error)}`)
  return error
}

/** A TCP server that does `what` with every connection. */
async function tcp(
  what: (socket: Socket, count: number) => void,
): Promise<AsyncDisposable & { url: string; count(): number }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    what(socket, sockets.length)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    count: () => sockets.length,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function freePort(): Promise<number> {
  await using server = await scriptedServer()
  return server.port
}

it('says how to start a server where none is', async () => {
  const url = `http://127.0.0.1:${String(await freePort())}`
  const error = await failure(connect(url, { retries: 1 }))
  expect(error.code).toBe('CONNECTION_ERROR')
  expect(error.message).toContain(`Cannot reach ${url} (connect ECONNREFUSED`)
  expect(error.message).toContain('Start one with: npx openenv serve')
})

it('names the reason for a host with several addresses too', async () => {
  const error = await failure(connect(`localhost:${String(await freePort())}`, { retries: 0 }))
  expect(error.message).toContain('ECONNREFUSED')
})

it('waits for a server that comes up a little later', async () => {
  const port = await freePort()
  const connecting = connect(`127.0.0.1:${String(port)}`, { retries: 20 })
  await new Promise((resolve) => setTimeout(resolve, 150))
  await using _server = await scriptedServer({}, port)
  await using episode = await connecting
  expect((await episode.reset()).observation).toEqual({ count: 0 })
})

it('tries as often as it was told', async () => {
  await using server = await tcp((socket) => socket.destroy())
  await failure(connect(server.url, { retries: 2 }))
  expect(server.count()).toBe(3)
})

it.each([
  [403, 1, 'Is this the address of an OpenEnv server'],
  [404, 1, 'HTTP 404'],
  [401, 1, 'token'],
  [503, 3, 'HTTP 503'],
])('tries again after HTTP %i only when that may help', async (status, attempts, message) => {
  await using server = await tcp((socket) =>
    socket.once('data', () => socket.end(`HTTP/1.1 ${String(status)} No\r\nContent-Length: 0\r\n\r\n`)),
  )
  const error = await failure(connect(server.url, { retries: 2 }))
  expect([error.code, error.data]).toEqual(['CONNECTION_ERROR', { status }])
  expect(error.message).toContain(message)
  expect(server.count()).toBe(attempts)
})

it('gives up on a server that accepts and says nothing', async () => {
  await using server = await tcp(() => undefined)
  const error = await failure(connect(server.url, { connectTimeoutMs: 50 }))
  expect([error.code, server.count()]).toEqual(['TIMEOUT', 1])
  expect(error.message).toContain('0.05 s')
})

it('stops when its signal is aborted, while it connects and while it waits', async () => {
  await using server = await tcp(() => undefined)
  const signal = AbortSignal.timeout(20)
  await expect(connect(server.url, { signal })).rejects.toThrow('due to timeout')
  const port = await freePort()
  const later = AbortSignal.timeout(60)
  await expect(connect(`127.0.0.1:${String(port)}`, { signal: later, retries: 1000 })).rejects.toThrow(
    'due to timeout',
  )
  await expect(connect(server.url, { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
})

it('refuses bad addresses and options', async () => {
  for (const call of [
    connect('http://h?x=1'),
    connect('http://h', { timeoutMs: 0 }),
    connect('http://h', { timeoutMs: Number.NaN }),
    connect('http://h', { connectTimeoutMs: -1 }),
  ]) {
    expect((await failure(call)).code).toBe('VALIDATION_ERROR')
  }
})

it('sends token and headers with the handshake', async () => {
  await using server = await scriptedServer()
  await using _episode = await connect(server.url, { token: 'a-token', headers: { 'x-mine': 'yes' } })
  const { headers } = server.connections[0]?.request ?? {}
  expect([headers?.authorization, headers?.['x-mine']]).toEqual(['Bearer a-token', 'yes'])
})

it('offers no compression and no subprotocol', async () => {
  await using server = await scriptedServer()
  await using _episode = await connect(server.url)
  const headers = Object.keys(server.connections[0]?.request.headers ?? {})
  expect(headers).not.toContain('sec-websocket-extensions')
  expect(headers).not.toContain('sec-websocket-protocol')
})
