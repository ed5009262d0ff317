import type { Json } from '@openenv-ts/core'

/**
 * The canonical text of a JSON value: RFC 8785, keys sorted by UTF-16 code units, no white space.
 *
 * One extension: a lone surrogate, which RFC 8785 refuses, is written as its escape, `\ud800`. Properties that are
 * undefined are left out, as in JSON.stringify.
 *
 * @throws TypeError when the value is not JSON (NaN, a function, a Date, a cycle), naming the place.
 */
export function canonicalJson(value: unknown): string {
  return write(value, [], [])
}

/** A copy of a value as plain JSON, which nobody else holds. Throws as {@link canonicalJson} does. */
export function jsonCopy(value: unknown): Json {
  return JSON.parse(canonicalJson(value)) as Json
}

type JsonPath = (string | number)[]

function write(value: unknown, place: JsonPath, parents: object[]): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value)
    case 'number':
      if (!Number.isFinite(value)) throw notJson(String(value), place)
      return JSON.stringify(value)
    case 'object':
      if (value === null) return 'null'
      if (parents.includes(value)) throw notJson('a cycle', place)
      return writeObject(value, place, [...parents, value])
    default:
      throw notJson(typeof value, place)
  }
}

function writeObject(value: object, place: JsonPath, parents: object[]): string {
  if (Array.isArray(value)) {
    const items = Array.from(value as unknown[], (item, index) => write(item, [...place, index], parents))
    return `[${items.join(',')}]`
  }
  if (!isPlain(value)) throw notJson(value.constructor.name, place)
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${write(member, [...place, key], parents)}`)
  return `{${members.join(',')}}`
}

/** Whether an object is of no class, in whichever realm it was made. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function notJson(what: string, place: JsonPath): TypeError {
  return new TypeError(`Not JSON: ${what} at ${place.length === 0 ? 'the top' : place.join('.')}.`)
}
