import { openLocal } from '@openenv-ts/core'
import { connectOrs, type OrsObservation } from '@openenv-ts/client'
import emailTriage, { oracle } from '@openenv-ts/email-triage'
import { serve } from '@openenv-ts/server/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { playOrs, serveOrs, SKIPPED, type OrsEpisodePlan, type OrsPeer, type Server } from './peers.ts'
import { inspect } from '@openenv-ts/server/testing'

// Unmodified Python clients of ORS play whole episodes on our server with the right actions, and see the rewards of an
// episode in this process. Our client plays on their servers.

/** One episode with the oracle's actions, and what it has to give. */
interface Expected {
  readonly prompt: string
  readonly calls: readonly (readonly [string, object])[]
  readonly rewards: readonly (number | null)[]
  readonly infos: readonly object[]
}

async function expectedOf(index: number): Promise<Expected> {
  await using episode = openLocal(emailTriage)
  const opening = await episode.reset({ split: 'canonical', index })
  let { observation, done } = opening
  const first = JSON.stringify(observation)
  const calls: [string, object][] = []
  const rewards: (number | null)[] = []
  const infos: object[] = []
  while (!done) {
    const action = oracle(observation)
    const reply = await episode.step(action)
    calls.push(['act', action])
    rewards.push(reply.reward)
    infos.push(reply.info)
    ;({ observation, done } = reply)
  }
  return {
    prompt: `${String(await episode.prompt())}\nroutes: ${String(opening.info['routes'])}\n\nFirst observation:\n${first}`,
    calls,
    rewards,
    infos,
  }
}

let expected: readonly Expected[]
beforeAll(async () => {
  expected = await Promise.all([0, 1, 2].map(expectedOf))
})

const CLIENTS = [
  { peer: 'ors-sdk-0.1.0', client: 'ors', naming: 'the environment named', extra: {} },
  { peer: 'openreward-0.1.167', client: 'openreward', naming: 'bare paths', extra: {} },
  {
    peer: 'openreward-0.1.167',
    client: 'openreward',
    naming: 'the environment named',
    extra: { variant: 'email-triage' },
  },
] as const

describe.skipIf(SKIPPED)('Python’s clients of ORS on our server', () => {
  it.each(CLIENTS)(
    '$client plays every task of email-triage with $naming',
    async ({ peer, client, extra }) => {
      await using server = await serve(emailTriage, { port: 0, tokens: { control: 'control-token' } })
      const episodes = expected.map(({ calls }, index): OrsEpisodePlan => {
        // An unknown tool first, a call after the end last.
        const all: OrsEpisodePlan['calls'] = [['zip', {}], ...calls, ['act', {}]]
        return index === 1 ? { task: index, calls: all } : { index, calls: all }
      })
      const seen = await playOrs(peer, {
        client,
        url: server.url,
        environment: 'email-triage',
        split: 'canonical',
        key: 'control-token',
        ...extra,
        episodes,
      })
      expect(seen).toMatchObject({
        splits: ['canonical'],
        count: 3,
        task: { id: 'task_easy', index: 0 },
        range: ['task_medium', 'task_hard'],
        environment_names: ['email-triage'],
        tools: ['act', 'observe'],
      })
      expect(seen.episodes).toHaveLength(3)
      for (const [index, { prompt, tools, messages, calls }] of seen.episodes.entries()) {
        const { rewards, infos, prompt: told } = expected[index] as Expected
        expect(prompt).toEqual([told])
        expect(tools).toEqual(['act', 'observe'])
        expect(messages).toEqual(client === 'ors' ? null : [['user', [told]]])
        const [unknown, ...others] = calls
        const refused = others.pop()
        expect(unknown?.error).toMatch(/^ToolCallError: .*'zip' is not a valid tool$/)
        expect(refused?.error).toMatch(client === 'ors' ? /has finished/ : /^ToolCallError: episode_finished/)
        expect(others.map(({ reward }) => reward)).toEqual(rewards)
        expect(others.map(({ metadata }) => metadata)).toEqual(infos)
        expect(others.map(({ finished }) => finished)).toEqual(
          rewards.map((_, at) => at === rewards.length - 1),
        )
      }
      expect(inspect(server).sessions.size).toBe(0)
    },
  )

  it('TRL’s OpenRewardSpec builds, resets, calls tools, reads rewards and takes leave', async () => {
    await using server = await serve(emailTriage, { port: 0 })
    const episodes = expected.map(({ calls }, index) => ({ index, calls }))
    const seen = await playOrs('openreward-0.1.167', {
      client: 'trl',
      url: server.url,
      environment: 'env',
      split: 'canonical',
      episodes,
    })
    expect(seen.episodes).toHaveLength(3)
    for (const [index, episode] of seen.episodes.entries()) {
      const { rewards, infos, prompt } = expected[index] as Expected
      expect(episode.prompt).toEqual([prompt])
      expect(episode.rewards).toEqual(rewards)
      expect(episode.metadata).toEqual(infos)
      expect(episode.finished).toBe(true)
      expect(episode.reward).toBe(rewards.at(-1))
    }
    expect(seen.closed).toBe(true)
    expect(inspect(server).sessions.size).toBe(0)
  })
})

describe.skipIf(SKIPPED).each(['ors-sdk-0.1.0', 'openreward-0.1.167'] as const)(
  'our client of ORS on the server of %s',
  (peer: OrsPeer) => {
    const newer = peer === 'openreward-0.1.167'
    let server: Server
    beforeAll(async () => {
      server = await serveOrs(peer)
    })
    afterAll(() => server[Symbol.asyncDispose]())

    const resultOf = (observation: OrsObservation) =>
      'result' in observation && observation.result !== null ? observation.result : undefined

    it('plays an episode to its end', async () => {
      await using episode = await connectOrs(server.url)
      expect(episode.environment).toBe('vault')
      const { observation } = await episode.reset({ split: 'train', index: 2 })
      expect(observation).toMatchObject({
        prompt: expect.stringContaining('The vault has one wheel.'),
        messages: newer ? [{ role: 'system' }, { role: 'user' }] : null,
      })
      const wrong = await episode.step({ tool_name: 'turn', arguments: { digit: 7 } })
      expect(wrong).toMatchObject({ reward: -0.25, done: false, status: 'running', info: { tries: 1 } })
      expect(resultOf(wrong.observation)).toMatchObject({
        data: 'shut',
        structured_content: { tries: 1, deep: { list: [1, 2] } },
      })
      const right = await episode.step({ tool_name: 'turn', arguments: { digit: 4 } })
      expect(right).toMatchObject({ reward: 1, done: true, status: 'terminated' })
      expect(episode.stepCount).toBe(2)
    })

    it('puts together long results, and gets pictures', async () => {
      await using episode = await connectOrs(server.url)
      await episode.reset()
      const { observation } = await episode.step({ tool_name: 'read' })
      expect(resultOf(observation)?.data).toBe(
        `${'Grüße, 世界 🙂 '.repeat(20)}${'x'.repeat(4090)}\n`.repeat(20),
      )
      expect(resultOf(observation)?.content[1]).toMatchObject({ type: 'image', mimeType: 'image/png' })
    })

    it('shows refused calls as observations, and rejects what the tool itself throws', async () => {
      await using episode = await connectOrs(server.url)
      await episode.reset()
      expect((await episode.step({ tool_name: 'zip' })).observation).toMatchObject({
        error: { error_type: 'tool_not_found' },
      })
      const bad = await episode.step({ tool_name: 'turn', arguments: { digit: 'x' } })
      expect(bad.observation).toMatchObject({ error: { error_type: 'invalid_args' } })
      await expect(episode.step({ tool_name: 'jam' })).rejects.toMatchObject({
        code: 'EXECUTION_ERROR',
        message: expect.stringContaining('The wheel jams.\nTwice.'),
      })
    })

    it('lists splits, tasks and tools; the tool for the last words is marked', async () => {
      await using episode = await connectOrs(server.url)
      expect(await episode.listSplits()).toEqual([
        { name: 'train', type: 'train' },
        { name: 'exam', type: 'validation' },
      ])
      expect(await episode.countTasks('exam')).toBe(1)
      expect((await episode.listTasks({ start: 1 })).map(({ id }) => id)).toEqual(['code-1', 'code-4'])
      await episode.reset({ taskId: 'code-9' })
      const tools = await episode.tools.listTools()
      expect(tools.map(({ name }) => name).sort()).toEqual(['jam', 'read', 'shout', 'turn', 'who'])
      expect(tools.find(({ name }) => name === 'shout')?.terminal).toBe(newer ? true : undefined)
      const last = await episode.tools.callTool('shout', { text: 'Open!' })
      expect(last).toMatchObject({ isError: false, content: [{ type: 'text', text: 'Open!' }] })
      expect(episode.status).toBe('terminated')
    })

    it('brings secrets to either', async () => {
      await using episode = await connectOrs(server.url, { secrets: { BADGE: 'Ada' } })
      await episode.reset()
      expect(resultOf((await episode.step({ tool_name: 'who' })).observation)?.data).toBe('Ada')
    })

    it('says what failed in a setup, and is not hurt by it', async () => {
      await using episode = await connectOrs(server.url, { environment: 'broken' })
      await expect(episode.reset()).rejects.toMatchObject({
        http: 500,
        message: expect.stringContaining('setup died'),
      })
      await using other = await connectOrs(server.url)
      expect((await other.reset()).done).toBe(false)
    })
  },
)
