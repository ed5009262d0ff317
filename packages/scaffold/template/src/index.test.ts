import { openLocal } from '@openenv-ts/core'
import { checkEnvironment } from '@openenv-ts/core/testing'
import { describe, expect, it } from 'vitest'
import { GOLD } from './gold.ts'
import { baseline, environment, oracle, type CipherAction, type CipherObservation } from './index.ts'
import { TASKS } from './tasks.ts'

const IDS = Object.values(TASKS)
  .flat()
  .map(({ id }) => id)

/** What a policy earns in an episode. */
async function play(taskId: string, act: (seen: CipherObservation) => CipherAction): Promise<number> {
  await using episode = openLocal(environment)
  let reply = await episode.reset({ taskId })
  let score = 0
  while (!reply.done) {
    reply = await episode.step(act(reply.observation))
    score += reply.reward ?? 0
  }
  return score
}

describe('my-environment', () => {
  it('keeps the contract, and shows no right answer before it is given', () =>
    checkEnvironment(environment, {
      tasks: IDS,
      endsWithin: 3,
      gold: (taskId) => [GOLD[taskId] ?? ''],
    }))

  it('has one right answer for every task', () => {
    expect(Object.keys(GOLD).sort()).toEqual([...IDS].sort())
  })

  it.each(IDS)('gives 1 for the right answer to %s, and 0 for none', async (taskId) => {
    expect(await play(taskId, oracle)).toBe(1)
    expect(await play(taskId, () => ({ text: '' }))).toBe(0)
  })

  it('leaves its baseline something to learn', async () => {
    const scores = await Promise.all(IDS.map((taskId) => play(taskId, baseline)))
    const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length
    expect(mean).toBeGreaterThan(0.5)
    expect(mean).toBeLessThan(1)
  })

  it('gives nothing for all answers at once', async () => {
    expect(await play('harbour', () => ({ text: Object.values(GOLD).join(' ') }))).toBe(0)
  })
})
