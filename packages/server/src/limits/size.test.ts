import { createConnection } from 'node:net'
import { echo } from '@openenv-ts/echo'
import { isOpenEnvError } from '@openenv-ts/core'
import { scanJson } from '@openenv-ts/core/wire'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { createApp } from '../app.ts'
import { serve } from '../node/serve.ts'
import { inspect } from '../inspect.ts'

const LIMIT = 16 * 1024 * 1024

/** Sends a request byte by byte as given, and reads what comes until the server is done. */
async function rawRequest(port: number, head: string, chunks: () => Iterable<Uint8Array>): Promise<string> {
  const socket = createConnection(port, '127.0.0.1')
  let reply = ''
  const done = new Promise<void>((resolve) => {
    socket.on('data', (data) => (reply += data.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve()
    })
  })
  socket.write(head)
  for (const chunk of chunks()) {
    if (socket.destroyed || reply !== '') break
    if (!socket.write(chunk)) await new Promise((resolve) => setImmediate(resolve))
  }
  if (reply.includes('\r\n\r\n')) socket.end()
  await done
  return reply
}

function* pieces(total: number, wrap: (piece: Buffer) => Buffer): Iterable<Buffer> {
  const piece = wrap(Buffer.alloc(1024 * 1024, 0x20))
  for (let sent = 0; sent < total; sent += 1024 * 1024) yield piece
}

describe('size [OE-10]', () => {
  it('closes a socket that sends more than the limit with 1009, and leaves its neighbor alone', async () => {
    await using server = await serve(echo, { port: 0 })
    await using neighbor = await SocketClient.open(server.url)
    await neighbor.ask('reset', {})
    const client = await SocketClient.open(server.url)
    client.sendRaw(`{"type":"state","x":"${'x'.repeat(LIMIT)}"}`)
    expect(await client.closing).toMatchObject({ code: 1009 })
    expect(client.unread).toEqual([])
    expect(await neighbor.ask('step', { message: 'a' })).toMatchObject({ type: 'observation' })
    await expect.poll(() => inspect(server).sessions.size).toBe(1)
  })

  it('closes a socket on the head of a 200 MiB message, before the message has come', async () => {
    await using server = await serve(echo, { port: 0 })
    const client = await SocketClient.open(server.url)
    const head = Buffer.alloc(14)
    head[0] = 0x81
    head[1] = 0x80 | 127
    head.writeBigUInt64BE(BigInt(200 * 1024 * 1024), 2)
    client.connection.write(head)
    expect(await client.closing).toMatchObject({ code: 1009 })
  })

  it('closes a socket whose message passes the limit in fragments', async () => {
    await using server = await serve(echo, { port: 0, maxMessageBytes: 1000 })
    const client = await SocketClient.open(server.url)
    for (let part = 0; part < 11; part += 1) client.socket.send('x'.repeat(100), { fin: false })
    expect(await client.closing).toMatchObject({ code: 1009 })
  })

  it('takes a message of exactly the limit, and refuses one byte more, as configured', async () => {
    await using server = await serve(echo, { port: 0, maxMessageBytes: 200 })
    const overhead = JSON.stringify({ type: 'step', data: { message: '' } }).length
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    const message = 'm'.repeat(200 - overhead)
    expect(await client.ask('step', { message })).toMatchObject({ data: { observation: { message } } })
    client.send('step', { message: `${message}m` })
    expect(await client.closing).toMatchObject({ code: 1009 })
    const text = 'm'.repeat(200 - JSON.stringify({ message: '' }).length)
    await post(server.url, '/reset')
    expect((await post(server.url, '/step', { message: text })).status).toBe(200)
    expect(await post(server.url, '/step', { message: `${text}m` })).toMatchObject({
      status: 413,
      body: { code: 'TOO_LARGE', detail: 'The body is larger than the limit of 200 bytes.' },
    })
  })

  it('answers 413 to 200 MiB that are announced, without reading them', async () => {
    await using server = await serve(echo, { port: 0 })
    const length = 200 * 1024 * 1024
    const head = `POST /step HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${String(length)}\r\n\r\n`
    const reply = await rawRequest(server.port, head, () => pieces(length, (piece) => piece))
    expect(reply).toMatch(/^HTTP\/1\.1 413 /)
    expect(reply).toContain('"code":"TOO_LARGE"')
    expect((await post(server.url, '/reset')).status).toBe(200)
  })

  it('answers 413 to chunks that add up to too much, and stops reading there', async () => {
    await using server = await serve(echo, { port: 0 })
    const head = 'POST /step HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n'
    const chunked = (piece: Buffer): Buffer =>
      Buffer.concat([Buffer.from('100000\r\n'), piece, Buffer.from('\r\n')])
    const reply = await rawRequest(server.port, head, () => pieces(200 * 1024 * 1024, chunked))
    expect(reply).toMatch(/^HTTP\/1\.1 413 /)
    expect(reply).toContain('"code":"TOO_LARGE"')
    expect((await post(server.url, '/reset')).status).toBe(200)
  })

  it.each(['/reset', '/step', '/mcp', '/echo/tasks'])('bounds the body of %s', async (path) => {
    const app = createApp(echo, { maxMessageBytes: 100 })
    const { status, body } = await post(app, path, { message: 'x'.repeat(100) })
    expect(status).toBe(413)
    expect(JSON.stringify(body)).toContain('larger than the limit')
  })
})

const json = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\\', '"', '\\"', '[{,', ']}'),
      // Whole numbers beyond 2^53 are refused for what they are.
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('node'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('{', ',', '"', '\\')), tie('node'), { maxKeys: 5 }),
  ),
})).node

function countValues(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, item) => sum + countValues(item), 1)
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Object.values(value).reduce((deepest: number, item) => Math.max(deepest, depthOf(item)), 0)
}

function passes(text: string | Buffer, maxDepth: number, maxValues: number): boolean {
  try {
    scanJson(Buffer.from(text), { maxDepth, maxValues })
    return true
  } catch (error) {
    expect(isOpenEnvError(error) && error.code).toBe('VALIDATION_ERROR')
    return false
  }
}

describe('shape [OE-10]', () => {
  it('counts values and nesting as a parser does, for every JSON text', () => {
    const spaces = fc.constantFrom(undefined, 1, '\t', '\r\n ')
    fc.assert(
      fc.property(json, spaces, (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const values = countValues(value)
        const depth = depthOf(value)
        expect(passes(text, depth, values)).toBe(true)
        if (values > 1) expect(passes(text, depth, values - 1)).toBe(false)
        if (depth > 0) expect(passes(text, depth - 1, values)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  it('says nothing of texts that are no JSON but never fails otherwise', () => {
    const outcomes = new Set<boolean>()
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('[{,:"\\]}')))
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 40 }), (bytes) => {
        outcomes.add(passes(Buffer.from(bytes), 3, 5))
      }),
      { numRuns: 500 },
    )
    // Some go beyond the bounds, and some do not.
    expect(outcomes).toEqual(new Set([true, false]))
  })

  it.each([
    ['strings full of escapes', `"${'\\"'.repeat(500_000)}"`],
    ['strings full of backslashes', `["${'\\\\'.repeat(500_000)}"]`],
    ['a string that never ends', `"${'\\"'.repeat(500_000)}`],
    ['brackets inside strings', `["${'[{,'.repeat(300_000)}"]`],
  ])('passes %s in one go', (_what, text) => {
    expect(passes(text, 200, 100)).toBe(true)
  })

  it('takes 200 deep and 100,000 values, and not one more, on a socket and over HTTP', async () => {
    await using server = await serve(echo, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    await post(server.url, '/reset')
    const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth))
    // The envelope of a frame is two deep and two values more.
    const wide = (values: number): unknown => Array.from({ length: values - 1 }, () => 0)
    const answers: readonly [unknown, number, boolean][] = [
      [nested(198), 1, true],
      [nested(199), 1, false],
      [wide(99_997), 1, true],
      [wide(99_998), 1, false],
    ]
    for (const [message, , read] of answers) {
      const { data } = await client.ask('step', { message })
      expect(data['code']).toBe('VALIDATION_ERROR')
      expect(String(data['message']).startsWith('The message is ')).toBe(!read)
    }
    const bodies: readonly [unknown, boolean][] = [
      [nested(199), true],
      [nested(200), false],
      [wide(99_999), true],
      [wide(100_000), false],
    ]
    for (const [message, read] of bodies) {
      const { status, body } = await post(server.url, '/step', { message })
      expect(status).toBe(422)
      expect(String(body['message']).startsWith('The message is ')).toBe(!read)
    }
    expect(await client.ask('step', { message: 'still here' })).toMatchObject({ type: 'observation' })
  })

  it('takes other bounds', async () => {
    await using server = await serve(echo, { port: 0, shape: { maxDepth: 2, maxValues: 4 } })
    await using client = await SocketClient.open(server.url)
    expect((await client.ask('reset', {})).type).toBe('observation')
    expect((await client.ask('reset', { a: 1 })).type).toBe('observation')
    expect((await client.ask('reset', { a: 1, b: 2 })).data).toMatchObject({ code: 'VALIDATION_ERROR' })
    expect((await client.ask('reset', { a: {} })).data).toMatchObject({ code: 'VALIDATION_ERROR' })
  })
})
