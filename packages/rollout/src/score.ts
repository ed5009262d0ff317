import type { Info } from '@openenv-ts/core'

/** Sum of the rewards: 0 of no steps, null where there were steps and none was scored. */
export function returnOf(steps: readonly { readonly reward: number | null }[]): number | null {
  const rewards = steps.map(({ reward }) => reward).filter((reward) => reward !== null)
  if (rewards.length === 0 && steps.length > 0) return null
  return rewards.reduce((sum, reward) => sum + reward, 0)
}

/** An episode's score [OE-14]: the `score` of its last info, else the return. */
export function scoreOf(last: Info | undefined, total: number | null): number | null {
  const score = last?.['score']
  return typeof score === 'number' ? score : total
}
