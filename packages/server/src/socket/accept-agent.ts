import type { Host } from '../host.ts'
import { failure } from '../http/failure.ts'
import type { SocketRoute } from '../http/route.ts'
import { refusedConnection } from '../limits/refused-connection.ts'
import { capabilitySession } from '../mcp/rpc-sessions.ts'
import type { Session } from '../sessions/session.ts'
import type { SocketHandler, SocketLike } from './socket-like.ts'

/**
 * Decides on a handshake at an agent's address before a byte of its messages is read: 404 where there is no episode,
 * 429 where its agent has connections enough.
 */
export function acceptAgent(
  host: Host,
  capability: string | undefined,
  play: (session: Session) => (socket: SocketLike) => SocketHandler,
): ReturnType<SocketRoute['accept']> {
  let session: Session
  try {
    session = capabilitySession(host, capability)
  } catch (error) {
    return failure(error, host)
  }
  return refusedConnection(host, session.quota) ?? play(session)
}
