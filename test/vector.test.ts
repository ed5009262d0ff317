import { connectVector } from '@openenv-ts/client'
import { openLocal, definePureEnvironment, taskList } from '@openenv-ts/core'
import { serve } from '@openenv-ts/server/node'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { errorFrame, scriptedServer } from '../packages/client/test/scripted-server.ts'
import guess from '@openenv-ts/examples/guess.ts'
import { inspect } from '@openenv-ts/server/testing'

// Gymnasium's vector environments, over one socket: what follows an end, seeds, masks, errors of one episode.

/** Counts to its task's number; shows the seed, so that a test sees which start it was. */
const counting = definePureEnvironment({
  name: 'counting',
  description: 'Count to the goal.',
  action: z.strictObject({ add: z.int().min(0).max(9) }),
  observation: z.strictObject({ total: z.int(), seed: z.int(), task: z.string() }),
  state: z.strictObject({ total: z.int(), seed: z.int(), goal: z.int(), task: z.string() }),
  tasks: taskList({
    train: [3, 4, 5].map((goal) => ({ id: `to-${String(goal)}`, goal })),
    long: [{ id: 'to-9', goal: 9 }],
  }),
  limits: { steps: 6 },
  initial: ({ seed, task }) => ({ total: 0, seed, goal: task?.data.goal ?? 3, task: task?.spec.id ?? '' }),
  transition: (state, { add }) => {
    if (add === 9) throw new Error('nine')
    return { ...state, total: state.total + add }
  },
  observe: ({ total, seed, task }) => ({ total, seed, task }),
  reward: { added: { weight: 0.1, score: (_state, { action }) => action?.add ?? 0 } },
  status: ({ total, goal }) => (total >= goal ? 'terminated' : 'running'),
  info: ({ total }) => ({ total }),
})
const add = (...numbers: number[]) => numbers.map((number) => ({ add: number }))

describe('a vector of episodes', () => {
  it('with next-step resets what has ended in the step after, whatever the action, for the reward 0', async () => {
    await using server = await serve(counting, { port: 0 })
    await using vector = await connectVector(server.url, { environment: counting, size: 3 })
    const start = await vector.reset({ seed: 0 })
    expect(start.observations).toEqual([
      { total: 0, seed: 0, task: 'to-3' },
      { total: 0, seed: 1, task: 'to-4' },
      { total: 0, seed: 2, task: 'to-5' },
    ])
    expect(start).toMatchObject({ rewards: [null, null, null], terminated: [false, false, false] })
    const end = await vector.step(add(3, 3, 3))
    expect(end).toMatchObject({
      observations: [{ total: 3 }, { total: 3 }, { total: 3 }],
      rewards: [expect.closeTo(0.3), expect.closeTo(0.3), expect.closeTo(0.3)],
      terminated: [true, false, false],
      truncated: [false, false, false],
      finalReplies: [null, null, null],
    })
    const after = await vector.step(add(2, 1, 1))
    // The seeds go on behind those of all episodes: 0 + 3.
    expect(after).toMatchObject({
      observations: [{ total: 0, seed: 3, task: 'to-3' }, { total: 4 }, { total: 4 }],
      rewards: [0, expect.closeTo(0.1), expect.closeTo(0.1)],
      terminated: [false, true, false],
      errors: [null, null, null],
    })
    expect((await vector.step(add(1, 1, 1))).observations).toMatchObject([
      { total: 1 },
      { seed: 4 },
      { total: 5 },
    ])
  })

  it('with same-step shows the new episode at once, under the reward and the end of the old one', async () => {
    await using server = await serve(counting, { port: 0 })
    await using vector = await connectVector(server.url, {
      environment: counting,
      size: 2,
      autoreset: 'same-step',
    })
    await vector.reset({ seed: 10, split: 'long' })
    for (let step = 0; step < 5; step += 1) await vector.step(add(0, 1))
    const reply = await vector.step(add(0, 4))
    expect(reply).toMatchObject({
      observations: [
        { total: 0, seed: 12, task: 'to-9' },
        { total: 0, seed: 13, task: 'to-9' },
      ],
      rewards: [0, expect.closeTo(0.4)],
      terminated: [false, true],
      truncated: [true, false],
      infos: [{ total: 0 }, { total: 0 }],
      finalReplies: [
        { observation: { total: 0, seed: 10 }, status: 'truncated', done: true },
        { observation: { total: 9, seed: 11 }, status: 'terminated', info: { total: 9 } },
      ],
    })
    expect(await vector.step(add(1, 1))).toMatchObject({
      finalReplies: [null, null],
      terminated: [false, false],
    })
  })

  it('with disabled leaves what has ended until it is reset, by a mask', async () => {
    await using server = await serve(counting, { port: 0 })
    await using vector = await connectVector(server.url, {
      environment: counting,
      size: 3,
      autoreset: 'disabled',
    })
    await vector.reset({ seed: 0 })
    await vector.step(add(3, 1, 1))
    const reply = await vector.step(add(1, 1, 1))
    expect(reply.errors.map((error) => error?.code ?? null)).toEqual(['EXECUTION_ERROR', null, null])
    expect(reply).toMatchObject({
      rewards: [null, expect.closeTo(0.1), expect.closeTo(0.1)],
      terminated: [true, false, false],
    })
    const again = await vector.reset({ seed: [7, 8, 9], mask: [true, false, false] })
    expect(again.observations).toMatchObject([
      { total: 0, seed: 7 },
      { total: 2, seed: 1 },
      { total: 2, seed: 2 },
    ])
  })

  it('keeps an error to its episode, and does not pay an old reward again', async () => {
    await using server = await serve(counting, { port: 0 })
    await using vector = await connectVector(server.url, { environment: counting, size: 3 })
    await vector.reset({ seed: 0 })
    await vector.step(add(1, 1, 1))
    const reply = await vector.step([{ add: 1 }, { add: 9 }, { add: 'x' } as never])
    expect(reply.errors.map((error) => error?.code ?? null)).toEqual([
      null,
      'EXECUTION_ERROR',
      'VALIDATION_ERROR',
    ])
    expect(reply.errors[1]?.message).not.toContain('nine')
    expect(reply.rewards).toEqual([expect.closeTo(0.1), null, null])
    expect(reply.observations).toMatchObject([{ total: 2 }, { total: 1 }, { total: 1 }])
    expect((await vector.step(add(0, 1, 1))).observations).toMatchObject([
      { total: 2 },
      { total: 2 },
      { total: 2 },
    ])
  })

  it('plays what single episodes with the same seeds play', async () => {
    await using server = await serve(guess, { port: 0 })
    const size = 32
    await using vector = await connectVector(server.url, { environment: guess, size, autoreset: 'disabled' })
    const singles = Array.from({ length: size }, () => openLocal(guess))
    const starts = await Promise.all(singles.map((episode, at) => episode.reset({ seed: 100 + at })))
    expect((await vector.reset({ seed: 100 })).observations).toEqual(
      starts.map(({ observation }) => observation),
    )
    for (const number of [50, 25, 75]) {
      const replies = await Promise.all(
        singles.map((episode) =>
          episode.status === 'running' ? episode.step({ number }) : Promise.resolve(null),
        ),
      )
      const reply = await vector.step(singles.map(() => ({ number })))
      for (const [at, single] of replies.entries()) {
        if (single === null) expect(reply.errors[at]?.code).toBe('EXECUTION_ERROR')
        else expect([reply.observations[at], reply.rewards[at]]).toEqual([single.observation, single.reward])
      }
    }
  })

  it('takes a slot for each episode and gives all back, also when there are not enough', async () => {
    await using server = await serve(counting, { port: 0, maxSessions: 8 })
    const vector = await connectVector(server.url, { environment: counting, size: 6 })
    expect(inspect(server).sessions.size).toBe(6)
    await expect(connectVector(server.url, { environment: counting, size: 3 })).rejects.toMatchObject({
      code: 'CAPACITY_REACHED',
    })
    await expect.poll(() => inspect(server).sessions.size).toBe(6)
    await vector.close()
    await expect.poll(() => inspect(server).sessions.size).toBe(0)
    await expect(vector.step(add(1, 1, 1, 1, 1, 1))).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('says what it wants of its arguments', async () => {
    await using server = await serve(counting, { port: 0 })
    await using vector = await connectVector(server.url, { environment: counting, size: 2 })
    const code = 'VALIDATION_ERROR'
    await expect(vector.step(add(1))).rejects.toMatchObject({ code, issues: [{ loc: ['actions'] }] })
    await expect(vector.reset({ seed: [1] })).rejects.toMatchObject({ code, issues: [{ loc: ['seed'] }] })
    await expect(vector.reset({ mask: [true] })).rejects.toMatchObject({ code, issues: [{ loc: ['mask'] }] })
    for (const size of [0, -1, 1.5, Number.NaN]) {
      await expect(connectVector(server.url, { environment: counting, size })).rejects.toMatchObject({ code })
    }
    const refused = await vector.reset({ taskId: 'no' })
    expect(refused.errors.map((error) => error?.code)).toEqual([code, code])
  })

  it('keeps calls in order that are made at once', async () => {
    await using server = await serve(counting, { port: 0 })
    await using vector = await connectVector(server.url, {
      environment: counting,
      size: 2,
      autoreset: 'disabled',
    })
    const replies = await Promise.all([
      vector.reset({ seed: 2, split: 'long' }),
      vector.step(add(1, 2)),
      vector.step(add(1, 2)),
    ])
    expect(replies.map(({ observations }) => observations.map(({ total }) => total))).toEqual([
      [0, 0],
      [1, 2],
      [2, 4],
    ])
  })

  it('comes back with reset when its server was restarted, and says so until then', async () => {
    let server = await serve(counting, { port: 0 })
    const { port } = server
    await using vector = await connectVector(server.url, { environment: counting, size: 2 })
    await vector.reset({ seed: 1 })
    await server.close()
    server = await serve(counting, { port })
    await using _closes = server
    await expect
      .poll(() => vector.step(add(1, 1)).catch((error: unknown) => String(error)))
      .toContain('call reset')
    await expect(vector.reset({ mask: [true, false] })).rejects.toMatchObject({ code: 'EXECUTION_ERROR' })
    expect((await vector.reset({ seed: 1 })).errors).toEqual([null, null])
    expect((await vector.step(add(1, 2))).observations).toMatchObject([{ total: 1 }, { total: 2 }])
    expect(inspect(server).sessions.size).toBe(2)
  })

  it('is NOT_SUPPORTED by a server that knows no batches, such as Python’s', async () => {
    await using server = await scriptedServer({
      answer: ({ type }) => errorFrame('UNKNOWN_TYPE', `Unknown message type: ${type}`),
    })
    await expect(connectVector(server.url, { size: 2 })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect.poll(() => server.connections[0]?.socket.readyState).toBe(3)
  })
})
