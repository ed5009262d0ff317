import { isObject, type JsonSchema } from '../json.ts'

/**
 * One JSON Schema that asks for what two ask for, as `allOf` does.
 *
 * Patterns are collected in a list under `pattern`; of keywords that cannot be joined, the second one's stays.
 */
export function mergeSchemas(first: JsonSchema, second: JsonSchema): JsonSchema {
  const merged: Record<string, unknown> = { ...first }
  for (const [key, value] of Object.entries(second)) {
    merged[key] = key in merged ? joined(key, merged[key], value) : value
  }
  return merged
}

function joined(key: string, one: unknown, other: unknown): unknown {
  switch (key) {
    case 'type':
      return commonTypes(listed(one), listed(other))
    case 'enum':
      return common(listed(one), listed(other))
    case 'required':
      return [...new Set([...listed(one), ...listed(other)])]
    case 'allOf':
    case 'pattern':
      return [...listed(one), ...listed(other)]
    case 'minimum':
    case 'exclusiveMinimum':
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return Math.max(Number(one), Number(other))
    case 'maximum':
    case 'exclusiveMaximum':
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return Math.min(Number(one), Number(other))
    case 'properties':
      return mergeProperties(one, other)
    case 'items':
    case 'additionalProperties':
      return isObject(one) && isObject(other) ? { allOf: [one, other] } : one === false ? one : other
    default:
      return other
  }
}

function common(one: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  const allowed = new Set(other)
  return one.filter((value) => allowed.has(value))
}

function listed(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

/** An integer is a number too. */
function commonTypes(one: readonly unknown[], other: readonly unknown[]): readonly unknown[] {
  const narrow = one.filter(
    (type) => other.includes(type) || (type === 'integer' && other.includes('number')),
  )
  const added = other.filter((type) => type === 'integer' && one.includes('number') && !narrow.includes(type))
  return [...narrow, ...added]
}

function mergeProperties(one: unknown, other: unknown): unknown {
  if (!isObject(one) || !isObject(other)) return other
  const merged: Record<string, unknown> = { ...one }
  for (const [name, schema] of Object.entries(other)) {
    merged[name] = Object.hasOwn(one, name) ? { allOf: [one[name], schema] } : schema
  }
  return merged
}
