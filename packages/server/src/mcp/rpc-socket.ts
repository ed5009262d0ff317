import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { isOpenEnvError, OpenEnvError, type MaybePromise } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { AgentAnswers } from '../limits/agent-answers.ts'
import { Inbox } from '../socket/inbox.ts'
import { readIncoming } from '../socket/incoming.ts'
import { NO_EPISODE, type EpisodeSource } from './episode-source.ts'
import { cancelledBy } from './messages.ts'
import type { Quota, Release } from '../limits/quota.ts'
import { answerRpc, rpcText } from './rpc.ts'
import { agentSessions, connectionSessions, type OwnSession, type RpcSessions } from './rpc-sessions.ts'
import type { RpcReply } from './rpc-message.ts'
import { needsControl } from './rpc-error.ts'
import type { SocketRoute } from '../http/route.ts'
import type { Host } from '../host.ts'
import type { Session } from '../sessions/session.ts'
import { acceptAgent } from '../socket/accept-agent.ts'
import { Refusal } from '../socket/refusal.ts'
import { refusedConnection } from '../limits/refused-connection.ts'
import type { SocketHandler, SocketLike } from '../socket/socket-like.ts'

/**
 * `/mcp` as a WebSocket: raw JSON-RPC in OpenEnv's dialect, at most one session a socket.
 *
 * @param source - The episodes that agents get. Where it has none, a client with control may open a session, and
 * others list tools; neither takes a slot by connecting.
 */
export function rpcSocketRoutes(host: Host, source: EpisodeSource): readonly SocketRoute[] {
  return [
    {
      path: '/mcp',
      plane: 'agent',
      accept: (request, _parameters, { sees }) => {
        const principal = host.authorizer.principal(request.headers)
        // At a port of agents nobody controls, tokens or not.
        const mayControl = host.mode === 'simulation' && sees('control')
        const access: SocketAccess = {
          quota: host.shared,
          join: () => source.open(),
          create: () => {
            if (source !== NO_EPISODE || !mayControl) throw needsControl()
            // Without tokens, who is an orchestrator and who is an agent cannot be told.
            const by = principal === 'control' ? 'control' : 'agent'
            return host.sessions.open('mcp', { named: true, by })
          },
          sessions: (own) =>
            connectionSessions({ ...own, idOf: ({ id, agentId, named }) => (named ? id : agentId) }),
          leave: (session) => void session.close(),
        }
        return refusedConnection(host, host.shared) ?? ((socket) => new RpcSocket(host, socket, access))
      },
    },
    {
      path: '/agent/:capability/mcp',
      plane: 'capability',
      accept: (_request, { capability }) =>
        acceptAgent(host, capability, (session) => {
          const access: SocketAccess = {
            quota: session.quota,
            join: () => session,
            create: () => session,
            sessions: () => agentSessions(session),
            leave: () => undefined,
          }
          return (socket) => new RpcSocket(host, socket, access)
        }),
    },
  ]
}

/** A cancellation is a short message, and as many may wait as calls. */
const MAX_CANCELLATION_BYTES = 4096
const MAX_CANCELLED = 256

/** Which session a socket plays. */
interface SocketAccess {
  /** What the socket counts towards until it has an episode of its own. */
  readonly quota: Quota
  /** The session to play; null where there is none to begin with. Throws an OpenEnvError when it cannot be had. */
  join(): MaybePromise<Session | null>
  /** Opens a session later. Throws when this client may not. */
  create(): Session
  sessions(own: Pick<OwnSession, 'session' | 'create'>): RpcSessions
  leave(session: Session): void
}

/** One client on a socket: its requests in order, one answer to each. */
class RpcSocket implements SocketHandler {
  readonly #host: Host
  readonly #socket: SocketLike
  readonly #access: SocketAccess
  readonly #sessions: RpcSessions
  readonly #refusal: Refusal
  readonly #inbox: Inbox
  readonly #answers: AgentAnswers
  readonly #connection: Release
  /** Settles when it is known whether there is a session to play. */
  readonly #joining: Promise<void>
  #session: Session | null = null
  #held: Disposable | null = null
  #open = true
  /** The request at work. A call of a tool is aborted when it is cancelled or the socket is closed. */
  #call: { readonly id: unknown; readonly stop: AbortController | null } | null = null
  /** Requests that were cancelled while they waited. */
  readonly #cancelled = new Set<unknown>()

  constructor(host: Host, socket: SocketLike, access: SocketAccess) {
    this.#host = host
    this.#socket = socket
    this.#access = access
    this.#refusal = new Refusal(socket)
    this.#connection = access.quota.connection()
    this.#answers = new AgentAnswers(access.quota.unread)
    this.#sessions = access.sessions({
      session: () => this.#session,
      create: () => this.#hold(access.create()),
    })
    this.#inbox = new Inbox(socket, {
      maxBytes: host.maxMessageBytes,
      answer: (bytes, binary) => this.#onFrame(bytes, binary),
      incoming: () => access.quota.incoming,
      slice: access.quota.slice,
    })
    this.#joining = this.#join()
  }

  get busy(): boolean {
    return this.#inbox.busy
  }

  message(bytes: Uint8Array, binary: boolean): void {
    if (this.#refusal.given) return
    if (!this.#inbox.busy) this.#cancelled.clear()
    if (this.#isCancellation(bytes, binary)) return
    this.#inbox.receive(bytes, binary)
  }

  arriving(bytes: number): void {
    this.#inbox.arriving(bytes)
  }

  finish(): Promise<void> {
    return this.#inbox.finish()
  }

  closed(): void {
    this.#open = false
    this.#call?.stop?.abort()
    this.#refusal.closed()
    this.#connection()
    this.#inbox.clear()
    void this.#joining.then(() => {
      const session = this.#session
      if (session === null) return
      this.#held?.[Symbol.dispose]()
      this.#access.leave(session)
    })
  }

  async #join(): Promise<void> {
    try {
      const session = await this.#access.join()
      if (session !== null) this.#hold(session)
    } catch (error) {
      if (this.#open) this.#refusal.explain(this.#inbox, () => this.#send(failure(error, -32000)))
    }
  }

  #hold(session: Session): Session {
    this.#held = session.hold()
    this.#session = session
    return session
  }

  async #onFrame(bytes: Uint8Array, binary: boolean): Promise<void> {
    await this.#joining
    if (this.#refusal.given || !this.#open) return
    let body: unknown
    try {
      if (binary) throw new OpenEnvError('INVALID_JSON', 'Parse error: send text frames, not binary ones.')
      body = await readIncoming(bytes, this.#socket, this.#host.shape)
    } catch (error) {
      return this.#send(failure(error, -32700))
    }
    await this.#answers.inTurn(async () => {
      if (this.#open) await this.#dispatch(body)
    })
  }

  async #dispatch(body: unknown): Promise<void> {
    const id = isObject(body) ? (body['id'] ?? null) : null
    if (id !== null && this.#cancelled.delete(id)) return
    const stop = callsTool(body) ? new AbortController() : null
    this.#call = { id, stop }
    const reply = await answerRpc(body, this.#host, this.#sessions, stop?.signal)
    this.#call = null
    // Not awaited here: an answer that is read slowly would keep what it was made of.
    if (stop?.signal.aborted !== true) return this.#send(reply)
  }

  /**
   * Whether a frame cancels a call. It overtakes the call that it is about, and is not answered: it is a notification of
   * MCP, which this dialect does not know.
   */
  #isCancellation(bytes: Uint8Array, binary: boolean): boolean {
    if (binary || !this.#inbox.busy || bytes.length > MAX_CANCELLATION_BYTES) return false
    const text = this.#socket.decode(bytes)
    if (!text.includes('notifications/cancelled')) return false
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      return false
    }
    const id = isObject(message) ? cancelledBy(message) : undefined
    if (id === undefined) return false
    if (this.#call?.id === id) this.#call.stop?.abort()
    else if (this.#cancelled.size < MAX_CANCELLED) this.#cancelled.add(id)
    return true
  }

  async #send(reply: RpcReply): Promise<void> {
    const text = await rpcText(reply)
    if (this.#open) return this.#answers.send(this.#socket, text)
  }
}

/** Whether a message calls a tool, which can take long. All others are answered too soon to be cancelled. */
function callsTool(body: unknown): boolean {
  return isObject(body) && body['method'] === 'tools/call'
}

function failure(error: unknown, code: number): RpcReply {
  const { message, data } = errorToJsonRpc(error)
  return { jsonrpc: '2.0', id: null, error: { code, message, data: isOpenEnvError(error) ? data : null } }
}
