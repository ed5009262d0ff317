import {
  Client,
  StreamableHTTPClientTransport,
  type VersionNegotiationMode,
} from '@modelcontextprotocol/client'
import { defineToolEnvironment } from '@openenv-ts/core'
import { serve } from '@openenv-ts/server/node'
import { connect as connectTcp, createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { SKIPPED, startMcpPlayer, type McpAnswer, type McpPlan, type Peer } from './peers.ts'
import { inspect } from '@openenv-ts/server/testing'

// Unmodified clients of MCP give calls up in every way that they have, go on, and are there when the server ends.

/** An environment with a tool that takes long, unless its call is given up. */
class Workshop {
  held = 0
  stopped = 0
  counted = 0
  #begin: () => void = () => undefined
  begun = new Promise<void>((resolve) => (this.#begin = resolve))

  readonly environment = defineToolEnvironment({
    name: 'workshop',
    description: 'Hold things.',
    open: () => this,
    tools: {
      hold: {
        description: 'Takes 4 seconds.',
        input: z.strictObject({}),
        run: (_world, _input, { signal }) =>
          new Promise<string>((resolve, reject) => {
            this.held += 1
            this.#begin()
            const timer = setTimeout(resolve, 4000, 'held')
            signal.addEventListener('abort', () => {
              clearTimeout(timer)
              this.stopped += 1
              reject(new Error('stopped'))
            })
          }),
      },
      count: {
        description: 'Counts.',
        input: z.strictObject({}),
        run: () => {
          this.counted += 1
          return this.held
        },
      },
      finish: { description: 'Ends it.', input: z.strictObject({}), final: true, run: () => 'bye' },
    },
    rubric: { held: ({ held }) => held },
  })
}

/** The calls of a plan, with a client of whatever kind. */
type Play = (url: string, calls: McpPlan['calls']) => Promise<readonly McpAnswer[]>

/** Connections to a server that can be cut. */
async function wire(target: string) {
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connectTcp(Number(new URL(target).port), '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      from.pipe(to)
      from.on('error', () => undefined).on('close', () => to.destroy())
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    for (const socket of open) socket.destroy()
    open.clear()
  }
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    cut,
    [Symbol.asyncDispose]: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

const REST = [
  ['call', 'count', {}],
  ['call', 'finish', {}],
] as const
const PLAYED = [
  { is_error: false, content: [{ text: '1' }] },
  { is_error: false, content: [{ text: 'bye' }] },
]

function itGivesCallsUp(play: () => Play): void {
  it.each(['its time limit', 'a cancellation'] as const)(
    'gives a call up for %s, and plays the episode to its end',
    async (why) => {
      const workshop = new Workshop()
      await using server = await serve(workshop.environment, { port: 0, agentEpisode: '' })
      const held = {
        'its time limit': ['call', 'hold', {}, 1],
        'a cancellation': ['cancel', 'hold', {}, 1],
      } as const
      const [first, count, end] = await play()(`${server.url}/mcp`, [held[why], ...REST])
      expect(first).toHaveProperty('error')
      expect([count, end]).toMatchObject(PLAYED)
      expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/terminated"?\}? 1/)
    },
  )

  it('loses its connection in the middle of a call, which ends the call and not the episode', async () => {
    const workshop = new Workshop()
    await using server = await serve(workshop.environment, { port: 0, agentEpisode: '' })
    await using line = await wire(server.url)
    const playing = play()(`${line.url}/mcp`, [['call', 'hold', {}, 3], ...REST])
    await workshop.begun
    line.cut()
    const [first, ...rest] = await playing
    expect(first).toHaveProperty('error')
    // Clients of Python stop at that, and some say on leaving that they are done; those of TypeScript play on.
    if (rest.length > 0) expect(rest).toMatchObject(PLAYED)
    await expect.poll(() => workshop.stopped).toBe(1)
    const ended = /terminated"?\}? 1/.test(await (await fetch(`${server.url}/metrics`)).text())
    expect(ended).toBe(rest.length > 0)
  })

  it('holds up no shutdown while it is idle', async () => {
    const workshop = new Workshop()
    const server = await serve(workshop.environment, { port: 0, agentEpisode: '' })
    const playing = play()(`${server.url}/mcp`, [
      ['call', 'count', {}],
      ['sleep', 2],
      ['call', 'count', {}, 5],
    ])
    await expect.poll(() => workshop.counted, { timeout: 60_000 }).toBe(1)
    await expect.poll(() => inspect(server).sessions.atWork).toBe(false)
    // Far longer than this test may take: nothing is under way, so nothing is waited for.
    await server.drain(600)
    expect(inspect(server).sessions.size).toBe(0)
    const answers = await playing
    expect(answers.at(-1)).toHaveProperty('error')
  })
}

describe.skipIf(SKIPPED).each(['openenv-0.10.0', 'openenv-core-0.2.3'] satisfies Peer[])(
  'the clients of %s',
  (peer) => {
    let player: Awaited<ReturnType<typeof startMcpPlayer>>
    beforeAll(async () => {
      player = await startMcpPlayer(peer)
    })
    afterAll(() => player[Symbol.asyncDispose]())

    describe.each(['mcp', 'fastmcp'] as const)('%s', (client) => {
      itGivesCallsUp(() => (url, calls) => player.play({ client, url, calls }))
    })
  },
)

describe.each(['legacy', 'auto'] satisfies VersionNegotiationMode[])(
  'the official client of TypeScript, revision: %s',
  (mode) => {
    const play: Play = async (url, calls) => {
      const client = new Client({ name: 'peer', version: '1.0.0' }, { versionNegotiation: { mode } })
      await client.connect(new StreamableHTTPClientTransport(new URL(url)))
      const answers: McpAnswer[] = []
      for (const [what, ...given] of calls) {
        if (what === 'sleep') {
          await new Promise((resolve) => setTimeout(resolve, Number(given[0]) * 1000))
          continue
        }
        const [name, args, seconds = 60] = given as [string, Record<string, unknown>, number?]
        const options =
          what === 'cancel' ? { signal: AbortSignal.timeout(seconds * 1000) } : { timeout: seconds * 1000 }
        try {
          const { isError, content } = await client.callTool({ name, arguments: args }, options)
          answers.push({ is_error: isError ?? false, content })
        } catch (error) {
          answers.push({ error: String(error) })
        }
      }
      await client.close()
      return answers
    }
    itGivesCallsUp(() => play)
  },
)
