import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { call } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'
import type { RunningServer } from '../node/listen-options.ts'
import { inspect } from '../inspect.ts'

let server: RunningServer
beforeAll(async () => {
  server = await serve(counterEnvironment(), { port: 0 })
})
afterAll(() => server.close())

const key = fc.constantFrom(
  'type',
  'data',
  'add',
  'action',
  'metadata',
  'seed',
  'task_id',
  'session_id',
  'jsonrpc',
  'method',
  'params',
  '__proto__',
  'constructor',
  'toString',
  '',
)
const word = fc.constantFrom(
  'reset',
  'step',
  'state',
  'mcp',
  'get_task',
  'list_splits',
  'call_tool',
  '__proto__',
  '2.0',
)
const value = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(word, fc.string({ unit: 'binary' }), fc.double(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(key, fc.string()), tie('node'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).node
const message = fc.record({ type: fc.oneof(word, value), data: value }, { requiredKeys: [] })

/** JSON text of some value, then a few of its characters changed. */
const mangled = fc
  .tuple(
    fc.oneof(message, value),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('', '{', '}', '[', '"', '\\', ',', '\0', '9'))),
  )
  .map(([json, edits]) => {
    let text = JSON.stringify(json)
    for (const [at, replacement] of edits) {
      const place = at % (text.length + 1)
      text = text.slice(0, place) + replacement + text.slice(place + 1)
    }
    return text
  })

const frame: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  mangled,
  message.map((json) => JSON.stringify(json)),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 200 }),
)

describe('random input', () => {
  it('is answered frame by frame in order, and the socket still answers a good step', async () => {
    await using client = await SocketClient.open(server.url)
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 8 }), async (frames) => {
        const kept = frames.filter((each) => !isClose(each))
        for (const each of kept) client.sendRaw(each)
        client.send('reset', { task_id: 'from-2' })
        client.send('step', { add: 1 })
        for (const _frame of kept) {
          const { type, data } = await client.next()
          expect(['observation', 'state', 'error', 'mcp', 'list_splits', 'get_task']).toContain(type)
          expect(data).toEqual(expect.any(Object))
          if (type === 'error') {
            expect(data).toMatchObject({
              message: expect.any(String),
              code: expect.stringMatching(/^[A-Z_]+$/),
            })
          }
        }
        expect(await client.next()).toMatchObject({
          type: 'observation',
          data: { observation: { total: 2 } },
        })
        expect(await client.next()).toMatchObject({
          type: 'observation',
          data: { observation: { total: 3 } },
        })
        expect(client.unread).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('is answered as JSON with a status of the table over HTTP', async () => {
    const path = fc.constantFrom(
      '/reset',
      '/step',
      '/mcp',
      '/counter/tasks',
      '/counter/task_range',
      '/x/task',
    )
    const body = fc.oneof(mangled, fc.string({ unit: 'binary' }))
    await fc.assert(
      fc.asyncProperty(path, body, async (where, text) => {
        const { status } = await call(inspect(server), 'POST', where, { text })
        expect([200, 400, 404, 409, 422]).toContain(status)
      }),
      { numRuns: 400 },
    )
  })
})

/** Whether a frame would end the connection rightly. */
function isClose(sent: string | Uint8Array): boolean {
  if (typeof sent !== 'string') return false
  try {
    const json = JSON.parse(sent) as { type?: unknown } | null
    return json?.type === 'close'
  } catch {
    return false
  }
}
