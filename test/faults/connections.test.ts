import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { BenchSocket, frameOf } from '../../bench/src/socket.ts'
import { neighbor, startVictim, type Victim } from './victims.ts'

// Connections that are reset, that say nothing, or that say it very slowly. Each ends by itself, and disturbs nobody.

const UPGRADE =
  'GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const RESET = frameOf('{"type":"reset","data":{}}')

async function open({ port }: Victim): Promise<Socket> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** However it ends. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.resume().once('close', () => {
      resolve()
    })
  })
}

/** Writes a byte every so often for as long as the server listens; resolves when it does no more. */
async function dribble(socket: Socket, text: string, everyMs: number): Promise<void> {
  const gone = closed(socket)
  let at = 0
  const timer = setInterval(() => {
    if (at < text.length) socket.write(text[at] ?? '', 'latin1')
    at += 1
  }, everyMs)
  await gone
  clearInterval(timer)
}

it.each([
  ['the head of a request', `GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ${'x'.repeat(10_000)}`],
  ['a handshake', `${UPGRADE}X-Slow: ${'x'.repeat(10_000)}`],
  ['a body', `POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n\r\n${' '.repeat(9000)}`],
  ['nothing at all', ''],
])('200 clients that dribble %s are let go, and a neighbor plays on', async (what, text) => {
  await using victim = await startVictim({ requestSeconds: 3 })
  const player = await neighbor(victim.url)
  const slow = await Promise.all(Array.from({ length: 200 }, () => open(victim)))
  // Of a body, the head comes at once.
  const headEnd = what === 'a body' ? text.indexOf('\r\n\r\n') + 4 : 0
  for (const socket of slow) socket.write(text.slice(0, headEnd))
  await Promise.all(slow.map((socket) => dribble(socket, text.slice(headEnd), 50)))
  const slowestMs = await player.stop()
  expect(slowestMs).toBeLessThan(1000)
  expect((await victim.condition()).sessions).toBe(0)
})

it('a frame that never ends is let go by the pings that go unanswered, once a request may take no longer', async () => {
  await using victim = await startVictim({ pingSeconds: 0.5, requestSeconds: 3 })
  const player = await neighbor(victim.url)
  const socket = await open(victim)
  socket.write(`${UPGRADE}\r\n`)
  await once(socket, 'data')
  const whole = frameOf(`{"type":"step","data":{"message":"${'x'.repeat(100_000)}"}}`)
  await dribble(socket, whole.toString('latin1'), 20)
  await player.stop()
  await expect.poll(async () => (await victim.condition()).sessions).toBe(0)
})

it('1,000 connections that are reset in the middle of a step free their slots', async () => {
  await using victim = await startVictim()
  const player = await neighbor(victim.url)
  for (let wave = 0; wave < 4; wave += 1) {
    const sockets = await Promise.all(
      Array.from({ length: 250 }, async () => {
        const socket = await open(victim)
        socket.write(`${UPGRADE}\r\n`)
        await once(socket, 'data')
        socket.write(RESET)
        return socket
      }),
    )
    for (const socket of sockets) {
      socket.write(
        frameOf('{"type":"step","data":{"message":"x"}}').subarray(0, 20 + Math.floor(Math.random() * 20)),
      )
      socket.resetAndDestroy()
    }
  }
  expect(await player.stop()).toBeLessThan(1000)
  await expect.poll(async () => (await victim.condition()).sessions).toBe(0)
})

it('half-open connections are noticed, and only they', async () => {
  await using victim = await startVictim({ pingSeconds: 0.5 })
  const player = await neighbor(victim.url)
  const mute = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = await open(victim)
      socket.write(`${UPGRADE}\r\n`)
      await once(socket, 'data')
      socket.write(RESET)
      return socket
    }),
  )
  const alive = await BenchSocket.open(victim.port, 5000)
  await alive.ask(RESET)
  // They stay connected and never answer a ping.
  await Promise.all(mute.map(closed))
  expect(await alive.ask(frameOf('{"type":"step","data":{"message":"here"}}'))).toContain('"here"')
  alive.destroy()
  await player.stop()
})

it('a server that is killed is a lost episode for who does not resume, and a new one after its restart', async () => {
  const { connect } = await import('@openenv-ts/client')
  const victim = await startVictim()
  await using episode = await connect(victim.url, { retries: 10, connectTimeoutMs: 30_000 })
  await episode.reset()
  const exited = once(victim.child, 'exit')
  const step = episode.step({ message: 'now' })
  victim.child.kill('SIGKILL')
  const outcome = await step.then(
    () => 'answered',
    (error: unknown) => (error as { code: string }).code,
  )
  expect(['answered', 'CONNECTION_ERROR']).toContain(outcome)
  await exited
  await expect(episode.step({ message: 'again' })).rejects.toMatchObject({
    code: expect.stringMatching(/EXECUTION_ERROR|CONNECTION_ERROR/) as string,
  })
  await using again = await startVictim({ port: victim.port })
  expect((await episode.reset()).observation).toEqual({ message: '' })
  expect((await again.condition()).sessions).toBe(1)
})
