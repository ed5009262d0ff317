import { defineToolEnvironment } from '@openenv-ts/core'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { post } from '../../test/http-client.ts'
import { ACCEPT_BOTH, McpSession } from '../../test/mcp-client.ts'
import { serve } from './serve.ts'
import { inspect } from '../inspect.ts'

const SIZE = 24_000_000

const library = defineToolEnvironment({
  name: 'library',
  description: 'Large books.',
  open: () => ({}),
  tools: { read: { description: 'Reads.', input: z.strictObject({}), run: () => 'x'.repeat(SIZE) } },
  rubric: { there: () => 1 },
})

const CALL = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'read' } })

afterEach(() => {
  vi.restoreAllMocks()
})

describe('an answer that is not read in time', () => {
  it.each([
    ["OpenEnv's JSON-RPC", () => Promise.resolve('')],
    [
      'MCP',
      async (url: string) => {
        const { id } = await McpSession.open(url)
        return `accept: ${ACCEPT_BOTH}\r\nmcp-session-id: ${id}\r\n`
      },
    ],
  ])('ends with its connection, and writes nothing to the console: %s', async (_dialect, dialect) => {
    const said = [vi.spyOn(console, 'error'), vi.spyOn(console, 'info'), vi.spyOn(console, 'log')]
    await using server = await serve(library, { port: 0 })
    const { body } = await post(server.url, '/sessions', {})
    const agentUrl = body['agent_url'] as string
    const headers = await dialect(agentUrl)
    const { pathname, port } = new URL(agentUrl)
    const client = connect(Number(port), '127.0.0.1')
    await once(client, 'connect')
    const head = `POST ${pathname} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\n`
    client.write(`${head}${headers}content-length: ${String(CALL.length)}\r\n\r\n${CALL}`)
    // It reads the head of the answer and no more.
    const [first] = (await once(client, 'data')) as [Buffer]
    client.pause()
    expect(first.toString('latin1')).toContain('HTTP/1.1 200')
    const statusOfAnother = async (): Promise<number> =>
      (await post(agentUrl, '', { jsonrpc: '2.0', id: 2, method: 'tools/list' })).status
    // As long as so much is unread, nothing else is answered.
    await expect.poll(statusOfAnother).toBe(429)
    const { sessions } = inspect(server)
    let now = performance.now()
    const after = async (): Promise<number> => {
      now += sessions.limits.readSeconds * 1000
      sessions.cutOffStalled(now)
      return statusOfAnother()
    }
    await expect.poll(after).toBe(200)
    let bytes = first.length
    client.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('error', () => undefined)
    client.resume()
    await once(client, 'close')
    expect(bytes).toBeLessThan(SIZE)
    for (const spy of said) expect(spy).not.toHaveBeenCalled()
  })
})
