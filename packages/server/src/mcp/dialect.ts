import { isObject } from '@openenv-ts/core/host'

/** The two dialects that share `/mcp`: OpenEnv's plain JSON-RPC, and MCP's Streamable HTTP. */
export type Dialect = 'openenv' | 'mcp'

const MCP_METHODS = new Set(['initialize', 'server/discover', 'ping'])

/**
 * Tells by a POST which dialect it speaks. OpenEnv's clients send neither MCP's headers nor its `Accept`, and every
 * MCP client does; the order of the tests decides the rest.
 *
 * @param body - Parsed JSON; undefined when it was none.
 */
export function dialectOf(headers: Headers, body: unknown): Dialect {
  if (headers.has('mcp-session-id')) return 'mcp'
  const { method, params } = isObject(body) ? body : {}
  if (typeof method === 'string' && (MCP_METHODS.has(method) || method.startsWith('notifications/')))
    return 'mcp'
  if (headers.has('mcp-protocol-version') || headers.has('mcp-method') || hasEnvelope(params)) return 'mcp'
  if (typeof method === 'string' && method.startsWith('openenv/')) return 'openenv'
  if (isObject(params) && typeof params['session_id'] === 'string') return 'openenv'
  return (headers.get('accept') ?? '').includes('text/event-stream') ? 'mcp' : 'openenv'
}

/** Whether a request carries the envelope of MCP's revisions without sessions. */
function hasEnvelope(params: unknown): boolean {
  const meta = isObject(params) ? params['_meta'] : undefined
  return isObject(meta) && Object.keys(meta).some((key) => key.startsWith('io.modelcontextprotocol/'))
}
