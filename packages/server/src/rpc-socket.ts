import { checkShape, errorToJsonRpc, parseJson } from '@openenv-ts/core/wire'
import { isOpenEnvError, OpenEnvError, type MaybePromise } from '@openenv-ts/core'
import { Inbox } from './inbox.ts'
import { answerRpc, capabilitySession, fixedSeat, type RpcReply } from './rpc.ts'
import type { Host, SocketRoute } from './route.ts'
import type { Session } from './session.ts'
import type { SocketHandler, SocketLike } from './socket.ts'

/** `/mcp` as a WebSocket: raw JSON-RPC in OpenEnv's dialect, one session a socket. */
export function rpcSocketRoutes(host: Host): readonly SocketRoute[] {
  return [
    {
      path: '/mcp',
      plane: 'agent',
      accept: () => (socket) => openRpcSocket(host, socket, () => host.sessions.open('socket'), true),
    },
    {
      path: '/agent/:capability/mcp',
      plane: 'capability',
      accept: (_request, { capability }) => {
        const admitted = (): Session => capabilitySession(host, capability)
        return (socket) => openRpcSocket(host, socket, admitted, false)
      },
    },
  ]
}

const REFUSAL_GRACE_MS = 1000

function openRpcSocket(host: Host, socket: SocketLike, join: () => Session, own: boolean): SocketHandler {
  const send = (reply: RpcReply): MaybePromise<void> => socket.send(JSON.stringify(reply))
  let session: Session
  try {
    session = join()
  } catch (error) {
    void send(failure(error, -32000))
    const timer = setTimeout(() => {
      socket.close(1000)
    }, REFUSAL_GRACE_MS)
    return {
      message: () => undefined,
      closed: () => {
        clearTimeout(timer)
      },
    }
  }
  const seat = fixedSeat(() => session)
  let open = true
  const inbox = new Inbox(socket, host.maxMessageBytes, async (bytes, binary, decode) => {
    if (!open) return
    let body: unknown
    try {
      if (binary) throw new OpenEnvError('INVALID_JSON', 'Parse error: send text frames, not binary ones.')
      checkShape(bytes, host.shape)
      body = parseJson(decode(bytes))
    } catch (error) {
      return send(failure(error, -32700))
    }
    return send(await answerRpc(body, host, seat))
  })
  return {
    message: (bytes, binary, decode) => {
      inbox.receive(bytes, binary, decode)
    },
    closed: () => {
      open = false
      inbox.clear()
      if (own) void host.sessions.close(session)
    },
  }
}

function failure(error: unknown, code: number): RpcReply {
  const { message, data } = errorToJsonRpc(error)
  return { jsonrpc: '2.0', id: null, error: { code, message, data: isOpenEnvError(error) ? data : null } }
}
