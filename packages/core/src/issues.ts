import type { z } from 'zod'
import { OpenEnvError, type Issue } from './errors.ts'
import { isObject } from './json.ts'

const MAX_INPUT_CHARACTERS = 200
const MAX_ISSUES = 50

/** Shows a faulty value without showing all of it: larger ones as the beginning of their JSON text. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.length <= MAX_INPUT_CHARACTERS ? value : truncated(value)
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (value === undefined || value === null || typeof value === 'boolean') return value
  // Only callers in this process can send what JSON has no form for, and it must not break the answer.
  if (typeof value !== 'object') return `a ${typeof value}`
  const text = new BoundedText()
  try {
    text.writeJson(value)
    return value
  } catch (stopped) {
    return stopped instanceof TextFull ? truncated(text.content) : undefined
  }
}

class TextFull extends Error {}

/** JSON text that stops at the limit, however large the value: an agent's megabytes are not written out to show 200. */
class BoundedText {
  content = ''

  writeJson(value: unknown): void {
    if (Array.isArray(value)) {
      this.#write('[')
      for (const [at, item] of value.entries()) {
        if (at > 0) this.#write(',')
        this.writeJson(item)
      }
      this.#write(']')
    } else if (isObject(value)) {
      this.#writeObject(value)
    } else {
      const short = typeof value === 'string' ? value.slice(0, MAX_INPUT_CHARACTERS) : value
      const text: unknown = JSON.stringify(short)
      this.#write(typeof text === 'string' ? text : 'null')
    }
  }

  #writeObject(value: Readonly<Record<string, unknown>>): void {
    this.#write('{')
    let first = true
    for (const key in value) {
      if (!Object.hasOwn(value, key)) continue
      this.#write(`${first ? '' : ','}${JSON.stringify(key.slice(0, MAX_INPUT_CHARACTERS))}:`)
      first = false
      this.writeJson(value[key])
    }
    this.#write('}')
  }

  #write(text: string): void {
    this.content += text
    if (this.content.length > MAX_INPUT_CHARACTERS) throw new TextFull()
  }
}

/** Cuts a text to the limit, dots included. */
function truncated(text: string): string {
  return `${text.slice(0, MAX_INPUT_CHARACTERS - 1)}…`
}

/** A place as it is told: whoever sent it chose its keys, of any length. */
function place(path: readonly (string | number)[]): (string | number)[] {
  return path.map((key) => (typeof key === 'string' ? key.slice(0, MAX_INPUT_CHARACTERS) : key))
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<PropertyKey, unknown>)[key]
  }
  return value
}

/**
 * Says what is wrong with a value in the words of the wire [OE-9]: type, place, message, value.
 *
 * A missing field shows the object that lacks it, as upstream does; an unknown key gets an issue of its own.
 *
 * @param prefix - Put before every place.
 */
export function issuesOf(
  error: z.ZodError,
  input: unknown,
  prefix: readonly (string | number)[] = [],
): Issue[] {
  const issues: Issue[] = []
  for (const issue of error.issues.slice(0, MAX_ISSUES)) {
    const path = issue.path as (string | number)[]
    if (issue.code === 'unrecognized_keys') {
      // A frame may hold as many unknown keys as it has room for; describing them all would hold up everybody else.
      for (const key of issue.keys.slice(0, MAX_ISSUES)) {
        const value = shortened(valueAt(input, [...path, key]))
        issues.push({
          type: 'extra_forbidden',
          loc: [...prefix, ...place([...path, key])],
          msg: 'Unknown field',
          input: value,
        })
      }
      continue
    }
    const parent = valueAt(input, path.slice(0, -1))
    const last = path.at(-1)
    const missing = last !== undefined && isObject(parent) && !Object.hasOwn(parent, last)
    issues.push({
      type: missing ? 'missing' : issue.code,
      loc: [...prefix, ...place(path)],
      msg: missing ? 'Field required' : issue.message,
      input: shortened(missing ? parent : valueAt(input, path)),
    })
  }
  return issues.slice(0, MAX_ISSUES)
}

/** How many faults a message names. The error has them all. */
const MAX_DESCRIBED = 10

/**
 * Faults in one line for a person: `label: Field required; summry: Unknown field`. At most ten of them.
 *
 * @param root - What to call the whole, where that is at fault.
 */
export function describeIssues(issues: readonly Issue[], root = 'action'): string {
  const described = issues
    .slice(0, MAX_DESCRIBED)
    .map(({ loc, msg }) => `${loc.length === 0 ? root : loc.join('.')}: ${msg}`)
  const left = issues.length - described.length
  return [...described, ...(left === 0 ? [] : [`and ${String(left)} more`])].join('; ')
}

/**
 * `VALIDATION_ERROR` with a message that names every fault: some clients, Python's among them, show nothing else.
 *
 * @param what - What is invalid: `reset`, `action`.
 */
export function validationError(what: string, issues: readonly Issue[]): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', `Invalid ${what}: ${describeIssues(issues, what)}.`, { issues })
}

/** The same error with a message that names its faults, where it names none of them yet. */
export function withFaultsNamed(error: OpenEnvError): OpenEnvError {
  const { code, message, issues, http, data, cause } = error
  if (issues.length === 0 || issues.some(({ msg }) => message.includes(msg))) return error
  const described = `${message}: ${describeIssues(issues)}`.replace(/\.?$/, '.')
  return new OpenEnvError(code, described, { issues, http, data, cause })
}
