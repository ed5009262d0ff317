import type { z } from 'zod'
import { declaredKeys, toJsonSchema } from './schema.ts'
import { refuseTransforms } from './strictness.ts'

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
    forbidKeys(view, 'view', ['episode_id', 'step_count', 'seed'])
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
