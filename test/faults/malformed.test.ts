import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BenchSocket, frameOf } from '../../bench/src/socket.ts'
import { inFull } from './share.ts'
import { neighbor, startVictim } from './victims.ts'

// A million frames of which none is right, or with every change a quarter of them. The same seed gives the same ones.

const SEED = 20_261_121
const KINDS = 4096
const FRAMES = inFull(1_000_000, 250_000)
const CONNECTIONS = 8
/** Frames on the way on one connection. */
const WINDOW = 64

const key = fc.constantFrom('type', 'data', 'message', '__proto__', 'constructor', 'calls', 'id', '')
const word = fc.constantFrom(
  'step',
  'reset',
  'RESET',
  'jump',
  'batch',
  'mcp ',
  'get_task',
  'Close',
  '__proto__',
)
const value = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(
      word,
      fc.string({ unit: 'binary', maxLength: 12 }),
      fc.double(),
      fc.integer(),
      fc.constant(null),
    ),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(key, tie('node'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).node
const malformed = fc
  .oneof(
    // No JSON.
    value.map((json) => `${JSON.stringify(json)}}`),
    fc.string({ unit: 'binary', maxLength: 40 }).map((text) => `{${text}`),
    fc.nat(30).map((depth) => '[{"a":'.repeat(depth + 1)),
    fc.constantFrom('{"type":"step","data":{"message":NaN}}', '', ' ', '\0', "{'type':'state'}", '﻿{}'),
    // JSON, and no message.
    fc.oneof(fc.array(value), fc.double(), fc.boolean()).map((json) => JSON.stringify(json)),
    fc
      .record({ type: fc.constantFrom('jump', 'RESET', null, 7, {}), data: value })
      .map((json) => JSON.stringify(json)),
    // A message, and nothing that can be done.
    fc
      .record({ type: fc.constant('step'), data: fc.record({ msg: value }) })
      .map((json) => JSON.stringify(json)),
    fc.record({ type: fc.constant('state'), data: value, more: value }).map((json) => JSON.stringify(json)),
    fc
      .record({
        type: fc.constant('batch'),
        data: fc.record({ calls: fc.constantFrom(1, [1], [['jump', 0]]) }),
      })
      .map((json) => JSON.stringify(json)),
  )
  .filter((text) => !/"type":"(close|reset|heartbeat|list_splits)"/.test(text))

it(`${FRAMES.toLocaleString('en')} malformed frames get as many errors, and a neighbor its answers`, async () => {
  await using victim = await startVictim()
  const frames = fc.sample(malformed, { seed: SEED, numRuns: KINDS }).map((text) => frameOf(text))
  const player = await neighbor(victim.url)
  const before = await victim.condition()
  const startedAt = performance.now()
  let errors = 0
  const others: string[] = []
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      const socket = await BenchSocket.open(victim.port, 30_000)
      await socket.ask(frameOf('{"type":"reset","data":{}}'))
      let sent = 0
      let answered = 0
      const share = FRAMES / CONNECTIONS
      await new Promise<void>((resolve, reject) => {
        socket.onClose = (code) => {
          reject(new Error(`The server closed a connection with ${String(code)}.`))
        }
        const next = (): void => {
          socket.send(frames[(connection * 997 + sent) % KINDS] as Buffer)
          sent += 1
        }
        socket.onReply = (payload) => {
          answered += 1
          if (payload.subarray(0, 15).toString() === '{"type":"error"') errors += 1
          else if (others.length < 5) others.push(payload.toString('utf8', 0, 200))
          if (sent < share) next()
          if (answered === share) resolve()
        }
        for (let at = 0; at < WINDOW; at += 1) next()
      })
      // The connection is as good as on its first day.
      expect(await socket.ask(frameOf('{"type":"step","data":{"message":"well"}}'))).toContain('"well"')
      socket.destroy()
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  const slowestMs = await player.stop()
  const after = await victim.condition()
  console.log(
    `${String(FRAMES)} malformed frames in ${seconds.toFixed(1)} s; the neighbor’s slowest step: ${slowestMs.toFixed(0)} ms; ` +
      `heap ${((after.heap - before.heap) / 1024 / 1024).toFixed(1)} MB`,
  )
  expect(others).toEqual([])
  expect(errors).toBe(FRAMES)
  expect((after.heap - before.heap) / 1024 / 1024).toBeLessThan(inFull(8, 4))
}, 180_000)
