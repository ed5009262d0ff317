import type { ResetOptions } from '../episode.ts'

/** Writes the data of a reset: the environment's own options beside the wire's names. */
export function resetToWire(options: ResetOptions): Readonly<Record<string, unknown>> {
  const { seed, episodeId, taskId, split, index, taskSpec } = options
  return {
    ...options.options,
    ...(seed === undefined ? {} : { seed }),
    ...(episodeId === undefined ? {} : { episode_id: episodeId }),
    ...(taskId === undefined ? {} : { task_id: taskId }),
    ...(split === undefined ? {} : { split }),
    ...(index === undefined ? {} : { index }),
    ...(taskSpec === undefined ? {} : { task_spec: taskSpec }),
  }
}
