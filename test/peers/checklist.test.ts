import echo from '@openenv-ts/echo'
import { serve } from '@openenv-ts/server/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdSession } from './converse.ts'
import { digitAt, lock } from './lock.ts'
import { openenv, PEERS, SKIPPED, startPlayer, type Player } from './peers.ts'
import { slow } from './slow.ts'

// What a compatible server must do for unmodified Python clients: the points that need the clients themselves.

describe.skipIf(SKIPPED).each(PEERS)('the command of %s', (peer) => {
  it.each(['simulation', 'production'] as const)('validates a server in %s mode', async (mode) => {
    await using server = await serve(lock, { port: 0, mode })
    const { code, stdout, stderr } = await openenv(peer, 'validate', '--url', server.url)
    expect(code, stdout + stderr).toBe(0)
  })

  it('validates a server below a path', async () => {
    await using server = await serve(lock, { port: 0, basePath: '/envs/lock' })
    const { code, stdout, stderr } = await openenv(peer, 'validate', '--url', server.url)
    expect(code, stdout + stderr).toBe(0)
  })
})

describe.skipIf(SKIPPED).each(PEERS)('the client of %s', (peer) => {
  let player: Player
  beforeAll(async () => {
    player = await startPlayer(peer)
  })
  afterAll(() => player[Symbol.asyncDispose]())

  it('plays below a path', async () => {
    await using server = await serve(lock, { port: 0, basePath: '/envs/lock' })
    const scripts = [[['reset', { seed: 1, episode_id: 'below' }], ['state']]] as const
    const [answers] = await player.play({ url: `${server.url}/`, style: 'sync', scripts })
    expect(answers?.[1]).toEqual({ state: { episode_id: 'below', step_count: 0, right: 0 } })
  })

  it('finds metadata where its version looks: at the top since 0.8, inside before', async () => {
    await using server = await serve(lock, { port: 0 })
    const scripts = [
      [
        ['reset', { seed: 1 }],
        ['step', { digit: 0 }],
      ],
    ] as const
    const [answers] = await player.play({ url: server.url, style: 'async', scripts })
    expect(answers?.map(({ observation }) => observation?.['metadata'])).toEqual([
      { tries_left: 8 },
      { tries_left: 7, 'reward.right': 0 },
    ])
    const atTop = answers?.map(({ metadata }) => metadata)
    if (peer === 'openenv-core-0.2.3') expect(atTop).toEqual([undefined, undefined])
    else expect(atTop).toEqual([{ tries_left: 8 }, { tries_left: 7, 'reward.right': 0 }])
  })

  it('sends a bad action, is told so, and goes on with a good one on the same socket', async () => {
    await using server = await serve(lock, { port: 0, maxSessions: 1 })
    const good = { digit: digitAt(2, 0) }
    const scripts = [
      [
        ['reset', { seed: 2, episode_id: 'bad' }],
        ['step', { dgit: 1 }],
        ['step', { digit: 77 }],
        ['step', good],
        ['state'],
      ],
    ] as const
    const [answers] = await player.play({ url: server.url, style: 'async', scripts })
    const refused = {
      error: expect.stringMatching(/^RuntimeError: Server error: .+ \(code: VALIDATION_ERROR\)$/) as string,
    }
    expect(answers?.slice(1, 3)).toEqual([refused, refused])
    expect(answers?.[3]).toMatchObject({ reward: 0.25, done: false })
    expect(answers?.[4]).toEqual({ state: { episode_id: 'bad', step_count: 1, right: 1 } })
  })

  it.each(['async', 'sync'] as const)(
    'reads the reason when there is no session left, %s and lazy',
    async (style) => {
      await using server = await serve(lock, { port: 0, maxSessions: 1 })
      await using _held = await holdSession(server.url)
      const [answers] = await player.play({ url: server.url, style, lazy: true, scripts: [[['reset', {}]]] })
      expect(answers).toEqual([
        {
          error: expect.stringMatching(
            /^RuntimeError: Server error: .+ \(code: CAPACITY_REACHED\)$/,
          ) as string,
        },
      ])
    },
  )

  it('frees its only slot at once when it leaves in the middle of a step', async () => {
    await using server = await serve(slow, { port: 0, maxSessions: 1 })
    const client = { message_timeout_s: 0.5 }
    const plan = { url: server.url, style: 'async', client } as const
    const [first] = await player.play({
      ...plan,
      scripts: [
        [
          ['reset', {}],
          ['step', { seconds: 600 }],
        ],
      ],
    })
    expect(first?.[1]?.error).toMatch(/Timeout/)
    const [second] = await player.play({
      ...plan,
      scripts: [
        [
          ['reset', {}],
          ['step', { seconds: 0 }],
        ],
      ],
    })
    expect(second?.[1]?.observation).toEqual({ slept: 0, metadata: {} })
  })

  it('reads answers of some megabytes', async () => {
    await using server = await serve(echo, { port: 0 })
    const message = 'é'.repeat(2_500_000)
    const scripts = [
      [
        ['reset', {}],
        ['step', { message }],
      ],
    ] as const
    const [answers] = await player.play({ url: server.url, style: 'async', scripts })
    expect(answers?.[1]?.observation?.['message'] === message).toBe(true)
  })

  // 0.2.3 keeps its socket after a timeout and reads the late answer as the next one.
  if (peer !== 'openenv-core-0.2.3') {
    it('gives up a slow step, comes back at once, and finds the only slot free', async () => {
      await using server = await serve(slow, { port: 0, maxSessions: 1 })
      const scripts = [
        [['reset', {}], ['step', { seconds: 600 }], ['reset', {}], ['step', { seconds: 0.1 }], ['state']],
      ] as const
      const client = { message_timeout_s: 0.5 }
      const [answers] = await player.play({ url: server.url, style: 'async', client, scripts })
      expect(answers?.[1]?.error).toMatch(/Timeout/)
      expect(answers?.slice(2, 4).map(({ observation }) => observation)).toEqual([
        { slept: 0, metadata: {} },
        { slept: 0.1, metadata: {} },
      ])
      expect(answers?.[4]?.state).toMatchObject({ step_count: 1 })
    })

    it('learns that it lost its session: a step on the new one is refused', async () => {
      await using server = await serve(slow, { port: 0 })
      const scripts = [
        [
          ['reset', {}],
          ['step', { seconds: 600 }],
          ['step', { seconds: 0 }],
        ],
      ] as const
      const client = { message_timeout_s: 0.5 }
      const [answers] = await player.play({ url: server.url, style: 'sync', client, scripts })
      expect(answers?.[2]?.error).toMatch(/^RuntimeError: Server error: .*reset.* \(code: EXECUTION_ERROR\)$/)
    })

    it('has its pings answered while a step runs', async () => {
      await using server = await serve(slow, { port: 0 })
      const client = { websocket_ping_interval_s: 0.2, websocket_ping_timeout_s: 1 }
      const scripts = [
        [
          ['reset', {}],
          ['step', { seconds: 3 }],
        ],
      ] as const
      const [answers] = await player.play({ url: server.url, style: 'async', client, scripts })
      expect(answers?.[1]?.observation).toEqual({ slept: 3, metadata: {} })
    })
  }

  if (peer === 'openenv-0.10.0') {
    it('may send headers, a token among them, to a server that wants none', async () => {
      await using server = await serve(lock, { port: 0 })
      const client = { headers: { Authorization: 'Bearer secret', 'X-Trace': '7' } }
      const [answers] = await player.play({
        url: server.url,
        style: 'with',
        client,
        scripts: [[['reset', {}]]],
      })
      expect(answers?.[0]).toMatchObject({ done: false })
    })
  }
})
