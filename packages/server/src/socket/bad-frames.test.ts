import { echo } from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { call, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { createApp } from '../app.ts'
import { serve } from '../node/serve.ts'
import type { RunningServer } from '../node/listen-options.ts'
import { inspect } from '../inspect.ts'

const counter = counterEnvironment()

/** A running episode, and the same of a neighbor, to see that both go on unharmed. */
async function twoSessions(server: RunningServer) {
  const client = await SocketClient.open(server.url)
  const neighbor = await SocketClient.open(server.url)
  for (const each of [client, neighbor]) await each.ask('reset', { task_id: 'from-0', goal: 1000 })
  return { client, neighbor }
}

async function expectUnharmed(client: SocketClient, total: number): Promise<void> {
  expect(await client.ask('step', { add: 1 })).toMatchObject({ data: { observation: { total } } })
  await client.settled()
  expect(client.unread).toEqual([])
}

const DEEP = 100_000

const ROWS: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['an array', '[1]', 'VALIDATION_ERROR'],
  ['a number', '7', 'VALIDATION_ERROR'],
  ['a text', '"step"', 'VALIDATION_ERROR'],
  ['null', 'null', 'VALIDATION_ERROR'],
  ['true', 'true', 'VALIDATION_ERROR'],
  ['half an object', '{"type":"step"', 'INVALID_JSON'],
  ['two objects', '{}{}', 'INVALID_JSON'],
  ['words', 'hello', 'INVALID_JSON'],
  ['an empty frame', '', 'INVALID_JSON'],
  ['blanks', ' \n\t', 'INVALID_JSON'],
  ['a single quote', "{'type':'state'}", 'INVALID_JSON'],
  ['a NUL byte', '\0', 'INVALID_JSON'],
  ['a NUL byte in a string', '{"type":"\0"}', 'INVALID_JSON'],
  ['a binary frame', Buffer.from('{"type":"state"}'), 'INVALID_JSON'],
  ['an empty binary frame', new Uint8Array(), 'INVALID_JSON'],
  ['NaN', '{"type":"step","data":{"add":NaN}}', 'INVALID_JSON'],
  ['Infinity', '{"type":"step","data":{"add":Infinity}}', 'INVALID_JSON'],
  ['-Infinity', '{"type":"step","data":{"add":-Infinity}}', 'INVALID_JSON'],
  ['a number past all numbers', '{"type":"step","data":{"add":1e999}}', 'VALIDATION_ERROR'],
  ['a number below all numbers', '{"type":"step","data":{"add":-1e999}}', 'VALIDATION_ERROR'],
  ['no type', '{}', 'UNKNOWN_TYPE'],
  ['only data', '{"data":{}}', 'UNKNOWN_TYPE'],
  ['an unknown type', '{"type":"jump"}', 'UNKNOWN_TYPE'],
  ['a type in capitals', '{"type":"RESET"}', 'UNKNOWN_TYPE'],
  ['a type of null', '{"type":null}', 'UNKNOWN_TYPE'],
  ['a type that is a number', '{"type":7}', 'UNKNOWN_TYPE'],
  ['a type that is an object', '{"type":{"type":"state"}}', 'UNKNOWN_TYPE'],
  ['a type of every object', '{"type":"constructor"}', 'UNKNOWN_TYPE'],
  ['a type on the prototype', '{"__proto__":{"type":"state"}}', 'UNKNOWN_TYPE'],
  [
    'validation telemetry',
    '{"type":"validation_open","data":{"schema_version":1,"token":"x"}}',
    'UNKNOWN_TYPE',
  ],
  ['a step without data', '{"type":"step"}', 'VALIDATION_ERROR'],
  ['a step of null', '{"type":"step","data":null}', 'VALIDATION_ERROR'],
  ['a step of an array', '{"type":"step","data":[1]}', 'VALIDATION_ERROR'],
  ['a step of a text', '{"type":"step","data":"add"}', 'VALIDATION_ERROR'],
  ['a reset of null', '{"type":"reset","data":null}', 'VALIDATION_ERROR'],
  ['a reset of an array', '{"type":"reset","data":[]}', 'VALIDATION_ERROR'],
  ['state with data', '{"type":"state","data":{}}', 'VALIDATION_ERROR'],
  ['close with data', '{"type":"close","data":{}}', 'VALIDATION_ERROR'],
  ['an unknown key in the envelope', '{"type":"state","id":1}', 'VALIDATION_ERROR'],
  ['a prototype key in the envelope', '{"type":"state","__proto__":{"x":1}}', 'VALIDATION_ERROR'],
  ['an action without its field', '{"type":"step","data":{}}', 'VALIDATION_ERROR'],
  ['a text for a number', '{"type":"step","data":{"add":"1"}}', 'VALIDATION_ERROR'],
  ['true for a number', '{"type":"step","data":{"add":true}}', 'VALIDATION_ERROR'],
  ['a fraction for a whole number', '{"type":"step","data":{"add":1.5}}', 'VALIDATION_ERROR'],
  ['the field on the prototype', '{"type":"step","data":{"__proto__":{"add":1}}}', 'VALIDATION_ERROR'],
  [
    'a prototype key in an action',
    '{"type":"step","data":{"add":1,"__proto__":{"add":2}}}',
    'VALIDATION_ERROR',
  ],
  ['a key that every object has', '{"type":"step","data":{"add":1,"constructor":1}}', 'VALIDATION_ERROR'],
  [
    'another such key',
    '{"type":"step","data":{"add":1,"toString":1,"hasOwnProperty":1}}',
    'VALIDATION_ERROR',
  ],
  ['a lone surrogate as a type', '{"type":"\\ud800"}', 'UNKNOWN_TYPE'],
  ['a lone surrogate as a key', '{"type":"step","data":{"add":1,"\\udfff":1}}', 'VALIDATION_ERROR'],
  ['an unknown task', '{"type":"reset","data":{"task_id":"__proto__"}}', 'VALIDATION_ERROR'],
  ['a task that is no text', '{"type":"reset","data":{"task_id":{"id":1}}}', 'VALIDATION_ERROR'],
  ['an unknown split', '{"type":"reset","data":{"split":"constructor"}}', 'VALIDATION_ERROR'],
  ['a task spec without an id', '{"type":"reset","data":{"task_spec":{}}}', 'VALIDATION_ERROR'],
  ['an option of the wrong type', '{"type":"reset","data":{"goal":"far"}}', 'VALIDATION_ERROR'],
  [
    'arrays 100,000 deep',
    `{"type":"step","data":{"add":${'['.repeat(DEEP)}${']'.repeat(DEEP)}}}`,
    'VALIDATION_ERROR',
  ],
  [
    'objects 100,000 deep',
    `{"type":"step","data":${'{"a":'.repeat(DEEP)}1${'}'.repeat(DEEP)}}`,
    'VALIDATION_ERROR',
  ],
  ['brackets that never close', '['.repeat(DEEP), 'VALIDATION_ERROR'],
  ['100,001 values', `[${'0,'.repeat(100_000)}0]`, 'VALIDATION_ERROR'],
]

describe('a bad frame', () => {
  it.each(ROWS)('%s: gets its code and harms nobody [OE-9]', async (_what, frame, code) => {
    await using server = await serve(counter, { port: 0 })
    const { client, neighbor } = await twoSessions(server)
    const answer = await client.askRaw(frame)
    expect(answer).toMatchObject({ type: 'error', data: { message: expect.any(String), code } })
    expect(answer.data['message']).not.toBe('')
    for (const issue of (answer.data['errors'] ?? []) as Record<string, unknown>[]) {
      expect(issue).toMatchObject({
        type: expect.any(String),
        loc: expect.any(Array),
        msg: expect.any(String),
      })
      expect(JSON.stringify(issue['input'] ?? '').length).toBeLessThanOrEqual(202)
    }
    expect((await client.ask('state')).data).toMatchObject({ step_count: 0, total: 0 })
    await expectUnharmed(client, 1)
    await expectUnharmed(neighbor, 1)
    expect(({} as Record<string, unknown>)['add']).toBeUndefined()
  })

  it('names every fault of an action, with its kind and at most 200 characters of it [OE-9]', async () => {
    await using server = await serve(counter, { port: 0 })
    const { client } = await twoSessions(server)
    const long = 'x'.repeat(5000)
    const { data } = await client.ask('step', { add: long, more: { long }, other: 1 })
    expect(data['errors']).toEqual([
      { type: 'invalid_type', loc: ['add'], msg: expect.any(String), input: `${'x'.repeat(199)}…` },
      { type: 'extra_forbidden', loc: ['more'], msg: 'Unknown field', input: expect.any(String) },
      { type: 'extra_forbidden', loc: ['other'], msg: 'Unknown field', input: 1 },
    ])
    expect(JSON.stringify(data).length).toBeLessThan(1500)
    const missing = await client.ask('step', {})
    expect(missing.data['errors']).toMatchObject([{ type: 'missing', loc: ['add'] }])
  })

  it('answers briefly whatever is wrong: keys and types of any length and number are cut', async () => {
    await using server = await serve(counter, { port: 0 })
    const { client } = await twoSessions(server)
    const many = Object.fromEntries(
      Array.from({ length: 5000 }, (_, key) => [`key-${String(key)}-${'y'.repeat(500)}`, key]),
    )
    const frames = [
      JSON.stringify({ type: 'step', data: { add: 1, ...many } }),
      JSON.stringify({ type: 'state', ...many }),
      JSON.stringify({ type: 'z'.repeat(1_000_000) }),
      JSON.stringify({ type: 'step', data: { add: 1, ['k'.repeat(1_000_000)]: 1 } }),
      JSON.stringify({ type: 'reset', data: { task_id: 't'.repeat(1_000_000) } }),
      JSON.stringify({ type: 'reset', data: { split: 's'.repeat(1_000_000) } }),
    ]
    for (const frame of frames) {
      client.sendRaw(frame)
      expect((await client.nextText()).length).toBeLessThan(100_000)
    }
  })

  it('takes a lone surrogate that is escaped as data, and says it back escaped [OE-9]', async () => {
    await using server = await serve(echo, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    client.sendRaw('{"type":"step","data":{"message":"\\ud800"}}')
    expect(await client.nextText()).toContain('"message":"\\ud800"')
  })

  it('ends a connection that sends bytes that are no UTF-8 with 1007, as WebSocket asks, and no other', async () => {
    await using server = await serve(counter, { port: 0 })
    const { client, neighbor } = await twoSessions(server)
    client.connection.write(maskedText(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])))
    expect(await client.closing).toMatchObject({ code: 1007 })
    await expectUnharmed(neighbor, 1)
    await neighbor.settled()
    expect(inspect(server).sessions.size).toBe(1)
  })

  it('survives bytes that are no WebSocket frames', async () => {
    await using server = await serve(counter, { port: 0 })
    const { client, neighbor } = await twoSessions(server)
    client.connection.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'))
    await client.closing
    const unfinished = await SocketClient.open(server.url)
    unfinished.connection.write(maskedText(Buffer.alloc(50_000, 0x20)).subarray(0, 30_000))
    unfinished.connection.destroy()
    await unfinished.closing
    await expectUnharmed(neighbor, 1)
  })

  it('ends on a frame, not in the episode, when the peer leaves in the middle of one', async () => {
    await using server = await serve(counter, { port: 0 })
    const { client, neighbor } = await twoSessions(server)
    client.connection.write(maskedText(Buffer.from('{"type":"step","data":{"add":1}}')).subarray(0, 12))
    client.connection.resetAndDestroy()
    await client.closing
    await expectUnharmed(neighbor, 1)
  })
})

describe('a bad body', () => {
  const bodies = ROWS.filter(([, frame]) => typeof frame === 'string' && frame.trim() !== '')

  it.each(bodies)('%s: is answered with a 4xx and a code on every route', async (_what, text) => {
    const app = createApp(counter)
    await post(app, '/reset', { goal: 1000 })
    for (const path of ['/reset', '/step', '/counter/task']) {
      const { status, body } = await call(app, 'POST', path, { text: text as string })
      if (path === '/reset' && status === 200) continue
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(body['code']).toMatch(/^[A-Z_]+$/)
    }
    const mcp = await call(app, 'POST', '/mcp', { text: text as string })
    expect(mcp).toMatchObject({
      status: 200,
      body: { jsonrpc: '2.0', id: null, error: { code: expect.any(Number) } },
    })
    expect((await post(app, '/reset', { task_id: 'from-0' })).status).toBe(200)
    expect((await post(app, '/step', { add: 1 })).body).toMatchObject({ observation: { total: 1 } })
  })

  it('that is no UTF-8 is no JSON [OE-9]', async () => {
    const app = createApp(counter)
    const text = new Uint8Array([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])
    expect(await call(app, 'POST', '/reset', { text })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_JSON' },
    })
  })
})

/** A text frame as a client writes it, with a mask of zeros. */
function maskedText(payload: Buffer): Buffer {
  const { length } = payload
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([0x81, ...size, 0, 0, 0, 0]), payload])
}
