import { OpenEnvError } from '@openenv-ts/core'
import { toOpenEnvError } from '@openenv-ts/core/host'
import type { Host } from '../host.ts'
import type { IncomingBytes } from '../limits/incoming-bytes.ts'
import type { Quota, Release } from '../limits/quota.ts'
import type { Session } from '../sessions/session.ts'
import type { Refusal } from './refusal.ts'
import type { SocketAccess } from './socket-access.ts'

/** How long a client that finds no slot has for its first message, which may be one that needs none. */
const REFUSAL_DELAY_MS = 200

/**
 * The session that a socket plays, and what the socket counts towards while it plays none. An orchestrator's socket
 * takes a session when it connects; one that begins with tasks or batches gives it up again.
 */
export class Slot {
  /** Whether the session outlives the socket. */
  readonly joined: boolean
  readonly #host: Host
  readonly #access: SocketAccess
  readonly #refusal: Refusal
  #session: Session | null = null
  #lease: Disposable | null = null
  /** Gives back the connection that is counted; null for an orchestrator with a session. */
  #connection: Release | null = null
  /** Whether nothing was asked yet that needs a session. */
  #untouched = true
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(host: Host, access: SocketAccess, refusal: Refusal) {
    this.#host = host
    this.#access = access
    this.#refusal = refusal
    this.joined = access.kind === 'agent' || (access.kind === 'control' && access.session !== undefined)
  }

  /** Null for a client that holds no slot: there was none, or it has only asked about tasks so far. */
  get session(): Session | null {
    return this.#session
  }

  /** What this socket counts towards. */
  get quota(): Quota {
    return this.#access.kind === 'agent' ? this.#access.session.quota : this.#host.shared
  }

  /**
   * Takes what the client is to play, when it connects.
   *
   * @param refuse - Called with the reason when there is nothing: at once, or when no message came that needs no session.
   */
  connect(refuse: (error: unknown) => void): void {
    switch (this.#access.kind) {
      case 'idle':
        this.count()
        return
      case 'agent':
        this.#session = this.#access.session
        this.#lease = this.#session.hold()
        this.count()
        return
      case 'control':
        break
    }
    const { session: id } = this.#access
    try {
      if (id === undefined) this.#open()
      else this.#attach(id)
    } catch (error) {
      if (id !== undefined) refuse(error)
      else if (this.count()) {
        this.#timer = setTimeout(() => {
          refuse(error)
        }, REFUSAL_DELAY_MS)
      }
    }
  }

  /** Counts this connection; refuses it and gives false where there are too many. */
  count(): boolean {
    if (this.#connection !== null) return true
    try {
      this.#connection = this.quota.connection()
      return true
    } catch (error) {
      this.#refusal.cutOff(toOpenEnvError(error, 'the connection').message)
      return false
    }
  }

  /**
   * The session to play, opened again if it was given up.
   *
   * @throws OpenEnvError `CAPACITY_REACHED`.
   */
  take(): Session {
    this.#untouched = false
    return this.#session ?? this.#open()
  }

  /** A client that begins with tasks or batches needs no slot [OE-22]. */
  giveUp(): void {
    clearTimeout(this.#timer)
    if (!this.#untouched || this.joined || this.#session === null) return
    if (this.count()) this.#leave()
  }

  /** Stops waiting for a first message. */
  stopWaiting(): void {
    clearTimeout(this.#timer)
  }

  /** What large messages count towards: an orchestrator that plays may send as it likes. */
  incoming(playsElsewhere: boolean): IncomingBytes | null {
    if (this.#access.kind === 'control') {
      const plays = playsElsewhere || (this.#session?.episode.status ?? 'idle') !== 'idle'
      if (this.#access.trusted || plays) return null
    }
    return this.quota.incoming
  }

  /** The socket is gone. */
  closed(): void {
    clearTimeout(this.#timer)
    this.#connection?.()
    this.#leave()
  }

  #open(): Session {
    const session = this.#host.sessions.open('websocket')
    clearTimeout(this.#timer)
    this.#connection?.()
    this.#connection = null
    this.#lease = session.hold()
    this.#session = session
    return session
  }

  #attach(id: string): void {
    const session = this.#host.sessions.find(id)
    if (session === undefined)
      throw new OpenEnvError('SESSION_ERROR', `Unknown session_id: ${id.slice(0, 128)}`)
    this.#lease = session.attach()
    this.#session = session
  }

  #leave(): void {
    const session = this.#session
    this.#session = null
    this.#lease?.[Symbol.dispose]()
    this.#lease = null
    if (!this.joined) void session?.close()
  }
}
