import { z } from 'zod'
import type { EpisodeLimits } from './environment.ts'
import { isObject } from './json.ts'
import { checkKeys, keysOf } from './known-keys.ts'
import { declaredKeys, toJsonSchema } from './schema.ts'
import { refuseTransforms } from './strictness.ts'

const LIMIT_KEYS = keysOf<EpisodeLimits>({ steps: true, seconds: true, stepSeconds: true })

/**
 * Checks limits on episodes: no unknown names, and numbers above 0.
 *
 * @throws TypeError naming the limit.
 */
export function checkLimits(limits: unknown): void {
  if (limits === undefined) return
  checkKeys('limits', limits, LIMIT_KEYS)
  for (const [name, value] of Object.entries(limits as EpisodeLimits) as [string, unknown][]) {
    if (value === undefined || (typeof value === 'number' && value > 0)) continue
    throw new TypeError(
      `\`limits.${name}\` must be a number above 0, not ${typeof value === 'number' ? String(value) : typeof value}.`,
    )
  }
}

/** What a definition must have, and of which kind. */
export type RequiredFields = Readonly<Record<string, 'function' | 'object' | 'schema' | 'text'>>

const KINDS: Readonly<Record<RequiredFields[string], (value: unknown) => boolean>> = {
  function: (value) => typeof value === 'function',
  object: isObject,
  schema: (value) => value instanceof z.ZodType,
  text: (value) => typeof value === 'string',
}

/**
 * Checks what a person wrote, before anything of it is used: names that are misspelled, parts that are missing.
 *
 * @param by - The function that the definition is given to, for the error.
 * @throws TypeError naming the part and what it must be.
 */
export function checkFields(
  by: string,
  definition: unknown,
  known: readonly string[],
  required: RequiredFields,
): void {
  checkKeys(`the definition of ${by}`, definition, known)
  const given = definition as Readonly<Record<string, unknown>>
  for (const [name, kind] of Object.entries(required)) {
    if (KINDS[kind](given[name])) continue
    const fault = given[name] === undefined ? 'is missing' : 'is of the wrong kind'
    throw new TypeError(`\`${name}\` ${fault} in the definition of ${by}: it must be ${KIND_NAMES[kind]}.`)
  }
  checkLimits(given['limits'])
  checkRange(given['rewardRange'])
  checkProvider(given['tasks'])
}

const KIND_NAMES: Readonly<Record<RequiredFields[string], string>> = {
  function: 'a function',
  object: 'an object',
  schema: 'a zod schema',
  text: 'a text',
}

function checkRange(range: unknown): void {
  if (range === undefined) return
  const [low, high, ...more] = Array.isArray(range) ? (range as readonly unknown[]) : []
  if (typeof low === 'number' && typeof high === 'number' && low <= high && more.length === 0) return
  throw new TypeError('`rewardRange` must be two numbers, the lower one first.')
}

function checkProvider(tasks: unknown): void {
  if (tasks === undefined) return
  const missing = ['splits', 'count', 'range', 'find'].find(
    (name) => typeof (tasks as Readonly<Record<string, unknown>> | null)?.[name] !== 'function',
  )
  if (missing === undefined) return
  throw new TypeError(`\`tasks\` has no function \`${missing}\`: use taskList, fromJsonl or a TaskProvider.`)
}

/** Names that clients sniff for in observations: with one of them, an observation is taken for a tool's. */
const TOOL_KEYS = ['tools', 'tool_name']

/**
 * Checks what every environment must keep, when it is defined and not when it is first served.
 *
 * @param shape - What its actions are: only those of tool calls are answered under the names that tools use.
 * @throws TypeError that names the schema and what to change.
 */
export function checkDefinition(
  definition: {
    readonly name: string
    readonly action: z.ZodType
    readonly observation: z.ZodType
    readonly state?: z.ZodType | undefined
    readonly view?: z.ZodType | undefined
    readonly options?: z.ZodType | undefined
  },
  shape: 'actions' | 'tool calls' = 'actions',
): void {
  const { name, action, observation, state, view, options } = definition
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
    throw new TypeError(`"${name}" is no name: use lower-case words joined by hyphens, as in "email-triage".`)
  }
  for (const [what, schema] of Object.entries({ action, observation, state, view, options })) {
    if (schema !== undefined) refuseTransforms(schema, what)
  }
  requireObject('action', toJsonSchema(action, 'input', 'action'))
  requireObject('observation', toJsonSchema(observation, 'output', 'observation'))
  forbidKeys(observation, 'observation', [
    'metadata',
    'reward',
    'done',
    ...(shape === 'actions' ? TOOL_KEYS : []),
  ])
  if (state !== undefined) toJsonSchema(state, 'output', 'state')
  if (view !== undefined) {
    requireObject('view', toJsonSchema(view, 'output', 'view'))
    forbidKeys(view, 'view', ['episode_id', 'step_count', 'episodeId', 'stepCount', 'seed'])
  }
  if (options !== undefined) {
    requireObject('options', toJsonSchema(options, 'input', 'options'))
    forbidKeys(options, 'options', [
      'seed',
      'episode_id',
      'task_id',
      'split',
      'index',
      'task_spec',
      'session_id',
    ])
  }
}

/** On the wire an action and an observation are JSON objects: theirs is an object schema or a union of those. */
function requireObject(what: string, json: Readonly<Record<string, unknown>>): void {
  const branches = (json['oneOf'] ?? json['anyOf'] ?? [json]) as readonly Readonly<Record<string, unknown>>[]
  if (branches.every((branch) => branch['type'] === 'object')) return
  throw new TypeError(`The ${what} schema must describe a JSON object, or a union of objects.`)
}

function forbidKeys(schema: z.ZodType, what: string, taken: readonly string[]): void {
  const clash = taken.find((key) => declaredKeys(schema).has(key))
  if (clash === undefined) return
  throw new TypeError(`The ${what} schema declares "${clash}", a name that the wire uses itself: rename it.`)
}
