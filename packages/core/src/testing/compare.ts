import { isJsonNumber } from '../plain-json.ts'

/** Where in a value something is: `observation.cards.3`; the empty text is the value itself. */
export type JsonPath = string

/** The first place where two JSON values differ, null when they are equal. The order of keys does not count. */
export function differenceOf(expected: unknown, received: unknown, at: JsonPath = ''): JsonPath | null {
  if (Object.is(expected, received)) return null
  if (typeof expected !== 'object' || typeof received !== 'object') return at
  if (expected === null || received === null || Array.isArray(expected) !== Array.isArray(received)) return at
  const left = new Map(Object.entries(expected).filter(([, value]) => value !== undefined))
  const right = new Map(Object.entries(received).filter(([, value]) => value !== undefined))
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const place = at === '' ? key : `${at}.${key}`
    if (!left.has(key) || !right.has(key)) return place
    const inner = differenceOf(left.get(key), right.get(key), place)
    if (inner !== null) return inner
  }
  return null
}

/** The first place of something that JSON cannot carry as it is, null when there is none. */
export function notJsonAt(
  value: unknown,
  at: JsonPath = '',
  around: readonly unknown[] = [],
): JsonPath | null {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return null
  if (typeof value === 'number') return isJsonNumber(value) ? null : at
  if (typeof value !== 'object' || around.includes(value)) return at
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return at
  for (const [key, inner] of Object.entries(value)) {
    // A property that is undefined is one that is not there; an element would become null.
    if (inner === undefined && !Array.isArray(value)) continue
    const place = notJsonAt(inner, at === '' ? key : `${at}.${key}`, [...around, value])
    if (place !== null) return place
  }
  return null
}

/** A value in one short line. */
export function preview(value: unknown, most = 160): string {
  const text = textOf(value)
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

function textOf(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value)
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol')
    return `a ${typeof value}`
  try {
    return JSON.stringify(value)
  } catch {
    return 'a value that JSON cannot carry'
  }
}
