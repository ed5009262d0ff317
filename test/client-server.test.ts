// Our client on our server: what an episode promises holds on both sides of a socket.
import { connect, countTasks, info, listSplits, listTasks, type RemoteEpisode } from '@openenv-ts/client'
import {
  isOpenEnvError,
  openLocal,
  definePureEnvironment,
  taskList,
  type AnyEnvironment,
  type ErrorCode,
} from '@openenv-ts/core'
import { counter, episodeSuite } from '@openenv-ts/core/testing'
import { wireSchemas } from '@openenv-ts/core/wire'
import { serve, type ListenOptions, type RunningServer } from '@openenv-ts/server/node'
import echo from '@openenv-ts/echo'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import guess from '@openenv-ts/examples/guess.ts'

/** Finds a letter; a task fixes the word and the seed how it is turned. */
const letters = definePureEnvironment({
  name: 'letters',
  description: 'Name the letter at a place of a word that nobody shows.',
  action: z.strictObject({ letter: z.string().length(1) }),
  observation: z.strictObject({ length: z.int(), right: z.int() }),
  state: z.strictObject({ word: z.string(), at: z.int(), right: z.int() }),
  tasks: taskList({
    train: [
      { id: 'short', word: 'ab' },
      { id: 'long', word: 'abcdefghij' },
      { id: 'odd', word: 'xyz' },
    ],
    test: [{ id: 'last', word: 'zz' }],
  }),
  initial: ({ random, task }) => {
    const word = task?.data.word ?? ''
    return { word, at: random.integer(0, word.length - 1), right: 0 }
  },
  transition: ({ word, at, right }, { letter }, { random }) => ({
    word,
    at: random.integer(0, word.length - 1),
    right: right + (letter === word[at] ? 1 : 0),
  }),
  observe: ({ word, right }) => ({ length: word.length, right }),
  reward: { right: ({ right }, { before }) => right - (before?.right ?? 0) },
  status: ({ right }) => (right === 3 ? 'terminated' : 'running'),
  invalid: (state) => state,
})

async function failure(call: Promise<unknown>, code: ErrorCode): Promise<string> {
  const error: unknown = await call.then(() => 'it did not fail').catch((reason: unknown) => reason)
  if (!isOpenEnvError(error)) throw new Error(`Expected an OpenEnvError, got ${String(error)}`)
  expect(error.code).toBe(code)
  return error.message
}

async function serving(environment: AnyEnvironment, options: ListenOptions = {}): Promise<RunningServer> {
  return serve(environment, { port: 0, ...options })
}

for (const environment of [counter, guess, echo, letters] as AnyEnvironment[]) {
  describe(`a remote episode of ${environment.name}`, () => {
    let server: RunningServer
    beforeAll(async () => {
      server = await serving(environment)
    })
    afterAll(() => server.close())
    const suite = episodeSuite(environment, () => connect(server.url, { environment }))
    for (const { name, run } of suite) it(name, () => expect(run()).resolves.toBeUndefined())
  })
}

describe('with a definition', () => {
  it('is what a local episode is, to the letter of its types', async () => {
    await using server = await serving(guess)
    await using episode = await connect(server.url, { environment: guess })
    expectTypeOf(episode).toExtend<RemoteEpisode<{ number: number }, { hint: string; triesLeft: number }>>()
    const first = await episode.reset({ seed: 7 })
    expect(first.observation).toEqual({ hint: 'start', triesLeft: 7 })
    const next = await episode.step({ number: 50 })
    expectTypeOf(next.observation.hint).toEqualTypeOf<'start' | 'higher' | 'lower' | 'found'>()
    // @ts-expect-error -- a misspelled field is an error before it is sent, and one of the server's after
    await failure(episode.step({ nubmer: 50 }), 'VALIDATION_ERROR')
    await using local = openLocal(guess)
    await local.reset({ seed: 7 })
    expect(next.observation).toEqual((await local.step({ number: 50 })).observation)
    expect(await episode.state()).toMatchObject({ stepCount: 1 })
  })

  it('keeps truncated apart from terminated', async () => {
    await using server = await serving(guess)
    await using episode = await connect(server.url, { environment: guess })
    await episode.reset({ seed: 7 })
    let status = episode.status
    for (let tries = 0; tries < 7; tries += 1) ({ status } = await episode.step({ number: 100 }))
    expect(status).toBe('truncated')
  })
})

describe('fork', () => {
  it.each([
    ['a given seed', { seed: 12 }],
    ['a drawn seed', {}],
    ['a task', { taskId: 'long' }],
    ['a split and a place in it', { split: 'train', index: 1 }],
    ['a split and a seed', { split: 'test', seed: 5 }],
    ['a seed and a task', { seed: 3, taskId: 'odd' }],
  ])('goes on alone from the same position, after a reset with %s', async (_name, options) => {
    await using server = await serving(letters)
    await using episode = await connect(server.url, { environment: letters })
    await episode.reset({ ...options, episodeId: 'trunk' })
    await episode.step({ letter: 'a' })
    await episode.step({ letter: 'too long' })
    await using branch = await episode.fork()
    expect([branch.stepCount, branch.status]).toEqual([2, 'running'])
    const { episodeId: id, stepCount: count } = await branch.state()
    expect([id === 'trunk', count]).toEqual([false, 2])
    for (const letter of 'abcxyzab') {
      if (episode.status !== 'running') break
      expect(await branch.step({ letter })).toEqual(await episode.step({ letter }))
    }
    await branch.close()
    await episode.state()
  })

  it('is refused when the server is full, and the episode goes on', async () => {
    await using server = await serving(letters, { maxSessions: 1 })
    await using episode = await connect(server.url, { environment: letters })
    await episode.reset({ seed: 1 })
    await failure(episode.fork(), 'CAPACITY_REACHED')
    await episode.step({ letter: 'a' })
  })
})

describe('sessions', () => {
  it('are refused with how many there are when the server is full, and freed by close', async () => {
    await using server = await serving(echo, { maxSessions: 1 })
    const first = await connect(server.url)
    await first.reset()
    await using second = await connect(server.url)
    const error: unknown = await second.reset().catch((reason: unknown) => reason)
    expect(isOpenEnvError(error) && [error.code, error.data]).toEqual([
      'CAPACITY_REACHED',
      expect.objectContaining({ active_sessions: 1, max_sessions: 1 }),
    ])
    await first.close()
    await second.reset()
    expect((await second.step({ message: 'free' })).observation).toEqual({ message: 'free' })
  })

  it('are lost with their server, and made anew by reset when it is back', async () => {
    const server = await serving(echo)
    await using episode = await connect(server.url, { retries: 20 })
    await episode.reset()
    await server.close()
    expect(await failure(episode.step({ message: 'gone' }), 'EXECUTION_ERROR')).toContain('call reset')
    const reset = episode.reset()
    await using _again = await serving(echo, { port: server.port })
    await reset
    expect((await episode.step({ message: 'back' })).observation).toEqual({ message: 'back' })
  })

  it('survive a message of five megabytes and refuse one beyond the limit', async () => {
    await using server = await serving(echo)
    await using episode = await connect(server.url, { environment: echo })
    await episode.reset()
    const message = 'x'.repeat(5_000_000)
    expect((await episode.step({ message })).observation.message).toBe(message)
    const refused: unknown = await episode
      .step({ message: message.repeat(4) })
      .catch((reason: unknown) => reason)
    // Writing may fail before the reason for the close can be read.
    expect(isOpenEnvError(refused) && ['TOO_LARGE', 'CONNECTION_ERROR'].includes(refused.code)).toBe(true)
    await episode.reset()
  })

  it('work below a path, with any number at once', async () => {
    await using server = await serving(counter, { basePath: '/envs/counter' })
    const episodes = await Promise.all(Array.from({ length: 32 }, () => connect(server.url)))
    await Promise.all(episodes.map((episode) => episode.reset({ seed: 1 })))
    await Promise.all(episodes.map((episode) => episode.close()))
    expect(server.url.endsWith('/envs/counter')).toBe(true)
  })

  it('carry their token', async () => {
    await using server = await serving(echo, { tokens: { control: 'let-me-in-please' } })
    expect(await failure(connect(server.url), 'CONNECTION_ERROR')).toContain('token')
    await using episode = await connect(server.url, { token: 'let-me-in-please' })
    await episode.reset()
  })
})

describe('over HTTP', () => {
  it('tells what is served', async () => {
    await using server = await serving(letters)
    const { health, metadata, schemas } = await info(server.url)
    expect(health.status).toBe('healthy')
    expect(metadata).toMatchObject({ name: 'letters', description: letters.description, version: '0.0.0' })
    expect(schemas).toEqual(wireSchemas(letters))
  })

  it('lists tasks that reset takes as they are listed', async () => {
    await using server = await serving(letters)
    expect((await listSplits(server.url)).map(({ name }) => name)).toEqual(['train', 'test'])
    expect(await countTasks(server.url)).toBe(3)
    const tasks = await listTasks(server.url)
    expect(tasks.map(({ id, split, index }) => [id, split, index])).toEqual([
      ['short', 'train', 0],
      ['long', 'train', 1],
      ['odd', 'train', 2],
    ])
    expect((await listTasks(server.url, { start: 1, stop: 2 })).map(({ id }) => id)).toEqual(['long'])
    await failure(listTasks(server.url, { split: 'none' }), 'VALIDATION_ERROR')
    await using episode = await connect(server.url)
    const [short, long] = tasks
    for (const [task, length] of [
      [short, 2],
      [long, 10],
    ] as const) {
      if (task === undefined) throw new Error('no task')
      for (const options of [
        { taskId: task.id },
        { split: task.split, index: task.index },
        { taskSpec: task },
      ]) {
        expect((await episode.reset(options)).observation).toEqual({ length, right: 0 })
      }
    }
  })

  it('has no tasks where the environment has none', async () => {
    await using server = await serving(echo)
    await failure(listTasks(server.url), 'NOT_SUPPORTED')
  })
})
