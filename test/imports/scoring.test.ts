import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { openLocal, type AnyEnvironment, type Reply } from '@openenv-ts/core'
import {
  openPythonEnvironment,
  type PythonEnvironment,
  type PythonEnvironmentOptions,
} from '@openenv-ts/python-bridge'
import { connect } from '@openenv-ts/client'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Fixture } from './episodes.ts'
import { expectSteps, playNatively } from './expected.ts'
import { importSource, MADE, nativeEntryOf, serveImported } from './imported.ts'

const opened: PythonEnvironment[] = []

beforeAll(async () => {
  expect((await importSource('judged', 'judged')).code).toBe(0)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(opened.splice(0).map((environment) => environment.close()))
})

async function judged(options: Partial<PythonEnvironmentOptions> = {}): Promise<AnyEnvironment> {
  const environment = await openPythonEnvironment({
    name: 'judged',
    description: 'Judged.',
    version: '0.0.0',
    package: join(MADE, 'judged'),
    source: { kind: 'verifiers', path: 'vendor/judged', module: 'judged', attribute: 'load_environment' },
    python: { requires: '>=3.11', requirements: 'python/requirements.lock' },
    sessions: 'shared',
    variables: ['OPENAI_API_KEY', 'OPENAI_BASE_URL'],
    ...options,
  })
  opened.push(environment)
  return environment
}

async function submit(
  environment: AnyEnvironment,
  completion: string,
): Promise<{ reply: Reply<unknown>; state: object }> {
  await using episode = openLocal(environment)
  await episode.reset({ split: 'train', index: 0 })
  const reply = await episode.step({ type: 'call_tool', tool_name: 'submit', arguments: { completion } })
  return { reply, state: await episode.state() }
}

describe('a reward function that raises on a completion [IM-23]', () => {
  it('keeps the library’s number, and is named to the orchestrator, with a flag on the episode', async () => {
    const { reply, state } = await submit(await judged({ arguments: { judged: false } }), 'I am trouble')
    expect(reply).toMatchObject({ reward: 0, done: true, info: { scoring_errors: 1 } })
    expect(state).toMatchObject({ scoring_errors: ['length: KeyError'] })
    expect(JSON.stringify(reply.observation)).not.toContain('KeyError')
  })

  it('is an error without a reward where scoring is strict', async () => {
    const strict = await judged({ arguments: { judged: false }, strictScoring: true })
    await expect(submit(strict, 'I am trouble')).rejects.toThrow('Reward functions raised: length: KeyError.')
    expect((await submit(strict, 'hello')).reply).toMatchObject({ reward: 0.05, done: true })
  })
})

describe('a judge [IM-16]', () => {
  it('that has no key keeps episodes from starting, and says what is missing', async () => {
    const environment = await judged({ variables: [] })
    await using episode = openLocal(environment)
    await expect(episode.reset({ split: 'train', index: 0 })).rejects.toThrow('set OPENAI_API_KEY')
  })

  it('that cannot be reached is an error, and neither 0 nor the sum of the rest [IM-23]', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'a key')
    vi.stubEnv('OPENAI_BASE_URL', 'http://127.0.0.1:9/v1')
    await expect(submit(await judged(), 'hello')).rejects.toThrow(
      /reward could not be computed: polite failed with RuntimeError/,
    )
  })

  it('that answers is asked with the endpoint and key of the environment’s configuration, and rewards are the library’s', async () => {
    const asked: { authorization: string | undefined; text: string }[] = []
    const server: Server = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk: Buffer) => (text += chunk.toString()))
      request.on('end', () => {
        asked.push({ authorization: request.headers.authorization, text })
        const choices = [{ index: 0, message: { role: 'assistant', content: 'Yes.' }, finish_reason: 'stop' }]
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ id: 'x', object: 'chat.completion', created: 0, model: 'm', choices }))
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    vi.stubEnv('OPENAI_API_KEY', 'a key')
    vi.stubEnv('OPENAI_BASE_URL', `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/v1`)
    const { reply } = await submit(await judged(), 'hello')
    const native: Fixture = {
      name: 'judged',
      native: 'verifiers_v0',
      variables: ['OPENAI_API_KEY', 'OPENAI_BASE_URL'],
      episodes: [{ split: 'train', index: 0, turns: [{ content: 'hello' }] }],
    }
    const [expected = []] = await playNatively(native, await nativeEntryOf('judged'))
    server.close()
    expectSteps([[reply.reward, reply.done]], expected, 'judged')
    expect(reply.reward).toBeCloseTo(1.05, 9)
    const question = { authorization: 'Bearer a key', text: expect.stringContaining('hello') as string }
    expect(asked).toEqual([question, question])
    // The library asks its judge the same in both.
    expect(asked[0]?.text).toBe(asked[1]?.text)
  })
})

describe('a source that keeps its state in its module [IM-13]', () => {
  it('is found to, and each of 16 sessions at a time has a state of its own', async () => {
    const { stdout } = await importSource('counting', 'counting')
    expect(stdout).toContain('Sessions: process')
    await using server = serveImported(['counting'])
    const [, url = ''] = await server.shows(/^Listening on (http:\/\/\S+)\n/m)
    const rewards = await Promise.all(
      Array.from({ length: 16 }, async () => {
        await using episode = await connect(url)
        await episode.reset()
        const seen: (number | null)[] = []
        for (let call = 0; call < 3; call += 1)
          seen.push((await episode.step({ tool_name: 'count', arguments: {} })).reward)
        return seen
      }),
    )
    expect(rewards).toEqual(Array.from({ length: 16 }, () => [0, 0, 1]))
  })
})
