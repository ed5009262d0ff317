import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { defineToolEnvironment } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { askModern, FrameSocket, McpSession } from '../../test/mcp-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from './serve.ts'
import { inspect } from '../inspect.ts'

/** A world that says what becomes of it. */
function holding() {
  const said: string[] = []
  let begin: () => void = () => undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const environment = defineToolEnvironment({
    name: 'holding',
    description: 'A world that has to be closed.',
    open: () => ({}),
    close: () => void said.push('closed'),
    tools: {
      look: { description: 'Looks.', input: z.strictObject({}), run: () => 'a room' },
      stuck: {
        description: 'Never ends and does not look at its signal.',
        input: z.strictObject({}),
        run: () => {
          begin()
          return new Promise<never>(() => undefined)
        },
      },
    },
    rubric: { there: () => 1 },
  })
  return { environment, said, begun }
}

type Holding = ReturnType<typeof holding>

/** What a client holds open; `ended` settles when the server has ended it. */
interface Held {
  readonly ended?: Promise<unknown>
}

const CLIENTS: readonly (readonly [string, (url: string, world: Holding) => Promise<Held>])[] = [
  [
    'the stream of an MCP session',
    async (url) => {
      const session = await McpSession.open(`${url}/mcp`)
      const stream = await session.request('GET')
      return { ended: stream.text() }
    },
  ],
  [
    'an MCP session without a stream',
    async (url) => {
      await McpSession.open(`${url}/mcp`)
      return {}
    },
  ],

  [
    'the official client',
    async (url) => {
      const client = new Client({ name: 'idle', version: '1' })
      await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`)))
      return {}
    },
  ],
  [
    'a call that was cancelled and never ends',
    async (url, { begun }) => {
      const session = await McpSession.open(`${url}/mcp`)
      const params = { name: 'stuck', arguments: {} }
      const call = session.post({ jsonrpc: '2.0', id: 7, method: 'tools/call', params })
      await begun
      await session.post({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } })
      await call
      return {}
    },
  ],
  [
    'a subscription of the revision without sessions',
    async (url) => {
      await askModern(`${url}/mcp`, 'tools/call', { name: 'look', arguments: {} })
      const params = { notifications: { toolsListChanged: true } }
      return { ended: askModern(`${url}/mcp`, 'subscriptions/listen', params) }
    },
  ],
  [
    'a WebSocket of MCP',
    async (url) => {
      const socket = await FrameSocket.open(`${url}/mcp`)
      await socket.ask({ jsonrpc: '2.0', id: 1, method: 'tools/list' })
      return { ended: socket.closing }
    },
  ],
  [
    'a WebSocket of OpenEnv',
    async (url) => {
      const client = await SocketClient.open(url)
      await client.ask('reset', {})
      return { ended: client.closing }
    },
  ],
  [
    'a stream of events',
    async (url) => {
      await McpSession.open(`${url}/mcp`)
      const stream = await fetch(`${url}/events`)
      return { ended: stream.text() }
    },
  ],
  [
    'a connection that asks nothing',
    async (url) => {
      await McpSession.open(`${url}/mcp`)
      const socket = connectTcp(Number(new URL(url).port), '127.0.0.1')
      await once(socket, 'connect')
      return { ended: once(socket, 'close') }
    },
  ],
]

describe('a shutdown', () => {
  it.each(CLIENTS)('closes every episode without waiting for %s', async (_what, open) => {
    const world = holding()
    const server = await serve(world.environment, { port: 0, agentEpisode: '' })
    const { ended } = await open(server.url, world)
    const order = ended?.catch(() => undefined).then(() => world.said.push('ended'))
    // Far longer than this test may take: nothing is under way, so nothing is waited for.
    await server.drain(600)
    await order
    expect(world.said[0]).toBe('closed')
    expect(inspect(server).sessions.size).toBe(0)
  })
})
