import { openLocal } from '@openenv-ts/core'
import { echo } from '@openenv-ts/echo'

/** Steps a second of an echo episode in this process, action and observation validated. */
export interface InProcess {
  /** `await episode.step(…)`: what any caller writes. */
  readonly awaited: number
  /** `episode.stepNow(…)`: what the server calls. */
  readonly direct: number
}

/** Measures both forms, each warmed up. */
export async function inProcess(steps: number): Promise<InProcess> {
  await using episode = openLocal(echo)
  await episode.reset()
  const action = { message: 'The quick brown fox jumps over the lazy dog.' }
  const awaited = async (count: number): Promise<void> => {
    for (let step = 0; step < count; step += 1) await episode.step(action)
  }
  const direct = (count: number): void => {
    for (let step = 0; step < count; step += 1) void episode.stepNow(action)
  }
  await awaited(steps / 10)
  direct(steps / 10)
  const startedAt = performance.now()
  await awaited(steps)
  const between = performance.now()
  direct(steps)
  const endedAt = performance.now()
  return { awaited: steps / ((between - startedAt) / 1000), direct: steps / ((endedAt - between) / 1000) }
}
