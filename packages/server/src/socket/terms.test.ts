import { openLocal, definePureEnvironment, taskList } from '@openenv-ts/core'
import { expect, it } from 'vitest'
import { z } from 'zod'
import { post } from '../../test/http-client.ts'
import { McpSession } from '../../test/mcp-client.ts'
import { OrsClient } from '../../test/ors-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'

const MARK = 'seen by the grader only'
const graded = definePureEnvironment({
  name: 'graded',
  description: 'Say a word.',
  action: z.strictObject({ word: z.string() }),
  observation: z.strictObject({ word: z.string() }),
  state: z.strictObject({ word: z.string() }),
  tasks: taskList({ train: [{ id: 'one' }] }),
  initial: () => ({ word: '' }),
  transition: (_state, { word }) => ({ word }),
  observe: (state) => state,
  reward: {
    right: { weight: 0.5, score: ({ word }) => ({ value: word === 'yes', evidence: { why: MARK } }) },
    short: ({ word }) => word.length < 5,
  },
  status: ({ word }) => (word === 'yes' ? 'terminated' : 'running'),
})

const TERMS = [
  { name: 'right', value: 1, weight: 0.5, evidence: { why: MARK } },
  { name: 'short', value: 1, weight: 1 },
]
const INFO = { task_id: 'one', 'reward.right': 1, 'reward.short': 1, score: 1.5 }

it('reach orchestrators with weights and evidence, over the socket and HTTP [OE-25] [OE-28]', async () => {
  await using server = await serve(graded, { port: 0 })
  await using client = await SocketClient.open(server.url)
  await client.ask('reset')
  const { data } = await client.ask('step', { word: 'yes' })
  expect(data).toEqual({
    observation: { word: 'yes', metadata: INFO },
    reward: 1.5,
    done: true,
    metadata: INFO,
    terms: TERMS,
  })
  await post(server.url, '/reset')
  const { body } = await post(server.url, '/step', { action: { word: 'yes' } })
  expect(body).toMatchObject({ terms: TERMS, info: INFO, metadata: INFO })
  await using local = openLocal(graded)
  await local.reset()
  expect(await local.step({ word: 'yes' })).toMatchObject({ terms: TERMS, info: INFO, reward: 1.5 })
})

it('reach agents as values, and their evidence reaches no agent [OE-28]', async () => {
  await using server = await serve(graded, { port: 0, agentEpisode: 'one' })
  const session = await McpSession.open(`${server.url}/mcp`)
  const result = await session.call('act', { word: 'yes' })
  expect(result['structuredContent']).toMatchObject({ reward: 1.5, info: INFO })
  const ors = new OrsClient(server.url, 'graded')
  await ors.create({ split: 'train', index: 0 })
  const called = await ors.call('act', { word: 'yes' })
  expect(called).toMatchObject({ output: { metadata: INFO, reward: 1.5 } })
  const observed = await session.call('observe')
  for (const seen of [result, called, observed]) expect(JSON.stringify(seen)).not.toContain(MARK)
})

it('are no part of the minimal routes, whose replies are those of the environment alone', async () => {
  await using server = await serve(graded, { port: 0, routes: 'minimal' })
  await post(server.url, '/reset')
  const { body } = await post(server.url, '/step', { word: 'yes' })
  expect(body).toEqual({ observation: { word: 'yes' }, reward: 1.5, done: true, info: INFO })
})
