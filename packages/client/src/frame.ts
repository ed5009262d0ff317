import { isObject, OpenEnvError } from '@openenv-ts/core'
import type { ClientMessage } from '@openenv-ts/core/wire'

/** A message of the server. */
export interface Frame {
  readonly type: string
  readonly data: unknown
  /** The message as it came. */
  readonly text: string
}

/**
 * Reads a frame. Text is the rule; bytes are taken as UTF-8.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` when it is no message.
 */
export function readFrame(payload: unknown): Frame {
  const text = textOf(payload)
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch (cause) {
    throw unreadable('what it sent is not JSON', cause)
  }
  if (!isObject(message) || typeof message['type'] !== 'string') {
    throw unreadable('what it sent has no "type"')
  }
  return { type: message['type'].slice(0, 100), data: message['data'], text }
}

function textOf(payload: unknown): string {
  if (typeof payload === 'string') return payload
  if (!(payload instanceof ArrayBuffer)) throw unreadable('it sent a frame of an unknown kind')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload)
  } catch (cause) {
    throw unreadable('it sent bytes that are no text', cause)
  }
}

function unreadable(why: string, cause?: unknown): OpenEnvError {
  return new OpenEnvError('CONNECTION_ERROR', `This is no OpenEnv server, or it is broken: ${why}.`, {
    cause,
  })
}

/**
 * Writes a message. JSON has no words for NaN, Infinity and bigint, and would say null or nothing in their place: they
 * are refused instead [OE-3].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` naming the field.
 */
export function writeFrame(type: ClientMessage['type'], data?: unknown): string {
  try {
    return JSON.stringify({ type, data }, refuseWhatJsonLacks)
  } catch (cause) {
    if (cause instanceof Unwritable) throw unwritable(type, cause.message, cause.field)
    throw unwritable(type, 'it is no plain JSON (circular, or nested too deep).', type, cause)
  }
}

class Unwritable extends Error {
  readonly field: string
  constructor(field: string, message: string) {
    super(message)
    this.field = field
  }
}

function refuseWhatJsonLacks(key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Unwritable(key, `"${key}" is ${String(value)}, which JSON cannot carry.`)
  }
  if (typeof value === 'bigint') {
    throw new Unwritable(key, `"${key}" is a bigint, which JSON cannot carry.`)
  }
  return value
}

function unwritable(type: string, msg: string, field: string, cause?: unknown): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', `Invalid ${type}: ${msg}`, {
    issues: [{ type: 'invalid_type', loc: [field], msg }],
    cause,
  })
}
