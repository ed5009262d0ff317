import type { AnyEnvironment } from '../environment.ts'
import type { ResetOptions } from '../episode.ts'
import { OpenEnvError, type Issue } from '../errors.ts'
import { isObject } from '../json.ts'
import { declaredKeys } from '../schema.ts'

type Data = Readonly<Record<string, unknown>>

/**
 * Reads the data of a reset. Keys that nobody takes are ignored: the wire allows extras [OE-4].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` naming every field of the wrong type.
 */
export function resetFromWire(data: Data, environment: AnyEnvironment): ResetOptions {
  const issues: Issue[] = []
  const read = <T>(key: string, fits: (value: unknown) => value is T, expected: string): T | undefined => {
    const value = Object.hasOwn(data, key) ? data[key] : undefined
    if (value === undefined || value === null) return undefined
    if (fits(value)) return value
    issues.push({ type: 'invalid_type', loc: [key], msg: `Expected ${expected}`, input: shown(value) })
    return undefined
  }
  const options: { -readonly [K in keyof ResetOptions]: ResetOptions[K] } = {}
  const seed = read('seed', isSeed, 'an integer from 0 to 2^53 - 1')
  const episodeId = read('episode_id', isEpisodeId, 'a text of at most 255 characters')
  const taskId = read('task_id', isText, 'a text')
  const split = read('split', isText, 'a text')
  const index = read('index', isIndex, 'an integer')
  const taskSpec = read('task_spec', isObject, 'an object')
  if (issues.length > 0) throw new OpenEnvError('VALIDATION_ERROR', 'Invalid message', { issues })
  if (seed !== undefined) options.seed = seed
  if (episodeId !== undefined) options.episodeId = episodeId
  if (taskId !== undefined) options.taskId = taskId
  if (split !== undefined) options.split = split
  if (index !== undefined) options.index = index
  if (taskSpec !== undefined) options.taskSpec = taskSpec
  if (environment.options !== undefined) {
    const declared = declaredKeys(environment.options)
    options.options = Object.fromEntries(Object.entries(data).filter(([key]) => declared.has(key)))
  }
  return options
}

/** Writes the data of a reset: the environment's own options beside the wire's names. */
export function resetToWire(options: ResetOptions): Data {
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

function isSeed(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isEpisodeId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 255
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function shown(value: unknown): unknown {
  return typeof value === 'object' ? undefined : typeof value === 'string' ? value.slice(0, 200) : value
}
