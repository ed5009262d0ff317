import { isObject } from '@openenv-ts/core/host'

/** Why a body is no message of the protocol. */
export interface Fault {
  /** The id of the request, where it could be read. */
  readonly id: string | number | null
  readonly status: 200 | 400
  readonly code: number
  readonly message: string
}

/** A body as it was read: with what is null left out where the protocol knows no null, and the first fault in it. */
export interface ReadBody {
  readonly body: unknown
  readonly fault: Fault | null
}

/** Reads the body of a POST: one message, or a batch of them. */
export function readMessages(given: unknown): ReadBody {
  const body = Array.isArray(given) ? given.map(withoutNulls) : withoutNulls(given)
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
  const fault = messages.map(faultOf).find((each) => each !== null) ?? null
  return { body, fault: messages.length === 0 ? invalid(null, 'a batch holds at least one message') : fault }
}

/** Requests and notifications of a body, one after the other. */
export function messagesOf(body: unknown): readonly Readonly<Record<string, unknown>>[] {
  return (Array.isArray(body) ? body : [body]).filter(isObject)
}

/** The request that a message cancels; undefined for any other message. */
export function cancelledBy(message: Readonly<Record<string, unknown>>): string | number | undefined {
  if (message['method'] !== 'notifications/cancelled') return undefined
  const { requestId } = isObject(message['params']) ? message['params'] : {}
  return isId(requestId) ? requestId : undefined
}

/** Several clients send null for what is absent. */
function withoutNulls(message: unknown): unknown {
  if (!isObject(message)) return message
  const { params, ...rest } = message
  if (params === null) return rest
  if (!isObject(params)) return message
  const optional = message['method'] === 'tools/call' ? ['_meta', 'arguments'] : ['_meta', 'cursor']
  const kept = Object.entries(params).filter(([key, value]) => value !== null || !optional.includes(key))
  return kept.length === Object.keys(params).length
    ? message
    : { ...message, params: Object.fromEntries(kept) }
}

function faultOf(message: unknown): Fault | null {
  if (!isObject(message)) return invalid(null, 'a message is a JSON object')
  const { jsonrpc, method, params } = message
  const id = isId(message['id']) ? message['id'] : null
  if (jsonrpc !== '2.0') return invalid(id, '"jsonrpc" must be "2.0"')
  if (method === undefined && ('result' in message || 'error' in message)) return null
  if (typeof method !== 'string') return invalid(id, '"method" must be a text')
  if ('id' in message && id === null) return invalid(null, '"id" must be a text or an integer')
  if (params !== undefined && !isObject(params)) return invalid(id, '"params" must be an object')
  const wrong = id === null ? null : wrongParams(method, params ?? {})
  return wrong === null ? null : { id, status: 200, code: -32602, message: `Invalid params: ${wrong}.` }
}

/** What is wrong with the parameters of a request, by their names. */
function wrongParams(method: string, params: Readonly<Record<string, unknown>>): string | null {
  const { _meta: meta } = params
  if (meta !== undefined && !isObject(meta)) return '"_meta" must be an object'
  const token = meta?.['progressToken']
  if (token !== undefined && !isId(token)) return '"_meta.progressToken" must be a text or an integer'
  if (method === 'tools/call') {
    const { name, arguments: args } = params
    if (typeof name !== 'string' || name === '') return '"name" must be the name of a tool'
    if (args !== undefined && !isObject(args)) return '"arguments" must be an object'
  }
  if (method === 'tools/list' && params['cursor'] !== undefined && typeof params['cursor'] !== 'string') {
    return '"cursor" must be a text'
  }
  if (method === 'initialize') {
    const { protocolVersion, capabilities, clientInfo } = params
    if (typeof protocolVersion !== 'string') return '"protocolVersion" must be a text'
    if (!isObject(capabilities)) return '"capabilities" must be an object'
    if (!isObject(clientInfo)) return '"clientInfo" must be an object'
    for (const key of ['name', 'version']) {
      if (typeof clientInfo[key] !== 'string') return `"clientInfo.${key}" must be a text`
    }
  }
  return null
}

function isId(id: unknown): id is string | number {
  return typeof id === 'string' || Number.isInteger(id)
}

function invalid(id: string | number | null, why: string): Fault {
  return { id, status: 400, code: -32600, message: `Invalid request: ${why}.` }
}
