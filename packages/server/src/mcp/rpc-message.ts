import { isObject } from '@openenv-ts/core/host'

/** A JSON-RPC reply in OpenEnv's dialect: errors have all three keys, results no `error`. */
export type RpcReply = { readonly jsonrpc: '2.0'; readonly id: string | number | null } & (
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly error: { readonly code: number; readonly message: string; readonly data: unknown } }
)

/** The parameters of a request, before anything of them is checked. */
export type Params = Readonly<Record<string, unknown>>

type RpcRequest =
  | { readonly id: string | number | null; readonly method: string; readonly params: Params }
  | { readonly error: { readonly code: number; readonly message: string; readonly data: null } }

const KEYS = new Set(['jsonrpc', 'id', 'method', 'params'])

/** Reads a request, or says with a code of JSON-RPC why it is not one. */
export function readRequest(body: unknown): RpcRequest {
  if (!isObject(body)) return refused(-32700, 'Parse error: expected a JSON object')
  const { jsonrpc, method, id = null } = body
  // Several clients send null for what is absent.
  const params = body['params'] ?? {}
  if (jsonrpc !== '2.0') return refused(-32600, 'Invalid request: "jsonrpc" must be "2.0"')
  if (typeof method !== 'string') return refused(-32600, 'Invalid request: "method" must be a text')
  if (!isObject(params)) return refused(-32600, 'Invalid request: "params" must be an object')
  if (id !== null && typeof id !== 'string' && !Number.isInteger(id)) {
    return refused(-32600, 'Invalid request: "id" must be a text, an integer or null')
  }
  const unknown = Object.keys(body).find((key) => !KEYS.has(key))
  if (unknown !== undefined)
    return refused(-32600, `Invalid request: unknown field "${unknown.slice(0, 100)}"`)
  return { id: id as string | number | null, method, params }
}

function refused(code: number, message: string): RpcRequest {
  return { error: { code, message, data: null } }
}
