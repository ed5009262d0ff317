import type { Json } from './json.ts'

/** Objects inside each other, at which it is looked whether a value contains itself. */
const DEEP = 200
/** JSON.stringify writes whole numbers from here on with an exponent, and readers take those as doubles. */
const FIRST_WITH_EXPONENT = 1e21

/**
 * A value as plain JSON, or an error that names the part which JSON cannot carry. Nothing is rounded, nulled or emptied
 * in silence [OE-24]:
 *
 * - NaN, Infinity and -Infinity are refused, and whole numbers beyond 2^53 − 1, which may have been rounded already
 *   (those from 1e21 on are written with an exponent and are accepted, as doubles);
 * - bigint, functions, symbols, `undefined` in a list, and instances of classes (Map, Date and typed arrays among
 *   them) are refused, as is an object that contains itself;
 * - -0 becomes 0, and members that are `undefined` are left out, as JSON does.
 *
 * @param value - Any value. It is not changed.
 * @param name - What the value is called in the error, for example `result`.
 * @returns The value itself where it is plain JSON already; otherwise a copy of the parts that had to change.
 * @throws NotJsonError such as `result.items[2] is a Map, which JSON cannot carry.`
 */
export function plainJson(value: unknown, name: string): Json {
  const plain = asPlain(value, 0)
  if (plain !== REFUSED) return plain as Json
  const { path, what } = faultIn(value, [], []) ?? { path: [], what: 'is not JSON.' }
  throw new NotJsonError(`${nameOf(name, path)} ${what}`, path)
}

/** A value that JSON cannot carry, or a part of one. */
export class NotJsonError extends TypeError {
  /** Where in the value: keys and indices. */
  readonly path: readonly (string | number)[]

  constructor(message: string, path: readonly (string | number)[]) {
    super(message)
    this.name = 'NotJsonError'
    this.path = path
  }
}

/** As {@link plainJson}, but everything is copied: whoever made the value may go on changing it. */
export function copyPlainJson(value: unknown, name: string): Json {
  return JSON.parse(JSON.stringify(plainJson(value, name))) as Json
}

/**
 * Whether JSON carries a number as it is: finite, and not a whole number beyond 2^53 − 1 that is written in digits.
 */
export function isJsonNumber(value: number): boolean {
  if (Number.isSafeInteger(value)) return true
  if (!Number.isFinite(value)) return false
  return !Number.isInteger(value) || Math.abs(value) >= FIRST_WITH_EXPONENT
}

/** What is wrong with a number that JSON does not carry, to follow on its name. */
export function numberFault(value: number): string {
  return Number.isFinite(value)
    ? `is ${String(value)}, a whole number beyond 2^53 - 1, which JSON readers round: give it as a text.`
    : `is ${String(value)}, which JSON cannot carry.`
}

const REFUSED = Symbol('refused')

/** The fast way: no names are kept. Every observation comes through here. */
function asPlain(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      // -0 is equal to 0, and is written as 0.
      return value === 0 ? 0 : isJsonNumber(value) ? value : REFUSED
    case 'object':
      if (value === null) return null
      if (depth === DEEP && faultIn(value, [], []) !== null) return REFUSED
      return Array.isArray(value) ? plainList(value, depth + 1) : plainObject(value, depth + 1)
    default:
      return REFUSED
  }
}

function plainList(list: readonly unknown[], depth: number): unknown {
  let copy: unknown[] | null = null
  for (let at = 0; at < list.length; at += 1) {
    const item = list[at]
    const plain = asPlain(item, depth)
    if (plain === REFUSED) return REFUSED
    if (copy !== null) copy.push(plain)
    else if (!Object.is(plain, item)) copy = [...list.slice(0, at), plain]
  }
  return copy ?? list
}

function plainObject(value: object, depth: number): unknown {
  if (!isPlainObject(value)) return REFUSED
  let members: [string, unknown][] | null = null
  const keys = Object.keys(value)
  for (let at = 0; at < keys.length; at += 1) {
    const key = keys[at] as string
    const member = value[key]
    const plain = member === undefined ? undefined : asPlain(member, depth)
    if (plain === REFUSED) return REFUSED
    if (members === null && (plain === undefined || !Object.is(plain, member))) {
      members = keys.slice(0, at).map((before) => [before, value[before]])
    }
    if (members !== null && plain !== undefined) members.push([key, plain])
  }
  // Not by assignment: a member may be called `__proto__`.
  return members === null ? value : Object.fromEntries(members)
}

/** Whether an object is of no class, in whichever realm it was made. */
function isPlainObject(value: object): value is Record<string, unknown> {
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || prototype === Object.prototype) return true
  return Object.getPrototypeOf(prototype) === null
}

type Path = readonly (string | number)[]

interface Fault {
  readonly path: Path
  /** To follow on the name of the part. */
  readonly what: string
}

/** The slow way: the first part at fault; null where there is none. */
function faultIn(value: unknown, path: Path, around: readonly object[]): Fault | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null
  if (typeof value === 'number') return isJsonNumber(value) ? null : { path, what: numberFault(value) }
  if (typeof value !== 'object' || (!Array.isArray(value) && !isPlainObject(value))) {
    return { path, what: `is ${kindOf(value)}, which JSON cannot carry.` }
  }
  if (around.includes(value)) return { path, what: 'contains itself, which JSON cannot carry.' }
  if (around.length > MAX_DEPTH) return { path, what: `is nested more than ${String(MAX_DEPTH)} deep.` }
  const members = Array.isArray(value) ? (value as readonly unknown[]).entries() : Object.entries(value)
  for (const [key, member] of members) {
    if (member === undefined && typeof key === 'string') continue
    const fault = faultIn(member, [...path, key], [...around, value])
    if (fault !== null) return fault
  }
  return null
}

/** Deeper than this, writing JSON would run out of stack. */
const MAX_DEPTH = 1000
const MAX_KEY_CHARACTERS = 100
const MAX_NAME_CHARACTERS = 300

/** `result.items[2]`, or `result["two words"]`. */
function nameOf(root: string, path: Path): string {
  const name = path.reduce<string>((before, key) => {
    if (typeof key === 'number') return `${before}[${String(key)}]`
    const short = key.length <= MAX_KEY_CHARACTERS ? key : `${key.slice(0, MAX_KEY_CHARACTERS - 1)}…`
    return /^[A-Za-z_$][\w$]*$/.test(short) ? `${before}.${short}` : `${before}[${JSON.stringify(short)}]`
  }, root)
  return name.length <= MAX_NAME_CHARACTERS ? name : `${name.slice(0, MAX_NAME_CHARACTERS - 1)}…`
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`
  const made: unknown = (Object.getPrototypeOf(value) as { readonly constructor?: unknown } | null)
    ?.constructor
  const name = typeof made === 'function' && made.name !== '' ? made.name : 'class instance'
  return `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}`
}
