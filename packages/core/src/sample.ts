import { isObject, type Json, type JsonSchema } from './json.ts'
import { printable } from './printable.ts'
import { seededRandom, type Random } from './random.ts'
import { Budget, TooCostly } from './sample/budget.ts'
import { mergeSchemas } from './sample/merge.ts'
import { integerIn, numberIn } from './sample/number.ts'
import { asNumber, impossible, TRIES, type Path } from './sample/problem.ts'
import { textIn } from './sample/text.ts'

/**
 * A random value that a JSON Schema accepts: what a random policy sends.
 *
 * Required properties are always there, optional ones by chance. Formats and patterns are met as far as they are
 * commonly used.
 *
 * @param schema - Draft 2020-12, with local `$ref` only.
 * The schema may be a stranger's: no pattern of it is run, and what asks for too much work is refused.
 *
 * @throws RangeError when no value was found, or the schema asks for too much (too much work, a text of more
 * than 100,000 characters, a list of more than 10,000 items), naming the place in the schema.
 */
export function sampleValue(schema: JsonSchema, random: Random): Json {
  return new Sampler(schema, random, new Budget()).value(schema, [])
}

/**
 * The first value that a JSON Schema accepts: its default, its first choice, its lowest number, its shortest text
 * or list, an object with the required properties only. Always the same one.
 *
 * @throws RangeError as {@link sampleValue}.
 */
export function firstValue(schema: JsonSchema): Json {
  return new Sampler(schema, LOWEST, new Budget()).value(schema, [])
}

/** Chooses the first of everything; a second try gets real randomness, or it would be the first again. */
const LOWEST: Random = {
  integer: (min) => min,
  fraction: () => 0,
  chance: () => false,
  pick: (items) => {
    if (items.length === 0) throw new RangeError('Nothing to pick from: the list is empty.')
    return items[0] as (typeof items)[number]
  },
  shuffle: (items) => [...items],
  split: (...labels) => seededRandom(0, ...labels),
}

/** Past it, optional parts are left out, so that recursive schemas come to an end. */
const SPARSE_DEPTH = 5
/** Past it, a branch is given up. */
const MAX_DEPTH = 24

/** What a schema costs that is looked at, beside what is in it. */
const STEPS_PER_SCHEMA = 10
/** Items of one list, at most. */
const MAX_ITEMS = 10_000

class Sampler {
  readonly #root: JsonSchema
  readonly #random: Random
  readonly #budget: Budget

  constructor(root: JsonSchema, random: Random, budget: Budget) {
    this.#root = root
    this.#random = random
    this.#budget = budget
  }

  value(given: unknown, path: Path): Json {
    if (path.length > MAX_DEPTH) throw impossible(path, 'it nests without end')
    this.#budget.path = path
    this.#budget.spend(STEPS_PER_SCHEMA)
    const schema = this.#resolved(given, path)
    if ('const' in schema) return schema['const'] as Json
    if (this.#random === LOWEST && 'default' in schema) return schema['default'] as Json
    if (Array.isArray(schema['enum'])) {
      if (schema['enum'].length === 0) throw impossible(path, 'its enum is empty')
      return this.#random.pick(schema['enum'] as readonly Json[])
    }
    const branches = schema['anyOf'] ?? schema['oneOf']
    if (Array.isArray(branches)) return this.#branch(schema, branches, path)
    const type = this.#random.pick(typesOf(schema))
    switch (type) {
      case 'null':
        return null
      case 'boolean':
        return this.#random.chance()
      case 'integer':
        return integerIn(schema, this.#random, path)
      case 'number':
        return numberIn(schema, this.#random, path)
      case 'string':
        return textIn(schema, this.#random, path, this.#budget)
      case 'array':
        return this.#array(schema, path)
      case 'object':
        return this.#object(schema, path)
      default:
        throw impossible(path, `its type is ${printable(JSON.stringify(type))}`)
    }
  }

  /** The schema with references followed and `allOf` merged in. */
  #resolved(given: unknown, path: Path, depth = 0): JsonSchema {
    if (given === true) return {}
    if (depth > MAX_DEPTH) throw impossible(path, 'its allOf nests without end')
    if (!isObject(given)) throw impossible(path, 'it allows no value')
    let schema: JsonSchema = given
    this.#budget.spend(STEPS_PER_SCHEMA + Object.keys(schema).length)
    for (let hops = 0; typeof schema['$ref'] === 'string'; hops += 1) {
      if (hops > MAX_DEPTH) throw impossible(path, 'its references go round in a circle')
      const { $ref, ...beside } = schema
      schema = mergeSchemas(this.#target($ref, path), beside)
      this.#budget.spend(STEPS_PER_SCHEMA + Object.keys(schema).length)
    }
    if (isObject(schema['not']) && Object.keys(schema['not']).length === 0)
      throw impossible(path, 'it allows no value')
    if (!Array.isArray(schema['allOf'])) return schema
    const { allOf, ...rest } = schema
    const parts = allOf as readonly unknown[]
    return parts.reduce<JsonSchema>(
      (all, part) => mergeSchemas(all, this.#resolved(part, path, depth + 1)),
      rest,
    )
  }

  #target(ref: string, path: Path): JsonSchema {
    if (!ref.startsWith('#'))
      throw impossible(path, `it refers to ${printable(ref)}, which is not in the schema`)
    let target: unknown = this.#root
    for (const step of ref.slice(1).split('/').slice(1)) {
      this.#budget.spend(1)
      const key = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~')
      const inner: unknown = target
      target =
        typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
          ? (inner as Record<string, unknown>)[key]
          : undefined
    }
    if (!isObject(target)) throw impossible(path, `it refers to ${printable(ref)}, which is not there`)
    return target
  }

  /** A value of one branch; of another where the first chosen has none, which is how recursion ends. */
  #branch(schema: JsonSchema, branches: readonly unknown[], path: Path): Json {
    const { anyOf: _any, oneOf: _one, ...beside } = schema
    this.#budget.spend(branches.length)
    const order = path.length > SPARSE_DEPTH ? leavesFirst(branches) : this.#random.shuffle(branches)
    let failure: unknown = impossible(path, 'it has no branches')
    for (const branch of order) {
      try {
        return this.value(mergeSchemas(this.#resolved(branch, path), beside), [...path, '|'])
      } catch (error) {
        if (error instanceof TooCostly) throw error
        failure = error
      }
    }
    throw failure
  }

  #array(schema: JsonSchema, path: Path): Json {
    const head = (Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : []) as readonly unknown[]
    const tail = schema['items'] ?? true
    const min = asNumber(schema['minItems']) ?? 0
    const max = tail === false ? head.length : (asNumber(schema['maxItems']) ?? Infinity)
    const least = Math.max(min, Math.min(head.length, max))
    if (least > MAX_ITEMS) {
      throw new TooCostly(path, `its lists have ${String(least)} items or more, and 10000 are the most`)
    }
    const room =
      path.length > SPARSE_DEPTH || tail === false || (schema['items'] === undefined && head.length > 0)
        ? 0
        : 3
    const length = this.#random.integer(least, Math.max(least, Math.min(max, least + room)))
    const items: Json[] = []
    const seen = new Set<string>()
    for (let tries = 0; items.length < length && tries < length + TRIES; tries += 1) {
      const place = items.length
      const sampler =
        tries === place ? this : new Sampler(this.#root, this.#random.split('retry', tries), this.#budget)
      const item = sampler.value(place < head.length ? head[place] : tail, [...path, place])
      if (schema['uniqueItems'] === true) {
        const text = JSON.stringify(item)
        this.#budget.spend(text.length)
        if (seen.has(text)) continue
        seen.add(text)
      }
      items.push(item)
    }
    if (items.length < min) throw impossible(path, `${String(min)} different items were not found`)
    return items
  }

  #object(schema: JsonSchema, path: Path): Json {
    const properties = isObject(schema['properties']) ? schema['properties'] : {}
    const required = new Set(
      Array.isArray(schema['required']) ? (schema['required'] as readonly string[]) : [],
    )
    const others = schema['additionalProperties'] ?? true
    const names = [...new Set([...Object.keys(properties), ...required])]
    this.#budget.spend(names.length)
    const entries = new Map<string, Json>()
    for (const name of names) {
      const wanted = required.has(name) || (path.length <= SPARSE_DEPTH && this.#random.chance())
      if (!wanted) continue
      const inner = Object.hasOwn(properties, name) ? properties[name] : others
      entries.set(name, this.value(inner, [...path, name]))
    }
    this.#fill(entries, schema, names, path)
    return Object.fromEntries(entries)
  }

  /** Adds what `minProperties` asks for, and, to maps from any key, a few entries. */
  #fill(entries: Map<string, Json>, schema: JsonSchema, names: readonly string[], path: Path): void {
    const others = schema['additionalProperties'] ?? true
    const min = asNumber(schema['minProperties']) ?? 0
    const isMap = names.length === 0 && isObject(schema['additionalProperties'])
    const more = isMap && path.length <= SPARSE_DEPTH ? this.#random.integer(0, 2) : 0
    const wanted = Math.max(min, Math.min(entries.size + more, asNumber(schema['maxProperties']) ?? Infinity))
    for (const name of names) {
      if (entries.size >= min) break
      if (!entries.has(name)) {
        const properties = schema['properties'] as Readonly<Record<string, unknown>>
        entries.set(name, this.value(properties[name], [...path, name]))
      }
    }
    for (let tries = 0; others !== false && entries.size < wanted && tries < TRIES; tries += 1) {
      const sampler = new Sampler(
        this.#root,
        tries === 0 ? this.#random : this.#random.split('key', tries),
        this.#budget,
      )
      const keys = mergeSchemas(
        { type: 'string', minLength: 1 },
        isObject(schema['propertyNames']) ? schema['propertyNames'] : {},
      )
      const key = sampler.value(keys, [...path, 'key'])
      // zod's records drop a key of this name, so it would not count.
      if (typeof key !== 'string' || key === '__proto__' || entries.has(key)) continue
      entries.set(key, sampler.value(others, [...path, key]))
    }
    if (entries.size < min) throw impossible(path, `${String(min)} properties were not found`)
  }
}

/** What has values inside. */
const NESTING = [
  ...['$ref', 'properties', 'additionalProperties', 'items', 'prefixItems'],
  ...['allOf', 'anyOf', 'oneOf'],
]

function leavesFirst(branches: readonly unknown[]): readonly unknown[] {
  const nests = (branch: unknown): boolean =>
    isObject(branch) && NESTING.some((keyword) => Object.hasOwn(branch, keyword))
  return [...branches.filter((branch) => !nests(branch)), ...branches.filter(nests)]
}

/** The types that a schema allows, read off its other keywords where it does not say. */
function typesOf(schema: JsonSchema): readonly string[] {
  const { type } = schema
  if (typeof type === 'string') return [type]
  if (Array.isArray(type)) return type as readonly string[]
  if (['properties', 'required', 'additionalProperties', 'minProperties'].some((key) => key in schema))
    return ['object']
  if (['items', 'prefixItems', 'minItems'].some((key) => key in schema)) return ['array']
  if (['minLength', 'maxLength', 'pattern', 'format'].some((key) => key in schema)) return ['string']
  if (
    ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].some((key) => key in schema)
  ) {
    return ['number']
  }
  return ['null', 'boolean', 'integer', 'string']
}

/** A step of a JSON pointer; one with broken escapes is taken as it is. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}
