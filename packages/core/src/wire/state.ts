import type { EpisodeState } from '../episode.ts'
import { isObject } from '../json.ts'

/** A state in the names of the wire: `episode_id` and `step_count` before what the environment adds. */
export function stateToWire({
  episodeId,
  stepCount,
  ...more
}: EpisodeState): Readonly<Record<string, unknown>> {
  return { episode_id: episodeId, step_count: stepCount, ...more }
}

/**
 * A state as a server told it, whatever it left out.
 *
 * @param stepCount - The steps counted here, for servers that tell none.
 */
export function stateFromWire(data: unknown, stepCount: number): EpisodeState {
  const { episode_id: id, step_count: told, ...more } = isObject(data) ? data : {}
  return {
    ...more,
    episodeId: typeof id === 'string' ? id : typeof id === 'number' ? String(id) : null,
    stepCount: Number.isSafeInteger(told) ? (told as number) : stepCount,
  }
}
