import { openLocal, type Episode } from '@openenv-ts/core'
import { connect } from '@openenv-ts/client'
import { replay, rollout, type PolicyContext } from '@openenv-ts/rollout'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { digitAt, lock } from './lock.ts'
import { command, PEERS, servePython, SKIPPED, type Server } from './peers.ts'

// Our client plays the stock Python server: the same game there and here gives the same episode.

const VARIANTS = PEERS.flatMap((peer) => [
  { peer, kind: 'synchronous', flags: [] },
  { peer, kind: 'asynchronous', flags: ['--asynchronous'] },
])
const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7]

describe.skipIf(SKIPPED).each(VARIANTS)('a $kind environment on the server of $peer', ({ peer, flags }) => {
  let server: Server
  beforeAll(async () => {
    server = await servePython(peer, 'lock', ...flags)
  })
  afterAll(() => server[Symbol.asyncDispose]())
  // 0.2.3 loses metadata on the way.
  const losesInfo = peer === 'openenv-core-0.2.3'

  it.each(['from its definition', 'from /schema at run time'])(
    'is played by an episode typed %s',
    async (typed) => {
      const options = typed === 'from its definition' ? { environment: lock } : {}
      await Promise.all(
        SEEDS.map(async (seed) => {
          await using there = await connect(server.url, options)
          await using here = openLocal(lock)
          expect(await playOut(there as Episode, seed)).toEqual((await playOut(here, seed)).map(told))
        }),
      )
    },
  )

  it('refuses a bad action as ours does, and goes on', async () => {
    await using episode = await connect(server.url)
    await episode.reset({ seed: 3 })
    await expect(episode.step({ digit: 11 })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      issues: [{ loc: ['digit'] }],
    })
    expect(await episode.step({ digit: digitAt(3, 0) })).toMatchObject({ reward: 0.25 })
    expect(await episode.state()).toMatchObject({ stepCount: 1 })
  })

  it('cannot fork or be saved', async () => {
    await using episode = await connect(server.url)
    await episode.reset({ seed: 3 })
    await expect(episode.fork()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect(episode.snapshot()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  it('is played by a rollout whose run is proved against it, and scores as the game here does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openenv-ts-peers-'))
    try {
      const settings = { repeats: 24, seed: 5 }
      const there = await rollout(server.url, countUp, { ...settings, out: join(folder, 'run') })
      const here = await rollout(lock, countUp, { ...settings, out: false })
      const scores = (run: typeof there): unknown =>
        run.episodes.map(({ outcome, return: total }) => [outcome, total])
      expect(there.finished).toBe(true)
      expect(there.episodes).toHaveLength(24)
      expect(scores(there)).toEqual(scores(here))
      const proof = await replay(join(folder, 'run'), () => connect(server.url))
      expect(proof).toMatchObject({ ok: true, episodes: 24 })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('is scored by the command', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'openenv-ts-peers-'))
    try {
      const { code, stdout, stderr } = await command(
        ...[
          'eval',
          server.url,
          '--policy',
          'constant',
          '--action',
          '{"digit":0}',
          '--repeats',
          '8',
          '--json',
        ],
        ...['--out', join(folder, 'run')],
      )
      expect(code, stderr).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({
        env: expect.any(String),
        episodes: 8,
        outcomes: { completed: 8 },
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  /** What of a reply of ours Python's server can tell: it knows a reward as one number, without its terms. */
  function told(reply: object): object {
    const { info, terms: _unknown, ...rest } = reply as { info?: object; terms?: unknown }
    if (info === undefined) return rest
    const known = Object.entries(info).filter(([key]) => !key.startsWith('reward.'))
    return { ...rest, info: losesInfo ? {} : Object.fromEntries(known) }
  }
})

/** Every reply and the state at the end, in the shape that local and remote episodes share. */
async function playOut(episode: Episode, seed: number): Promise<object[]> {
  const seen: object[] = []
  let reply = await episode.reset({ seed, episodeId: `lock-${String(seed)}` })
  for (let digit = 0; !reply.done; digit += 1) {
    seen.push(reply)
    reply = await episode.step({ digit: (digit * 3) % 10 })
  }
  return [...seen, await episode.state()]
}

/** Tries the digits in turn. */
function countUp(_observation: unknown, { index }: PolicyContext): { digit: number } {
  return { digit: (index * 7) % 10 }
}
