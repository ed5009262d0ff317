import { z } from 'zod'
import type { AnyEnvironment } from '../environment.ts'
import type { ResetOptions } from '../episode.ts'
import { OpenEnvError } from '../errors.ts'
import { issuesOf } from '../issues.ts'
import { declaredKeys } from '../schema.ts'

/** What the wire itself knows of a reset; the rest is the environment's or nobody's. */
const ResetData = z.object({
  seed: z.int().min(0).nullish(),
  episode_id: z.string().max(255).nullish(),
  task_id: z.string().nullish(),
  split: z.string().nullish(),
  index: z.int().nullish(),
  task_spec: z.record(z.string(), z.unknown()).nullish(),
})

type Data = Readonly<Record<string, unknown>>

/**
 * Reads the data of a reset. Keys that nobody takes are ignored: the wire allows extras [OE-4].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` naming every field of the wrong type.
 */
export function resetFromWire(data: Data, environment: AnyEnvironment): ResetOptions {
  const parsed = ResetData.safeParse(data)
  if (!parsed.success) {
    const issues = issuesOf(parsed.error, data)
    throw new OpenEnvError('VALIDATION_ERROR', 'Invalid message', { issues })
  }
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
