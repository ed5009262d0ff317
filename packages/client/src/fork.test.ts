import { isOpenEnvError, definePureEnvironment, type Environment } from '@openenv-ts/core'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'
import { HISTORY_LIMITS } from './history.ts'
import { connect, type NodeConnectOptions, type RemoteEpisode } from './index.ts'
import {
  counting,
  errorFrame,
  observation,
  scriptedServer,
  type Script,
  type ScriptedServer,
} from '../test/scripted-server.ts'

const counter = definePureEnvironment({
  name: 'counter',
  description: 'Counts.',
  action: z.looseObject({}),
  observation: z.looseObject({}),
  state: z.strictObject({ count: z.int() }),
  initial: () => ({ count: 0 }),
  transition: ({ count }) => ({ count: count + 1 }),
  observe: (state) => state,
  reward: {},
  status: () => 'running',
})

type Data = Record<string, unknown>
const opened: AsyncDisposable[] = []
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]()
})

async function play(
  script: Script = {},
  options: NodeConnectOptions & { readonly environment?: Environment<Data, Data> } = {},
): Promise<{ server: ScriptedServer; episode: RemoteEpisode<Data, Data> }> {
  const server = await scriptedServer(script)
  const episode = await connect(server.url, { environment: counter, ...options })
  opened.push(server, episode)
  return { server, episode }
}

async function refusal(episode: RemoteEpisode<Data, Data>): Promise<string> {
  const error: unknown = await episode.fork().catch((reason: unknown) => reason)
  if (!isOpenEnvError(error)) throw new Error(`Expected an OpenEnvError, got ${String(error)}`)
  return `${error.code}: ${error.message}`
}

it('plays the episode again on a second connection, and both go on alone', async () => {
  const { server, episode } = await play()
  await episode.reset({ seed: 3, taskId: 't', episodeId: 'mine' })
  await episode.step({ a: 1 })
  await using branch = await episode.fork()
  await branch.step({ b: 2 })
  await branch.step({ c: 3 })
  expect((await episode.step({ d: 4 })).observation).toEqual({ count: 2 })
  expect([episode.stepCount, branch.stepCount]).toEqual([2, 3])
  expect(server.connections.map(({ received }) => received.map(({ data }) => data))).toEqual([
    [{ seed: 3, task_id: 't', episode_id: 'mine' }, { a: 1 }, { d: 4 }],
    [{ seed: 3, task_id: 't' }, { a: 1 }, { b: 2 }, { c: 3 }],
  ])
})

it('forks a fork', async () => {
  const { server, episode } = await play()
  await episode.reset({ seed: 3 })
  await episode.step({ a: 1 })
  await using branch = await episode.fork()
  await branch.step({ b: 2 })
  await using twig = await branch.fork()
  expect([twig.stepCount, twig.status]).toEqual([2, 'running'])
  expect(server.connections[2]?.received.map(({ data }) => data)).toEqual([{ seed: 3 }, { a: 1 }, { b: 2 }])
})

it('takes a drawn seed from the state, and still the task of a reset without one [OE-4]', async () => {
  const { server, episode } = await play()
  await episode.reset({ options: { hard: true } })
  await using _branch = await episode.fork()
  expect(server.connections[1]?.received[0]?.data).toEqual({ hard: true, seed: 5, index: 0 })
  await episode.reset({ split: 'test', index: 4 })
  await using _other = await episode.fork()
  expect(server.connections[2]?.received[0]?.data).toEqual({ split: 'test', index: 4, seed: 5 })
})

it('waits its turn, so that no step comes in between', async () => {
  const { episode } = await play()
  await episode.reset({ seed: 3 })
  const [, branch] = await Promise.all([episode.step({}), episode.fork(), episode.step({})])
  expect([episode.stepCount, branch.stepCount]).toEqual([2, 1])
  await branch.close()
})

it('does not count what the server refused', async () => {
  const { server, episode } = await play({
    answer: (message, connection) =>
      message.data?.['bad'] === true
        ? errorFrame('VALIDATION_ERROR', 'Invalid')
        : counting(message, connection),
  })
  await episode.reset({ seed: 3 })
  await expect(episode.step({ bad: true })).rejects.toThrow('Invalid')
  await using _branch = await episode.fork()
  expect(server.connections[1]?.received).toHaveLength(1)
})

it('needs a reset first', async () => {
  const { episode } = await play()
  expect(await refusal(episode)).toContain('EXECUTION_ERROR: There is no episode yet')
})

it.each<[string, NodeConnectOptions & { environment?: Environment<Data, Data> }, string]>([
  ['fork is switched off', { fork: false }, 'fork: false'],
  [
    'the environment is not deterministic',
    { environment: { ...counter, deterministic: false } },
    'not deterministic',
  ],
])('refuses when %s', async (_name, options, reason) => {
  const { server, episode } = await play({}, options)
  await episode.reset({ seed: 3 })
  expect(await refusal(episode)).toMatch(`NOT_SUPPORTED: This episode cannot fork: `)
  expect(await refusal(episode)).toContain(reason)
  expect(server.connections).toHaveLength(1)
})

it('refuses when it does not know the environment', async () => {
  const server = await scriptedServer()
  opened.push(server)
  await using episode = await connect(server.url)
  await episode.reset({ seed: 3 })
  expect(await refusal(episode)).toContain('NOT_SUPPORTED: This episode cannot fork: connect was not given')
})

it('refuses when the seed was drawn and is not shown', async () => {
  const { episode } = await play({
    answer: ({ type }) =>
      type === 'state' ? { type, data: { episode_id: null, step_count: 0 } } : observation({}),
  })
  await episode.reset()
  expect(await refusal(episode)).toContain(
    'NOT_SUPPORTED: This episode cannot fork: it was reset without a seed',
  )
})

it.each<[string, string, (n: number) => unknown]>([
  ['the reset is answered otherwise', 'at reset', (n) => observation({ n })],
  ['the reset is refused', 'with an error', () => errorFrame('EXECUTION_ERROR', 'no')],
])('refuses, and leaves no connection open, when %s', async (_name, where, second) => {
  const { server, episode } = await play({
    answer: (message, connection) =>
      message.type === 'reset' && connection.number > 1
        ? second(connection.number)
        : counting(message, connection),
  })
  await episode.reset({ seed: 3 })
  expect(await refusal(episode)).toMatch(/^NOT_SUPPORTED: /)
  expect(await refusal(episode)).toContain(where)
  await expect
    .poll(() => server.connections.slice(1).every(({ socket }) => socket.readyState === 3))
    .toBe(true)
  await episode.step({})
})

it('names the first step that is answered otherwise', async () => {
  const { episode } = await play({
    answer: (message, connection) =>
      message.data?.['n'] === 2 && connection.number > 1
        ? observation({ count: 99 })
        : counting(message, connection),
  })
  await episode.reset({ seed: 3 })
  for (const n of [1, 2, 3]) await episode.step({ n })
  expect(await refusal(episode)).toContain('at step 2')
})

it('passes on that the server is full', async () => {
  const { episode } = await play({
    connected: ({ number, send }) => {
      if (number > 1) send(errorFrame('CAPACITY_REACHED', 'Full'))
    },
  })
  await episode.reset({ seed: 3 })
  expect(await refusal(episode)).toBe('CAPACITY_REACHED: Full')
})

it('forgets an episode that grows too large to remember, and remembers again after a reset', async () => {
  const { episode } = await play({ answer: () => observation({}) })
  await episode.reset({ seed: 3 })
  const text = 'x'.repeat(800_000)
  for (let sent = 0; sent <= HISTORY_LIMITS.characters; sent += text.length) await episode.step({ text })
  expect(await refusal(episode)).toContain('longer than what the client remembers')
  await episode.reset({ seed: 3 })
  await using branch = await episode.fork()
  expect(branch.stepCount).toBe(0)
})

it('is given up when the episode is closed meanwhile', async () => {
  const { server, episode } = await play({
    answer: (message, connection) => (connection.number > 1 ? undefined : counting(message, connection)),
  })
  await episode.reset({ seed: 3 })
  const forking = refusal(episode)
  await expect.poll(() => server.connections[1]?.received.length).toBe(1)
  await episode.close()
  expect(await forking).toContain('CANCELLED')
  await expect.poll(() => server.connections[1]?.socket.readyState).toBe(3)
})
