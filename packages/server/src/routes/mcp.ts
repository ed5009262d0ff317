import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { answerRpc, capabilitySession, fixedSeat, namedSeat, type RpcSeat } from '../rpc.ts'
import { readJson, type Host, type Route, type RouteReply } from '../route.ts'

/** JSON-RPC over HTTP: OpenEnv's dialect, status 200 for every outcome. */
export function mcpRoutes(host: Host): readonly Route[] {
  const answer = async (request: Request, seat: RpcSeat): Promise<RouteReply> => {
    let body: unknown
    try {
      body = await readJson(request, host)
    } catch (error) {
      const { message, data } = errorToJsonRpc(error)
      return { body: { jsonrpc: '2.0', id: null, error: { code: -32700, message, data } } }
    }
    return { body: await answerRpc(body, host, seat) }
  }
  return [
    {
      method: 'POST',
      path: '/mcp',
      plane: 'agent',
      summary: 'Tools over JSON-RPC',
      handle: (request) => {
        const principal = host.gate.principal(request.headers)
        const mayControl = host.mode === 'simulation' && host.gate.admits(principal, 'control')
        return answer(request, namedSeat(host, mayControl))
      },
    },
    {
      method: 'POST',
      path: '/agent/:capability/mcp',
      plane: 'capability',
      summary: 'Tools of the one episode that the address admits to',
      handle: (request, { capability }) => {
        const session = capabilitySession(host, capability)
        const seat = fixedSeat(() => session)
        // The orchestrator ends the episode; an agent's client that takes leave is let go.
        return answer(request, { ...seat, close: () => ({ session_id: session.id, closed: false, closing: true }) })
      },
    },
  ]
}
