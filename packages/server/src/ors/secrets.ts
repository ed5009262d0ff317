import { OpenEnvError } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'

/** Secrets by name. */
export type Secrets = Readonly<Record<string, string>>

/**
 * Reads the header `X-Secrets`: base64 of `{"NAME": {"value": "…"}}`.
 *
 * @throws OpenEnvError `VALIDATION_ERROR` (HTTP 400) that shows nothing of what was sent.
 */
export function secretsFromHeader(header: string | null): Secrets {
  if (header === null || header.trim() === '') return {}
  let decoded: unknown
  try {
    const bytes = Uint8Array.from(atob(header.trim()), (character) => character.charCodeAt(0))
    decoded = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw unreadable()
  }
  if (!isObject(decoded)) throw unreadable()
  return Object.fromEntries(
    Object.entries(decoded).map(([name, entry]) => {
      const value = isObject(entry) ? entry['value'] : undefined
      if (typeof value !== 'string') throw unreadable()
      return [name, value]
    }),
  )
}

function unreadable(): OpenEnvError {
  const message = 'The header X-Secrets must be base64 of a JSON object {"NAME": {"value": "…"}}.'
  return new OpenEnvError('VALIDATION_ERROR', message, {
    http: 400,
    issues: [{ type: 'invalid_value', loc: ['header', 'X-Secrets'], msg: message }],
  })
}

/** What may be written to a log of something that was thrown: the same with every secret in it blotted out. */
export function withoutSecrets(thrown: unknown, secrets: Secrets): unknown {
  const values = Object.values(secrets).filter((value) => value !== '')
  if (values.length === 0) return thrown
  // The longest first: one may be part of another.
  values.sort((one, other) => other.length - one.length)
  const blot = (text: string): string =>
    values.reduce((left, value) => left.replaceAll(value, '[secret]'), text)
  const clean = (value: unknown, depth: number): unknown => {
    if (!(value instanceof Error)) return blot(describe(value))
    const { cause } = value
    const copy = new Error(
      blot(value.message),
      cause === undefined || depth > 8 ? {} : { cause: clean(cause, depth + 1) },
    )
    copy.name = blot(value.name)
    copy.stack = blot(value.stack ?? '')
    return copy
  }
  return clean(thrown, 0)
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    return 'an object'
  }
}
