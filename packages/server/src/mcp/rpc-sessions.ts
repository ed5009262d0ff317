import { OpenEnvError } from '@openenv-ts/core'
import type { Host } from '../host.ts'
import type { Session } from '../sessions/session.ts'
import { RpcError, needsControl } from './rpc-error.ts'
import type { Params } from './rpc-message.ts'

/** Where a JSON-RPC request came in: which episode it means, and what may be done with sessions there. */
export interface RpcSessions {
  /**
   * The session that a call is about; null for none.
   *
   * @throws OpenEnvError for an id that is not known, or not the caller's.
   */
  session(params: Params): Session | null
  create(): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
  close(params: Params): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
}

/** Sessions named by `params.session_id`: how OpenEnv's clients play over HTTP. For control only. */
export function namedSessions(host: Host, mayControl: boolean): RpcSessions {
  const requireControl = (): void => {
    if (!mayControl) throw needsControl()
  }
  const find = (params: Params): Session | null => {
    const { session_id: id } = params
    if (id === undefined || id === null || id === '') return null
    requireControl()
    const named = typeof id === 'string' ? id : JSON.stringify(id)
    const session = host.sessions.find(named)
    if (session === undefined) throw new RpcError(-32602, `Unknown session_id: ${named.slice(0, 128)}`)
    return session
  }
  return {
    session: find,
    create: () => {
      requireControl()
      return { session_id: host.sessions.open('mcp', { named: true }).id }
    },
    close: async (params) => {
      requireControl()
      const session = find(params)
      if (session === null) throw new RpcError(-32602, "Invalid params - 'session_id' is required")
      const closed = await session.closeOnceDetached()
      return { session_id: session.id, closed, ...(closed ? {} : { closing: true }) }
    },
  }
}

/** Refuses to close any session but one, by the id that it was told. */
function requireOwn({ session_id: id }: Params, own: string): void {
  if (typeof id !== 'string' || id === '')
    throw new RpcError(-32602, "Invalid params - 'session_id' is required")
  if (id !== own) throw new RpcError(-32602, `Unknown session_id: ${id.slice(0, 128)}`)
}

/** An agent at the one session of its capability: only the orchestrator ends the episode. */
export function agentSessions(session: Session): RpcSessions {
  return {
    session: () => session,
    create: () => ({ session_id: session.agentId }),
    close: (params) => {
      requireOwn(params, session.agentId)
      return { session_id: session.agentId, closed: false, closing: true }
    },
  }
}

/** The session of a connection: whatever id a client sends, it is this one. */
export interface OwnSession {
  /** Null while there is none. */
  readonly session: () => Session | null
  /** Opens it, where there is none yet. Throws when this client may not. */
  readonly create: () => Session
  /** The id that the client is told. */
  readonly idOf: (session: Session) => string
}

/** A connection that has one session. */
export function connectionSessions({ session, create, idOf }: OwnSession): RpcSessions {
  return {
    session,
    create: () => ({ session_id: idOf(session() ?? create()) }),
    close: (params) => {
      const own = session()
      requireOwn(params, own === null ? '' : idOf(own))
      throw new RpcError(-32600, 'Cannot close active WebSocket-managed session via MCP method')
    },
  }
}

/** The session that a capability admits to. Throws `SESSION_ERROR` when it is over or never was. */
export function capabilitySession(host: Host, capability: string | undefined): Session {
  const session = host.sessions.admitted(capability ?? '')
  if (session === undefined)
    throw new OpenEnvError('SESSION_ERROR', 'There is no episode at this address, or it is over.')
  return session
}
