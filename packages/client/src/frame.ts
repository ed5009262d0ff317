import { OpenEnvError } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import type { ClientMessage } from '@openenv-ts/core/wire'
import { readJsonOr } from './read-json.ts'
import { requireJson } from './write-json.ts'

/** A message of the server. */
export interface ServerFrame {
  readonly type: string
  readonly data: unknown
  /** The message as it came. */
  readonly text: string
}

/**
 * Reads a frame. Text is the rule; bytes are taken as UTF-8.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` when it is not a message; `EXECUTION_ERROR` when it holds a number that would
 * be rounded or infinite, by its place.
 */
export function readFrame(payload: unknown): ServerFrame {
  const text = textOf(payload)
  const message = readJsonOr(text)
  if (message === undefined) throw invalidMessage('what it sent is not JSON')
  if (!isObject(message) || typeof message['type'] !== 'string') {
    throw invalidMessage('what it sent has no "type"')
  }
  return { type: message['type'].slice(0, 100), data: message['data'], text }
}

function textOf(payload: unknown): string {
  if (typeof payload === 'string') return payload
  if (!(payload instanceof ArrayBuffer)) throw invalidMessage('it sent a frame of an unknown kind')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload)
  } catch (cause) {
    throw invalidMessage('it sent bytes that are no text', cause)
  }
}

function invalidMessage(why: string, cause?: unknown): OpenEnvError {
  return new OpenEnvError('CONNECTION_ERROR', `This is no OpenEnv server, or it is broken: ${why}.`, {
    cause,
  })
}

/**
 * Writes a message. What JSON cannot carry is refused [OE-24].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` naming the part.
 */
export function writeFrame(type: ClientMessage['type'], data?: unknown): string {
  if (data !== undefined) requireJson(type, type === 'step' ? 'action' : 'data', data)
  return JSON.stringify({ type, data })
}
