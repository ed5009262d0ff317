import type { AnyEnvironment } from './environment.ts'
import type { ResetOptions } from './episode.ts'
import type { Issue } from './errors.ts'
import { isObject } from './json.ts'
import { validationError, issuesOf } from './issues.ts'

/** A seed for those who give none: any of 32 bits. */
export function drawSeed(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word
}

/** What the fields of a reset have to be, by their names on the wire. */
export const RESET_FIELDS = {
  seed: 'Expected an integer from 0 to 2^53 - 1',
  episode_id: 'Expected a text of at most 255 characters',
  task_id: 'Expected a text',
  split: 'Expected a text',
  index: 'Expected an integer',
  task_spec: 'Expected an object',
} as const

/**
 * Checks what a reset asks for, its options by the environment's schema.
 *
 * @throws OpenEnvError VALIDATION_ERROR naming every fault.
 */
export function checkReset(
  { seed, episodeId, taskId, split, index, taskSpec, options }: ResetOptions,
  environment: AnyEnvironment,
): { readonly options: Readonly<Record<string, unknown>> } {
  const issues: Issue[] = []
  const wrong = (field: keyof typeof RESET_FIELDS, input?: unknown): void => {
    issues.push({ type: 'invalid_value', loc: [field], msg: RESET_FIELDS[field], input })
  }
  if (seed !== undefined && (!Number.isSafeInteger(seed) || seed < 0)) {
    wrong('seed', seed)
  }
  if (episodeId !== undefined && (typeof episodeId !== 'string' || episodeId.length > 255)) {
    wrong('episode_id')
  }
  if (taskId !== undefined && typeof taskId !== 'string') wrong('task_id', taskId)
  if (split !== undefined && typeof split !== 'string') wrong('split', split)
  if (taskSpec !== undefined && !isObject(taskSpec)) wrong('task_spec')
  if (index !== undefined && !Number.isSafeInteger(index)) wrong('index', index)
  if (issues.length > 0) throw validationError('reset', issues)
  if (environment.options === undefined) return { options: {} }
  const parsed = environment.options.safeParse(options ?? {})
  if (parsed.success) return { options: parsed.data as Record<string, unknown> }
  throw validationError('reset', issuesOf(parsed.error, options ?? {}))
}

/** The secrets that the environment asks for, and no others. */
export function declaredSecrets(
  given: ResetOptions['secrets'],
  { secrets: names = [] }: AnyEnvironment,
): { readonly secrets?: Readonly<Record<string, string>> } {
  const declared = Object.entries(given ?? {}).filter(([name]) => names.includes(name))
  return declared.length === 0 ? {} : { secrets: Object.fromEntries(declared) }
}
