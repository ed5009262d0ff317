import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { call } from '../../test/http-client.ts'
import { createApp } from '../app.ts'

const BODIES: Readonly<Record<string, unknown>> = {
  '/reset': {},
  '/step': { add: 1 },
  '/sessions': {},
  '/create': { split: 'train', index: 0 },
  '/counter/tasks': { split: 'train' },
  '/mcp': { jsonrpc: '2.0', id: 1, method: 'tools/list' },
}

describe('a compressed body is refused by name, and nothing is decompressed', () => {
  const rows = Object.keys(BODIES).flatMap((path) =>
    ['gzip', 'GZip', 'deflate', 'br', 'zstd', 'gzip, gzip'].map((encoding) => [path, encoding] as const),
  )
  it.each(rows)('%s with Content-Encoding: %s', async (path, encoding) => {
    const app = createApp(counterEnvironment())
    const headers = { 'content-encoding': encoding, 'x-session-id': 'some', accept: 'application/json' }
    const text = new Uint8Array(gzipSync(JSON.stringify(BODIES[path])))
    const { status, body } = await call(app, 'POST', path, { text, headers })
    expect([status, body['detail']]).toEqual([
      415,
      `Content-Encoding "${encoding.toLowerCase()}" is not supported: send the body as it is, without one.`,
    ])
    await app.close()
  })

  it.each(['identity', ' Identity '])('is not one with Content-Encoding: %j', async (encoding) => {
    const app = createApp(counterEnvironment())
    const { status } = await call(app, 'POST', '/reset', {
      json: {},
      headers: { 'content-encoding': encoding },
    })
    expect(status).toBe(200)
    await app.close()
  })
})
