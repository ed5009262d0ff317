import { definePureEnvironment } from '@openenv-ts/core'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { heldEnvironment } from '../../test/environments.ts'
import { deliver, FakeSocket } from '../../test/fake-socket.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { createApp, type App } from '../app.ts'
import { serve } from '../node/serve.ts'
import type { SocketHandler } from './socket-like.ts'

function accepted(app: App, socket: FakeSocket): SocketHandler {
  const decision = app.upgrade(new Request('http://localhost/ws'))
  if (decision instanceof Response) throw new Error('refused')
  return decision(socket)
}

/** Answers every action with 256 KiB at once, and tells how often it did. */
function largeEnvironment(stepped: () => void) {
  const text = 'x'.repeat(256 * 1024)
  return definePureEnvironment({
    name: 'large',
    description: 'Says a lot.',
    action: z.strictObject({}),
    observation: z.strictObject({ step: z.int(), text: z.string() }),
    state: z.strictObject({ step: z.int() }),
    initial: () => ({ step: 0 }),
    transition: ({ step }) => {
      stepped()
      return { step: step + 1 }
    },
    observe: ({ step }) => ({ step, text }),
    reward: {},
    status: () => 'running',
  })
}

describe('a client that sends faster than its episode answers', () => {
  it('is no longer read from the 1,024th waiting frame on, and is read again when they are answered', async () => {
    const held = heldEnvironment()
    const app = createApp(held.environment)
    const socket = new FakeSocket()
    const handler = accepted(app, socket)
    deliver(handler, 'reset', {})
    await vi.waitUntil(() => socket.sent.length === 1)
    deliver(handler, 'step', { hold: true, tag: '0' })
    for (let tag = 1; tag < 1024; tag += 1) deliver(handler, 'step', { hold: false, tag: String(tag) })
    expect(socket.paused).toBe(false)
    // Frames that were on their way arrive all the same.
    for (let tag = 1024; tag < 1500; tag += 1) deliver(handler, 'step', { hold: false, tag: String(tag) })
    expect(socket.paused).toBe(true)
    expect(socket.sent).toHaveLength(1)
    held.release()
    await vi.waitUntil(() => socket.sent.length === 1501)
    expect(socket.paused).toBe(false)
    const tags = socket.sent
      .slice(1)
      .map((text) => (JSON.parse(text) as { data: { observation: { tag: string } } }).data.observation.tag)
    expect(tags).toEqual(Array.from({ length: 1500 }, (_, tag) => String(tag)))
    await app.close()
  })

  it('is no longer read when the waiting frames hold more than one message may', async () => {
    const held = heldEnvironment()
    const app = createApp(held.environment, { maxMessageBytes: 100_000 })
    const socket = new FakeSocket()
    const handler = accepted(app, socket)
    deliver(handler, 'reset', {})
    await vi.waitUntil(() => socket.sent.length === 1)
    deliver(handler, 'step', { hold: true, tag: '' })
    deliver(handler, 'step', { hold: false, tag: 'x'.repeat(60_000) })
    expect(socket.paused).toBe(false)
    deliver(handler, 'step', { hold: false, tag: 'x'.repeat(60_000) })
    expect(socket.paused).toBe(true)
    held.release()
    await vi.waitUntil(() => socket.sent.length === 4)
    expect(socket.paused).toBe(false)
    await app.close()
  })

  it('gets every answer in order over a real connection', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.send('step', { hold: true, tag: 'first' })
    for (let tag = 0; tag < 5000; tag += 1) client.send('step', { hold: false, tag: String(tag) })
    await held.reached()
    held.release()
    expect(await client.next()).toMatchObject({ data: { observation: { tag: 'first' } } })
    for (let tag = 0; tag < 5000; tag += 1) {
      expect(await client.next()).toMatchObject({ data: { observation: { tag: String(tag) } } })
    }
  })

  it('is not taken for dead while the server itself does not read', async () => {
    const held = heldEnvironment()
    await using server = await serve(held.environment, { port: 0, pingSeconds: 0.05, pingTimeoutSeconds: 1 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.send('step', { hold: true, tag: 'late' })
    await held.reached()
    for (let tag = 0; tag < 3000; tag += 1) client.send('step', { hold: false, tag: '' })
    // More pings than fit in the time that a silent client has.
    let pings = 0
    client.socket.on('ping', () => (pings += 1))
    await vi.waitUntil(() => pings > 25, { timeout: 20_000 })
    held.release()
    expect(await client.next()).toMatchObject({ data: { observation: { tag: 'late' } } })
    for (let tag = 0; tag < 3000; tag += 1) expect((await client.next()).type).toBe('observation')
  })
})

describe('a client that does not read', () => {
  it('costs the server a few answers, not all of them, and gets every one when it reads', async () => {
    let steps = 0
    await using server = await serve(
      largeEnvironment(() => (steps += 1)),
      { port: 0 },
    )
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.socket.pause()
    for (let step = 0; step < 200; step += 1) client.send('step', {})
    await vi.waitUntil(() => steps > 0)
    await new Promise((resolve) => setTimeout(resolve, 300))
    // 4 MiB are ours, and what the kernel holds comes on top.
    expect(steps).toBeLessThan(100)
    client.socket.resume()
    for (let step = 1; step <= 200; step += 1) {
      const { data } = await client.next()
      expect((data['observation'] as { step: number }).step).toBe(step)
    }
  })
})
