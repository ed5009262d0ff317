import { isObject } from '@openenv-ts/core'
import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { readJson, type Host, type Route } from '../route.ts'

/** A JSON-RPC reply with status 200, as OpenEnv wants it for every outcome. */
type RpcReply = { readonly jsonrpc: '2.0'; readonly id: string | number | null } & (
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data: unknown } }
)

/** `POST /mcp`: the JSON-RPC envelope of OpenEnv. */
export function mcpRoutes(host: Host): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/mcp',
      plane: 'agent',
      summary: 'JSON-RPC',
      handle: async (request) => {
        let body: unknown
        try {
          body = await readJson(request, host)
        } catch (error) {
          return { body: { jsonrpc: '2.0', id: null, error: { ...errorToJsonRpc(error), code: -32700 } } }
        }
        return { body: answerRpc(body) }
      },
    },
  ]
}

/** Answers one JSON-RPC request; malformed ones always with a null id. */
export function answerRpc(body: unknown): RpcReply {
  if (!isObject(body)) return failed(null, -32700, 'Parse error: expected a JSON object')
  const { jsonrpc, method, params, id = null, ...extra } = body
  const unknown = Object.keys(extra)
  if (jsonrpc !== '2.0') return failed(null, -32600, 'Invalid request: "jsonrpc" must be "2.0"')
  if (typeof method !== 'string') return failed(null, -32600, 'Invalid request: "method" must be a text')
  if (params !== undefined && !isObject(params)) {
    return failed(null, -32600, 'Invalid request: "params" must be an object')
  }
  if (id !== null && typeof id !== 'string' && !Number.isInteger(id)) {
    return failed(null, -32600, 'Invalid request: "id" must be a text, an integer or null')
  }
  if (unknown.length > 0) return failed(null, -32600, `Invalid request: unknown field "${unknown[0] ?? ''}"`)
  return failed(id as string | number | null, -32601, `Method not found: ${method.slice(0, 100)}`)
}

function failed(id: string | number | null, code: number, message: string): RpcReply {
  return { jsonrpc: '2.0', id, error: { code, message, data: null } }
}
