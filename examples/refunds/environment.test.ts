// Every refund that is due is worth the whole reward; none, all, or too much is not.
import { openLocal } from '@openenv-ts/core'
import { checkEnvironment } from '@openenv-ts/core/testing'
import { describe, expect, it, test } from 'vitest'
import refunds from './environment.ts'

test('refunds keeps the contract', () => checkEnvironment(refunds))

const provider = refunds.tasks
if (provider === undefined) throw new Error('refunds has tasks.')
const tasks = [...(await provider.range('train', 0, 8)), ...(await provider.range('test', 0, 4))]

async function score(id: string, paid: readonly { order: string; cents: number }[]): Promise<number> {
  await using episode = openLocal(refunds)
  await episode.reset({ taskId: id })
  for (const refund of paid) await episode.step({ tool_name: 'refund', arguments: refund })
  const { reward } = await episode.step({ tool_name: 'answer', arguments: { text: 'Done.' } })
  return reward ?? NaN
}

describe('the rubric', () => {
  it('has 12 tasks', () => {
    expect(tasks).toHaveLength(12)
  })

  it.each(tasks)('gives $spec.id all for what is due, and less for less or more', async ({ spec, data }) => {
    const due = data.gold.refunds
    expect(await score(spec.id, due)).toBe(1)
    expect(await score(spec.id, [...due, { order: 'A101', cents: 1 }])).toBeLessThan(1)
    if (due.length > 0) expect(await score(spec.id, [])).toBeLessThan(0.5)
  })
})
