import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { isOpenEnvError, OpenEnvError, type MaybePromise } from '@openenv-ts/core'
import { Inbox } from './inbox.ts'
import { readIncoming } from './incoming.ts'
import type { EpisodeSource } from './mcp/episode-source.ts'
import { answerRpc, capabilitySession, fixedSeat, type RpcReply } from './rpc.ts'
import type { Host, SocketRoute } from './route.ts'
import type { Session } from './session.ts'
import type { SocketHandler, SocketLike } from './socket.ts'

/**
 * `/mcp` as a WebSocket: raw JSON-RPC in OpenEnv's dialect, one session a socket.
 *
 * @param source - The episodes that agents get; where it has none, the session begins without, for an orchestrator.
 */
export function rpcSocketRoutes(host: Host, source: EpisodeSource): readonly SocketRoute[] {
  return [
    {
      path: '/mcp',
      plane: 'agent',
      accept: () => {
        const seating = {
          join: async () => (await source.open()) ?? host.sessions.open('http'),
          leave: (session: Session) => void host.sessions.close(session),
        }
        return (socket) => new RpcSocket(host, socket, seating)
      },
    },
    {
      path: '/agent/:capability/mcp',
      plane: 'capability',
      accept: (_request, { capability }) => {
        const seating = { join: () => capabilitySession(host, capability), leave: () => undefined }
        return (socket) => new RpcSocket(host, socket, seating)
      },
    },
  ]
}

/** How long a refused client has after the refusal: older ones lose a frame that a close follows at once. */
const REFUSAL_GRACE_MS = 1000

/** Which session a socket plays. */
interface Seating {
  /** Throws an OpenEnvError when there is none. */
  join(): MaybePromise<Session>
  leave(session: Session): void
}

/** One client on a socket: its requests in order, one answer to each. */
class RpcSocket implements SocketHandler {
  readonly #host: Host
  readonly #socket: SocketLike
  readonly #seating: Seating
  readonly #inbox: Inbox
  /** Null when there was none to join. */
  readonly #joining: Promise<Session | null>
  #timer: ReturnType<typeof setTimeout> | undefined
  #open = true

  constructor(host: Host, socket: SocketLike, seating: Seating) {
    this.#host = host
    this.#socket = socket
    this.#seating = seating
    this.#joining = this.#join()
    this.#inbox = new Inbox(socket, host.maxMessageBytes, (...frame) => this.#answer(...frame))
  }

  get busy(): boolean {
    return this.#inbox.busy
  }

  message(bytes: Uint8Array, binary: boolean, decode: (bytes: Uint8Array) => string): void {
    this.#inbox.receive(bytes, binary, decode)
  }

  finish(): Promise<void> {
    return this.#inbox.finish()
  }

  closed(): void {
    this.#open = false
    clearTimeout(this.#timer)
    this.#inbox.clear()
    void this.#joining.then((session) => {
      if (session === null) return
      session.holders -= 1
      this.#seating.leave(session)
    })
  }

  async #join(): Promise<Session | null> {
    try {
      const session = await this.#seating.join()
      session.holders += 1
      return session
    } catch (error) {
      if (this.#open) void this.#send(failure(error, -32000))
      this.#timer = setTimeout(() => {
        this.#socket.close(1000)
      }, REFUSAL_GRACE_MS)
      return null
    }
  }

  async #answer(bytes: Uint8Array, binary: boolean, decode: (bytes: Uint8Array) => string): Promise<void> {
    const session = await this.#joining
    if (session === null || !this.#open) return
    let body: unknown
    try {
      if (binary) throw new OpenEnvError('INVALID_JSON', 'Parse error: send text frames, not binary ones.')
      body = await readIncoming(bytes, decode, this.#host.shape)
    } catch (error) {
      return this.#send(failure(error, -32700))
    }
    const reply = await answerRpc(
      body,
      this.#host,
      fixedSeat(() => session),
    )
    return this.#send(reply)
  }

  async #send(reply: RpcReply): Promise<void> {
    if (this.#open) await this.#socket.send(JSON.stringify(reply))
  }
}

function failure(error: unknown, code: number): RpcReply {
  const { message, data } = errorToJsonRpc(error)
  return { jsonrpc: '2.0', id: null, error: { code, message, data: isOpenEnvError(error) ? data : null } }
}
