import { isObject } from '@openenv-ts/core/host'
import { component, type Schema } from './operation.ts'

/** Whole numbers beyond these are refused, for they would be rounded [OE-24]. */
const LARGEST = Number.MAX_SAFE_INTEGER

/** Any JSON that a server takes. */
export const ANY_JSON: Schema = {
  description:
    'Any JSON. A whole number written in digits alone is at most 2^53 - 1: a larger one would be rounded, and is refused.',
  anyOf: [
    { type: ['null', 'boolean', 'string', 'number'] },
    { type: 'array', items: component('Json') },
    { type: 'object', additionalProperties: component('Json') },
  ],
}

/** Any JSON object that a server takes. */
export const ANY_OBJECT: Schema = { type: 'object', additionalProperties: component('Json') }

/** Keywords that hold one schema, a list of schemas, and schemas by name. */
const ONE = ['items', 'additionalProperties', 'propertyNames', 'not']
const LISTS = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const NAMED = ['properties', '$defs']

/**
 * A schema as it holds for what is sent to a server: with the bounds that every whole number has here, and with the
 * same said of all values that the schema leaves open.
 */
export function asSent(schema: Schema): Schema {
  if (Object.keys(schema).every((key) => ANNOTATIONS.has(key))) return { ...schema, ...component('Json') }
  const sent: Record<string, unknown> = { ...schema }
  for (const key of ONE) if (key in sent) sent[key] = sentValue(sent[key])
  for (const key of LISTS) {
    const list = sent[key]
    if (Array.isArray(list)) sent[key] = list.map(sentValue)
  }
  for (const key of NAMED) {
    const named = sent[key]
    if (isObject(named))
      sent[key] = Object.fromEntries(Object.entries(named).map(([name, each]) => [name, sentValue(each)]))
  }
  const { type } = schema
  if (type === 'object' && !('additionalProperties' in sent)) sent['additionalProperties'] = component('Json')
  if (type === 'array' && !('items' in sent)) sent['items'] = component('Json')
  return type === 'integer' ? bounded(sent) : sent
}

const ANNOTATIONS: ReadonlySet<string> = new Set([
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
])

function sentValue(value: unknown): unknown {
  if (value === true) return component('Json')
  return isObject(value) ? asSent(value) : value
}

function bounded(schema: Schema): Schema {
  const low = 'minimum' in schema || 'exclusiveMinimum' in schema ? {} : { minimum: -LARGEST }
  const high = 'maximum' in schema || 'exclusiveMaximum' in schema ? {} : { maximum: LARGEST }
  return { ...schema, ...low, ...high }
}
