import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { isOpenEnvError } from '@openenv-ts/core'
import { dialectOf } from '../mcp/dialect.ts'
import { capabilitySource, type EpisodeSource, type McpEndpoint } from '../mcp/endpoint.ts'
import { answerRpc, capabilitySession, fixedSeat, namedSeat, type RpcSeat } from '../rpc.ts'
import { readJson, type Host, type Route, type RouteReply } from '../route.ts'

/**
 * Tools over HTTP, in two dialects told apart by the request: MCP's Streamable HTTP, and OpenEnv's JSON-RPC with
 * status 200 for every outcome.
 *
 * @param source - The episodes that MCP clients at `/mcp` get.
 */
export function mcpRoutes(host: Host, endpoint: McpEndpoint, source: EpisodeSource): readonly Route[] {
  const answer = async (
    request: Request,
    seat: RpcSeat,
    episodes: EpisodeSource,
  ): Promise<RouteReply | Response> => {
    let body: unknown
    let fault: unknown
    try {
      body = await readJson(request, host)
    } catch (error) {
      fault = error
    }
    if (isOpenEnvError(fault) && fault.code === 'TOO_LARGE') throw fault
    if (dialectOf(request.headers, body) === 'mcp')
      return endpoint.fetch(unread(request, body), body, episodes)
    if (fault === undefined) return { body: await answerRpc(body, host, seat) }
    const { message, data } = errorToJsonRpc(fault)
    return { body: { jsonrpc: '2.0', id: null, error: { code: -32700, message, data } } }
  }
  const session = (capability: string | undefined): ReturnType<typeof capabilitySession> =>
    capabilitySession(host, capability)
  const others = (['GET', 'DELETE'] as const).flatMap((method): readonly Route[] => [
    {
      method,
      path: '/mcp',
      plane: 'agent',
      summary: 'Streams and ends MCP sessions',
      handle: (request) => endpoint.fetch(request, undefined, source),
    },
    {
      method,
      path: '/agent/:capability/mcp',
      plane: 'capability',
      summary: 'Streams and ends MCP sessions of an episode',
      handle: (request, { capability }) =>
        endpoint.fetch(request, undefined, capabilitySource(session(capability))),
    },
  ])
  return [
    {
      method: 'POST',
      path: '/mcp',
      plane: 'agent',
      summary: 'Tools over MCP and JSON-RPC',
      handle: (request) => {
        const principal = host.gate.principal(request.headers)
        const mayControl = host.mode === 'simulation' && host.gate.admits(principal, 'control')
        return answer(request, namedSeat(host, mayControl), source)
      },
    },
    {
      method: 'POST',
      path: '/agent/:capability/mcp',
      plane: 'capability',
      summary: 'Tools of the one episode that the address admits to',
      handle: (request, { capability }) => {
        const own = session(capability)
        // The orchestrator ends the episode; an agent's client that takes leave is let go.
        const seat = {
          ...fixedSeat(() => own),
          close: () => ({ session_id: own.id, closed: false, closing: true }),
        }
        return answer(request, seat, capabilitySource(own))
      },
    },
    ...others,
  ]
}

/** The request with a body again, for a protocol that wants to look at it itself. */
function unread(request: Request, body: unknown): Request {
  const { url, method, headers, signal } = request
  return new Request(url, { method, headers, signal, body: JSON.stringify(body ?? null) })
}
