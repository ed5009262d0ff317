import type { AnyEnvironment } from '../environment.ts'
import type { ResetOptions } from '../episode.ts'

/** Names the task that a reset starts without a selector, so that it can be said beside a seed [OE-4]. */
export async function firstTask({ tasks }: AnyEnvironment): Promise<Pick<ResetOptions, 'split' | 'index'>> {
  const [first] = (await tasks?.splits()) ?? []
  return first === undefined ? {} : { split: first.name, index: 0 }
}
