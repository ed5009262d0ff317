import { readFile } from 'node:fs/promises'
import { taskList } from '@openenv-ts/core'
import { serve } from '@openenv-ts/server/node'
import { describe, expect, it } from 'vitest'
import { addsUp, echo, scratch, sums } from '../test/environments.ts'
import { constantPolicy, randomPolicy } from './policies/scripted.ts'
import { replay } from './replay.ts'
import { rollout } from './rollout.ts'
import { readRun } from './run-folder.ts'
import { taskSourceOf, localTarget, remoteTarget } from './target.ts'

/** The steps of a run, as the log has them. */
async function stepsOf(dir: string): Promise<readonly unknown[]> {
  const found: unknown[] = []
  for await (const { task_id, repeat, seed, steps, outcome, score, status } of (
    await readRun(dir)
  ).records()) {
    found.push({ key: `${String(task_id)}/${String(repeat)}`, seed, steps, outcome, score, status })
  }
  return found.sort((one, other) => ((one as { key: string }).key < (other as { key: string }).key ? -1 : 1))
}

describe('an environment behind a URL', () => {
  it('tells its name, schema and tasks, and plays as it does in this process', async () => {
    await using server = await serve(sums, { port: 0 })
    await using place = await scratch()
    const target = await remoteTarget(server.url)
    expect(target).toMatchObject({ name: 'sums', version: '1.2.3', url: server.url })
    expect(target.actionSchema).toMatchObject({ properties: { add: { minimum: 1, maximum: 9 } } })
    expect(await target.tasks?.splits()).toEqual(['main', 'extra'])

    const options = { repeats: 4, concurrency: 4 }
    await rollout(target, randomPolicy(), { ...options, out: place.path('there') })
    await rollout(sums, randomPolicy(), { ...options, out: place.path('here') })
    const [there, here] = [await stepsOf(place.path('there')), await stepsOf(place.path('here'))]
    expect(there).toEqual(here)
    expect(await replay(place.path('there'), (signal) => target.open(signal))).toMatchObject({
      ok: true,
      episodes: 12,
    })
  })

  it('is played by a URL alone, and a small server gets no more than it can hold', async () => {
    await using server = await serve(sums, { port: 0, maxSessions: 2 })
    const run = await rollout(server.url, constantPolicy({ add: 5 }), {
      out: false,
      repeats: 8,
      concurrency: 12,
    })
    expect(run.episodes).toHaveLength(24)
    expect(run.episodes.every(({ outcome }) => outcome === 'completed')).toBe(true)
  })

  it('has no tasks where it has none, and may be given the tasks of a package', async () => {
    await using server = await serve(echo, { port: 0 })
    const target = await remoteTarget(server.url)
    expect(target.tasks).toBeUndefined()
    const run = await rollout(target, constantPolicy(), { out: false, limits: { steps: 2 } })
    expect(run.episodes).toMatchObject([{ task_id: null, status: 'truncated', step_count: 2 }])
    const taskSource = taskSourceOf(taskList({ all: [{ id: 'one' }, { id: 'two' }] }))
    expect((await taskSource.list('all')).map(({ id }) => id)).toEqual(['one', 'two'])
    await expect(rollout(target, constantPolicy(), { out: false, split: 'all' })).rejects.toThrow('name them')
  })

  it('is an infrastructure_error without a score when the server goes away in the middle', async () => {
    await using place = await scratch()
    const server = await serve(sums, { port: 0 })
    const target = await remoteTarget(server.url)
    let asked = 0
    const run = await rollout(
      target,
      async (observation: { sum: number; target: number }) => {
        asked += 1
        if (asked === 2) await server[Symbol.asyncDispose]()
        return addsUp(observation)
      },
      { out: place.path('run'), tasks: ['five', 'twelve'], concurrency: 1, retries: 1, retryDelayMs: 1 },
    )
    expect(run.episodes).toMatchObject([
      { outcome: 'completed', score: 1 },
      { outcome: 'infrastructure_error', score: null, return: null },
    ])
    expect(run.finished).toBe(true)
    expect(await readFile(place.path('run/errors.jsonl'), 'utf8')).toContain('The connection to')
  })

  it('rejects before anything is written when nobody is there', async () => {
    const server = await serve(echo, { port: 0 })
    const { url } = server
    await server[Symbol.asyncDispose]()
    await expect(rollout(url, constantPolicy(), { out: false })).rejects.toMatchObject({
      code: 'CONNECTION_ERROR',
    })
  })
})

describe('an environment in this process', () => {
  it('tells what a rollout needs to know of it', () => {
    expect(localTarget(sums)).toMatchObject({ name: 'sums', version: '1.2.3' })
    expect(localTarget({ ...sums, limits: { steps: 5000 } }).maxSteps).toBe(5000)
    expect(localTarget(echo).tasks).toBeUndefined()
  })

  it('is not cut short by the default limit where its own is larger', async () => {
    const long = { ...echo, limits: { steps: 1500 } }
    const run = await rollout(long, constantPolicy({ message: 'x' }), { out: false })
    expect(run.episodes).toMatchObject([{ step_count: 1500, status: 'truncated' }])
  })
})
