import { connectMcp } from '@openenv-ts/client/mcp'
import { defineToolEnvironment, openLocal, agentTools } from '@openenv-ts/core'
import type { Progress } from '@openenv-ts/core/host'
import emailTriage from '@openenv-ts/email-triage'
import { serve, type RunningServer } from '@openenv-ts/server/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { fastMcpCommand, PEERS, serveFastMcp, SKIPPED, startMcpPlayer, type McpAnswer } from './peers.ts'
import { inspect } from '@openenv-ts/server/testing'

// Unmodified Python clients use the tools of our environments, and ours those of Python's servers.

/** An environment of tools: one of them says nothing about itself, one fails. */
const shop = defineToolEnvironment({
  name: 'shop',
  description: 'Sell three things.',
  open: () => ({ sold: [] as string[] }),
  tools: {
    sell: {
      description: 'Sells something.',
      input: z.strictObject({ what: z.string(), price: z.number().default(1) }),
      run: (world, { what, price }) => {
        world.sold.push(what)
        return { what, price, sold: world.sold.length }
      },
    },
    count: { description: '', input: z.strictObject({}), run: ({ sold }) => sold.length },
    burn: {
      description: 'Fails.',
      input: z.strictObject({}),
      run: () => {
        throw new Error('The shop is on fire.')
      },
    },
    shut: { description: 'Ends it.', input: z.strictObject({}), final: true, run: () => 'closed' },
  },
  rubric: { sold: ({ sold }) => sold.length },
})

const TRIAGE = [
  { label: 'urgent', summary: 'Somebody wants something at once.', route_to: 'support' },
  { label: 'perhaps', summary: 'No such label.', route_to: 'nowhere' },
  ...Array.from({ length: 9 }, (_, index) => ({
    label: ['normal', 'spam', 'archive'][index % 3] ?? 'normal',
    summary: `Mail ${String(index)}: somebody wants something.`,
    route_to: 'support',
  })),
]

/** What the same calls give in this process. */
async function triageHere(): Promise<readonly unknown[]> {
  await using episode = openLocal(emailTriage)
  await episode.reset({ taskId: 'task_medium' })
  const seat = agentTools(episode, emailTriage)
  const seen: unknown[] = []
  while (episode.reply?.done === false) {
    const { structuredContent } = await seat.callTool('act', TRIAGE[seen.length])
    seen.push(structuredContent)
  }
  return JSON.parse(JSON.stringify(seen)) as unknown[]
}

async function grant(
  server: RunningServer,
  body: object,
): Promise<{ url: string; base: string; id: string }> {
  const answer = await fetch(`${server.url}/sessions`, { method: 'POST', body: JSON.stringify(body) })
  const { agent_url: url, session_id: id } = (await answer.json()) as {
    agent_url: string
    session_id: string
  }
  return { url, base: url.replace(/\/mcp$/, ''), id }
}

describe.skipIf(SKIPPED).each(PEERS)('the Python clients of %s', (peer) => {
  let player: Awaited<ReturnType<typeof startMcpPlayer>>
  let triage: readonly unknown[]
  beforeAll(async () => {
    player = await startMcpPlayer(peer)
    triage = await triageHere()
  })
  afterAll(() => player[Symbol.asyncDispose]())

  const acts = () => triage.map((_, index) => ['call', 'act', TRIAGE[index]] as const)

  it.each([true, false])(
    'MCPToolClient plays email-triage to its end at an address that it was given, over HTTP: %s [OE-19][OE-20]',
    async (production) => {
      await using server = await serve(emailTriage, { port: 0, maxSessions: 1 })
      const { base, id } = await grant(server, { task_id: 'task_medium' })
      const calls = [['list'], ...acts()] as const
      const [list, ...answers] = await player.play({ client: 'openenv', url: base, production, calls })
      expect((list?.['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(['act', 'observe'])
      expect(answers.map(({ value }) => value)).toEqual(triage)
      expect(answers.at(-1)).toMatchObject({ value: { done: true } })
      const state = await (await fetch(`${server.url}/state?session_id=${id}`)).json()
      expect(state).toMatchObject({ step_count: triage.length })
    },
  )

  it('MCPToolClient lists all tools, and gives the value of one or raises', async () => {
    await using server = await serve(shop, { port: 0 })
    const { base } = await grant(server, {})
    for (const production of [true, false]) {
      const calls = [
        ['list'],
        ['call', 'sell', { what: 'tea' }],
        ['call', 'burn', {}],
        ['call', 'steal', {}],
      ] as const
      const [list, sold, burnt, stolen] = await player.play({
        client: 'openenv',
        url: base,
        production,
        calls,
      })
      const tools = list?.['tools'] as { name: string; description: string; schema: object }[]
      expect(tools.map(({ name }) => name)).toEqual(['sell', 'count', 'burn', 'shut'])
      expect(tools[1]).toMatchObject({ description: '', schema: { type: 'object' } })
      expect(sold).toMatchObject({ value: { what: 'tea', price: 1 } })
      expect(burnt).toEqual({
        error: expect.stringMatching(/^RuntimeError: Tool 'burn' failed: .*on fire/) as string,
      })
      expect(stolen).toEqual({ error: expect.stringMatching(/^RuntimeError: Tool 'steal' failed/) as string })
    }
  })

  // 0.2.3 ignores the session's name on a socket: its calls and its steps are two sessions by its own doing.
  if (peer !== 'openenv-core-0.2.3') {
    it('MCPToolClient connects, calls, resets and steps in one environment of a server with one slot', async () => {
      await using server = await serve(shop, { port: 0, maxSessions: 1 })
      const calls = [
        ['connect'],
        ['reset', { episode_id: 'one' }],
        ['call', 'sell', { what: 'tea' }],
        ['step', 'sell', { what: 'cake', price: 3 }],
        ['call', 'count', {}],
        ['state'],
        ['reset', { episode_id: 'two' }],
        ['call', 'count', {}],
        ['step', 'shut', {}],
      ] as const
      const answers = await player.play({ client: 'openenv', url: server.url, calls })
      expect(answers.filter((answer) => 'error' in answer)).toEqual([])
      const [, , tea, cake, count, state, , fresh, shut] = answers
      expect(tea).toEqual({ value: { what: 'tea', price: 1, sold: 1 } })
      expect(cake).toMatchObject({ observation: { result: { data: { what: 'cake', price: 3, sold: 2 } } } })
      expect([count, fresh]).toEqual([{ value: 2 }, { value: 0 }])
      expect(state).toMatchObject({ state: { episode_id: 'one', step_count: 3 } })
      expect(shut).toMatchObject({ done: true, reward: 0 })
      // It closed what it created: the slot is free.
      await expect.poll(() => inspect(server).sessions.size).toBe(0)
    })

    it('MCPToolClient plays email-triage in a session that it created and attached to', async () => {
      await using server = await serve(emailTriage, { port: 0, maxSessions: 1 })
      const calls = [['reset', { task_id: 'task_medium' }], ...acts()] as const
      const [, ...answers] = await player.play({ client: 'openenv', url: server.url, calls })
      expect(answers.map(({ value }) => value)).toEqual(triage)
    })
  }

  it('MCPToolClient calls and resets over one socket, where its steps go there', async () => {
    await using server = await serve(shop, { port: 0, maxSessions: 1 })
    const calls = [
      ['reset', {}],
      ['call', 'sell', { what: 'tea' }],
      ['step', 'count', {}],
    ] as const
    const plan = { client: 'openenv', url: server.url, production: false, calls } as const
    // Newer clients create a session before anything else; the oldest takes the socket's own.
    const [, tea, count] = await player.play(plan)
    expect(tea).toMatchObject({ value: { sold: 1 } })
    expect(count).toMatchObject({ observation: { result: { data: 1 } } })
  })

  it.each(['mcp', 'fastmcp'] as const)(
    '%s plays email-triage to its end, twice: given, and fresh',
    async (client) => {
      await using server = await serve(emailTriage, { port: 0, agentEpisode: 'task_medium' })
      const given = await grant(server, { task_id: 'task_medium' })
      for (const url of [given.url, `${server.url}/mcp`]) {
        const [list, opening, ...answers] = await player.play({
          client,
          url,
          calls: [['list'], ['call', 'observe', {}], ...acts()],
        })
        expect((list?.['tools'] as { name: string }[]).map(({ name }) => name)).toEqual(['act', 'observe'])
        expect(opening).toMatchObject({ is_error: false, structured: { done: false } })
        expect(answers.map(({ structured }) => structured)).toEqual(triage)
      }
    },
  )

  it.each(['mcp', 'fastmcp'] as const)(
    '%s uses tools, failing ones too, and ends what it began',
    async (client) => {
      await using server = await serve(shop, { port: 0, agentEpisode: '' })
      const calls = [
        ['list'],
        ['call', 'sell', { what: 'tea', price: 2 }],
        ['call', 'count', {}],
        ['call', 'burn', {}],
        ['call', 'sell', { what: 7 }],
        ['call', 'shut', {}],
        ['call', 'count', {}],
      ] as const
      const [list, sold, count, burnt, bad, shut, late] = await player.play({
        client,
        url: `${server.url}/mcp`,
        calls,
      })
      expect(list?.['tools']).toHaveLength(4)
      expect(sold).toMatchObject({ is_error: false, structured: { what: 'tea', price: 2, sold: 1 } })
      expect(count).toMatchObject({
        is_error: false,
        structured: { result: 1 },
        content: [{ type: 'text', text: '1' }],
      })
      const said = (answer: McpAnswer | undefined) => JSON.stringify(answer?.['content'])
      expect([burnt?.['is_error'], said(burnt)]).toEqual([true, expect.stringContaining('on fire')])
      expect([bad?.['is_error'], said(bad)]).toEqual([true, expect.stringContaining('what')])
      expect(shut).toMatchObject({ is_error: false })
      // The second version of mcp speaks the revision without sessions, where a fresh episode follows an end [OE-19].
      if (peer === 'openenv-core-0.2.3') expect(late).toMatchObject({ structured: { result: 0 } })
      else expect([late?.['is_error'], said(late)]).toEqual([true, expect.stringContaining('over')])
    },
  )
})

// The oldest OpenEnv brings the newest FastMCP, the newest one the version before it.
describe.skipIf(SKIPPED).each(['openenv-0.10.0', 'openenv-core-0.2.3'] as const)(
  "connectMcp, to the FastMCP of %s's environment",
  (peer) => {
    it.each(['http', 'stdio'] as const)('uses its tools over %s', async (way) => {
      await using server = way === 'http' ? await serveFastMcp(peer) : undefined
      // The first start of a Python environment compiles it.
      await using tools = await connectMcp(
        server === undefined ? fastMcpCommand(peer) : `${server.url}/mcp`,
        { timeoutMs: 180_000 },
      )
      expect(tools.server).toEqual({ name: 'adder', version: '1.2.3' })
      expect(tools.instructions).toBe('Add.')
      const listed = await tools.listTools()
      expect(listed.map(({ name }) => name)).toEqual(['add', 'point', 'fail', 'picture', 'walk'])
      expect(listed[0]).toMatchObject({
        description: 'Adds.',
        inputSchema: { type: 'object', required: ['a', 'b'] },
      })
      // FastMCP wraps what is no object; the value is what the tool gave.
      expect(await tools.callTool('add', { a: 2, b: 3 })).toEqual({
        content: [{ type: 'text', text: '5' }],
        structuredContent: { result: 5 },
        data: 5,
        isError: false,
      })
      expect(await tools.callTool('point', { x: 4 })).toMatchObject({ data: { x: 4, y: 0 } })
      expect(await tools.callTool('fail', {})).toMatchObject({ isError: true })
      expect(await tools.callTool('add', { a: 'two' })).toMatchObject({ isError: true })
      expect(await tools.callTool('nothing', {})).toMatchObject({ isError: true })
      expect((await tools.callTool('picture', {})).content).toEqual([
        { type: 'image', data: 'aGk=', mimeType: 'image/png' },
      ])
      const heard: Progress[] = []
      await tools.callTool('walk', { steps: 3 }, { onProgress: (progress) => heard.push(progress) })
      expect(heard.map(({ progress, total }) => [progress, total])).toEqual([
        [1, 3],
        [2, 3],
        [3, 3],
      ])
    })
  },
)
