import { z } from 'zod'
import type { AnyEnvironment } from '../environment.ts'
import type { ResetOptions } from '../episode.ts'
import { RESET_FIELDS } from '../check-reset.ts'
import { validationError, issuesOf } from '../issues.ts'
import { declaredKeys } from '../schema.ts'

/** What the wire itself knows of a reset; the rest is the environment's or nobody's. */
const ResetData = z.object({
  seed: z.int(RESET_FIELDS.seed).min(0, RESET_FIELDS.seed).nullish(),
  episode_id: z.string(RESET_FIELDS.episode_id).max(255, RESET_FIELDS.episode_id).nullish(),
  task_id: z.string(RESET_FIELDS.task_id).nullish(),
  split: z.string(RESET_FIELDS.split).nullish(),
  index: z.int(RESET_FIELDS.index).nullish(),
  task_spec: z.record(z.string(), z.unknown(), RESET_FIELDS.task_spec).nullish(),
})

type Data = Readonly<Record<string, unknown>>

/**
 * Reads the data of a reset. Keys that nobody takes are ignored: the wire allows extras [OE-4].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` naming every field of the wrong type.
 */
export function resetFromWire(data: Data, environment: AnyEnvironment): ResetOptions {
  const parsed = ResetData.safeParse(data)
  if (!parsed.success) throw validationError('reset', issuesOf(parsed.error, data))
  const { seed, episode_id: episodeId, task_id: taskId, split, index, task_spec: taskSpec } = parsed.data
  // Python's clients send null for what their users left out.
  const named = Object.entries({ seed, episodeId, taskId, split, index, taskSpec })
  const options: ResetOptions = Object.fromEntries(
    named.filter(([, value]) => value !== undefined && value !== null),
  )
  if (environment.options === undefined) return options
  const declared = declaredKeys(environment.options)
  const own = Object.fromEntries(Object.entries(data).filter(([key]) => declared.has(key)))
  return { ...options, options: own }
}
