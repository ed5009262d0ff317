import type { z } from 'zod'
import type { AnyEnvironment, Frame } from './environment.ts'
import type { Info, Reply, Status } from './episode.ts'
import { OpenEnvError } from './errors.ts'

/**
 * Checks what an environment shows on its way out: its observation by its schema, its reward, its info.
 *
 * @throws OpenEnvError EXECUTION_ERROR: the environment is at fault.
 */
export function checkFrame<O>(environment: AnyEnvironment, frame: Frame<unknown>, status: Status): Reply<O> {
  const parsed = environment.observation.safeParse(frame.observation)
  if (!parsed.success) {
    throw new OpenEnvError(
      'EXECUTION_ERROR',
      'The environment gave an observation that breaks its own schema.',
      {
        cause: parsed.error,
      },
    )
  }
  const { reward, info, terms } = frame
  if (reward !== null && !Number.isFinite(reward)) {
    throw new OpenEnvError('EXECUTION_ERROR', 'The environment gave a reward that is not a finite number.')
  }
  if (!isFlat(info)) {
    throw new OpenEnvError(
      'EXECUTION_ERROR',
      'The environment gave an info that is not flat: only texts, finite numbers and booleans are.',
    )
  }
  const done = status !== 'running'
  const observation = parsed.data as O
  return terms === undefined
    ? { observation, reward, status, done, info }
    : { observation, reward, status, done, info, terms }
}

function isFlat(info: Info): boolean {
  for (const key in info) {
    const value: unknown = info[key]
    if (typeof value === 'string' || typeof value === 'boolean') continue
    if (typeof value !== 'number' || !Number.isFinite(value)) return false
  }
  return true
}

/** What the environment shows of its state, as its schema says, sharing nothing with what is inside. */
export function viewed(schema: z.ZodType, shown: unknown): object {
  const parsed = schema.safeParse(shown)
  if (parsed.success) return structuredClone(parsed.data) as object
  throw new OpenEnvError('EXECUTION_ERROR', 'The environment gave a state view that breaks its own schema.', {
    cause: parsed.error,
  })
}
