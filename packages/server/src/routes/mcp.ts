import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { isOpenEnvError } from '@openenv-ts/core'
import { dialectOf } from '../mcp/dialect.ts'
import type { McpEndpoint } from '../mcp/endpoint.ts'
import { capabilitySource, type EpisodeSource } from '../mcp/episode-source.ts'
import { agentSeat, answerRpc, capabilitySession, namedSeat, type RpcSeat } from '../rpc.ts'
import { readJson, type Host, type Route, type RouteReply } from '../route.ts'

/**
 * Tools over HTTP, in two dialects told apart by the request: MCP's Streamable HTTP, and OpenEnv's JSON-RPC with
 * status 200 for every outcome.
 *
 * @param source - The episodes that MCP clients at `/mcp` get.
 */
export function mcpRoutes(host: Host, endpoint: McpEndpoint, source: EpisodeSource): readonly Route[] {
  const open: Place = (request) => {
    const principal = host.gate.principal(request.headers)
    const mayControl = host.mode === 'simulation' && host.gate.admits(principal, 'control')
    return { seat: namedSeat(host, mayControl), source }
  }
  const granted: Place = (_request, { capability }) => {
    const session = capabilitySession(host, capability)
    return { seat: agentSeat(session), source: capabilitySource(session) }
  }
  return [
    ...routesAt({ path: '/mcp', plane: 'agent' }, open, host, endpoint),
    ...routesAt({ path: '/agent/:capability/mcp', plane: 'capability' }, granted, host, endpoint),
  ]
}

/** What a request at some path means, in either dialect. */
type Place = (
  request: Request,
  parameters: Readonly<Record<string, string>>,
) => { readonly seat: RpcSeat; readonly source: EpisodeSource }

function routesAt(
  where: Pick<Route, 'path' | 'plane'>,
  place: Place,
  host: Host,
  endpoint: McpEndpoint,
): readonly Route[] {
  const stream = (method: 'GET' | 'DELETE', summary: string): Route => ({
    ...where,
    method,
    summary,
    handle: (request, parameters) => endpoint.fetch(request, undefined, place(request, parameters).source),
  })
  return [
    {
      ...where,
      method: 'POST',
      summary: "Tools over MCP, and over OpenEnv's JSON-RPC",
      handle: async (request, parameters) => {
        const { seat, source } = place(request, parameters)
        return answer(request, seat, source, host, endpoint)
      },
    },
    stream('GET', 'The stream of an MCP session'),
    stream('DELETE', 'Ends an MCP session'),
  ]
}

async function answer(
  request: Request,
  seat: RpcSeat,
  source: EpisodeSource,
  host: Host,
  endpoint: McpEndpoint,
): Promise<RouteReply | Response> {
  let body: unknown
  try {
    body = await readJson(request, host)
  } catch (error) {
    if (!isOpenEnvError(error) || error.code === 'TOO_LARGE') throw error
    const { message, data } = errorToJsonRpc(error)
    // MCP tells by the status too; OpenEnv's clients take any status but 200 for a broken server.
    const status = dialectOf(request.headers, undefined) === 'mcp' ? 400 : 200
    return { status, body: { jsonrpc: '2.0', id: null, error: { code: -32700, message, data } } }
  }
  if (dialectOf(request.headers, body) === 'openenv') return { body: await answerRpc(body, host, seat) }
  return endpoint.fetch(unread(request, body), body, source)
}

/** The request with a body again, for a protocol that wants to look at it itself. */
function unread(request: Request, body: unknown): Request {
  const { url, method, headers, signal } = request
  return new Request(url, { method, headers, signal, body: JSON.stringify(body ?? null) })
}
