import { OpenEnvError, type Issue, type ResetOptions } from '@openenv-ts/core'
import { noFork } from './history.ts'

/** Checks what the wire leaves unchecked: some servers hand a bad seed straight to the environment. */
export function checkReset({ seed, episodeId }: ResetOptions): void {
  const issues: Issue[] = []
  if (seed !== undefined && (!Number.isSafeInteger(seed) || seed < 0)) {
    issues.push({
      type: 'invalid_value',
      loc: ['seed'],
      msg: 'Expected an integer from 0 to 2^53 - 1',
      input: seed,
    })
  }
  if (episodeId !== undefined && (typeof episodeId !== 'string' || episodeId.length > 255)) {
    issues.push({
      type: 'invalid_value',
      loc: ['episode_id'],
      msg: 'Expected a text of at most 255 characters',
    })
  }
  if (issues.length === 0) return
  const faults = issues.map(({ loc, msg }) => `${loc.join('.')}: ${msg}`).join('; ')
  throw new OpenEnvError('VALIDATION_ERROR', `Invalid reset: ${faults}.`, { issues })
}

/**
 * The reset that starts the same episode again, under another id. Both are `data` of a reset as the wire has it.
 *
 * @param drawn - The seed that the server shows for a reset without one.
 * @throws OpenEnvError `NOT_SUPPORTED` when it shows none.
 */
export function sameStart(
  data: Readonly<Record<string, unknown>>,
  drawn: unknown,
): Readonly<Record<string, unknown>> {
  const { episode_id: _episodeId, ...same } = data
  if (same['seed'] !== undefined) return same
  if (typeof drawn !== 'number') {
    throw noFork(
      'it was reset without a seed, and the server does not show the one that it drew; reset with a seed',
    )
  }
  // A seed alone would choose the task too; a reset with neither took the first [OE-4].
  const named = ['task_id', 'task_spec', 'index'].some((key) => same[key] !== undefined)
  return { ...same, seed: drawn, ...(named ? {} : { index: 0 }) }
}
