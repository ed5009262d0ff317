import { OpenEnvError } from '../errors.ts'
import { validationError } from '../issues.ts'
import { isObject } from '../json.ts'
import type { WireErrorData } from './error.ts'
import type { WireReply } from './reply.ts'

/** What a client may send on `/ws`; `data` of a step is the action itself. */
export type ClientMessage =
  | { readonly type: 'reset'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: 'step'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: 'state' }
  | { readonly type: 'close' }
  | { readonly type: 'mcp'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: TaskMessageType; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: 'batch'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: 'resume'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: 'heartbeat' }

/** Task discovery on the control channel [OE-22]; the reply has the type of the request. */
export type TaskMessageType = 'list_splits' | 'num_tasks' | 'get_task' | 'list_tasks'

/** What a server answers on `/ws`: one message for each received, none for `close`. */
export type ServerMessage =
  | { readonly type: 'observation'; readonly data: WireReply }
  | { readonly type: 'state'; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: 'mcp'; readonly data: Readonly<Record<string, unknown>> }
  | {
      readonly type: TaskMessageType | 'batch' | 'resume' | 'heartbeat'
      readonly data: Readonly<Record<string, unknown>>
    }
  | { readonly type: 'error'; readonly data: WireErrorData }

const NO_DATA: Readonly<Record<string, unknown>> = Object.freeze({})

/**
 * Checks the envelope of a client's message by hand: this runs for every frame.
 *
 * @param message - Parsed JSON.
 * @throws OpenEnvError `VALIDATION_ERROR` for anything but an object, unknown keys and bad `data`; `UNKNOWN_TYPE`.
 */
export function readClientMessage(message: unknown): ClientMessage {
  if (!isObject(message)) {
    throw validationError('message', [{ type: 'invalid_type', loc: [], msg: 'Expected a JSON object' }])
  }
  const { type } = message
  switch (type) {
    case 'step':
    case 'mcp':
      return { type, data: requiredData(message) }
    case 'batch':
    case 'num_tasks':
    case 'get_task':
    case 'list_tasks':
      return { type, data: requiredData(message) }
    case 'list_splits':
    case 'resume':
    case 'reset':
      return { type, data: Object.hasOwn(message, 'data') ? requiredData(message) : onlyType(message) }
    case 'state':
    case 'close':
    case 'heartbeat':
      onlyType(message)
      return { type }
    default:
      throw new OpenEnvError('UNKNOWN_TYPE', `Unknown message type: ${typeName(type)}`)
  }
}

function requiredData(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { data } = message
  let keys = 0
  for (const key in message) {
    keys += 1
    if (key !== 'type' && key !== 'data') throw unknownKeys(message, ['type', 'data'])
  }
  if (isObject(data)) return data
  const missing = keys === 1
  throw validationError('message', [
    {
      type: missing ? 'missing' : 'invalid_type',
      loc: ['data'],
      msg: missing ? 'Field required' : 'Expected a JSON object',
    },
  ])
}

function onlyType(message: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  for (const key in message) {
    if (key !== 'type') throw unknownKeys(message, ['type'])
  }
  return NO_DATA
}

function unknownKeys(message: Readonly<Record<string, unknown>>, known: readonly string[]): OpenEnvError {
  const extra = Object.keys(message).filter((key) => !known.includes(key))
  return validationError(
    'message',
    extra
      .slice(0, 50)
      .map((key) => ({ type: 'extra_forbidden', loc: [key.slice(0, 200)], msg: 'Unknown field' })),
  )
}

function typeName(type: unknown): string {
  if (typeof type === 'string') return type.slice(0, 100)
  return type === undefined ? 'none (a message needs a "type")' : JSON.stringify(type).slice(0, 100)
}
