import {
  openLocal,
  OpenEnvError,
  systemClock,
  type AnyEnvironment,
  type Clock,
  type LocalEpisode,
} from '@openenv-ts/core'
import { EpisodeEvents } from './events.ts'
import { ObservedEpisode } from './observed-episode.ts'
import type { ServedEpisode, ServerOptions } from './options.ts'
import { newSecret } from './secret.ts'
import { Tally } from './tally.ts'

/**
 * Who holds a session: a WebSocket for as long as it is open, whoever names its id over HTTP, or whoever names it in
 * ORS, which has names of its own.
 */
export type SessionKind = 'socket' | 'http' | 'ors'

/** One episode and everything that goes with serving it. One object, one `close`. */
export interface Session {
  readonly id: string
  /** Counts the sessions of this server; unlike the id it opens nothing, so events show it. */
  readonly number: number
  readonly kind: SessionKind
  readonly episode: LocalEpisode
  /** When it was last used, in the clock's milliseconds. */
  usedAt: number
  /** The secret that admits an agent to this episode, where one was handed out. */
  capability?: string
  /** Connections that hold it: it is not idle while there are any. */
  holders: number
  /** Whether an orchestrator's socket is attached to it: it admits no second one. */
  attached: boolean
  /** Set when it is to be closed as soon as that socket detaches. */
  closing: boolean
  /** Says whether it is at work; without it, it is when its episode is. A session at work is not idle. */
  working?: () => boolean
  /** Called once, when it is closed by whatever way. */
  onClose?: () => void
}

/** Capacity when nothing else is said: many. */
export const DEFAULT_MAX_SESSIONS = 16_384
const DEFAULT_IDLE_SECONDS = 900

/** All sessions of a server: one pool for every transport. */
export class Sessions {
  readonly #environment: AnyEnvironment
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #openEpisode: () => ServedEpisode
  readonly tally = new Tally()
  readonly events = new EpisodeEvents()
  #numbered = 0
  readonly #byId = new Map<string, Session>()
  readonly #byCapability = new Map<string, Session>()
  readonly max: number
  #draining = false

  constructor(environment: AnyEnvironment, options: ServerOptions) {
    this.#environment = environment
    this.#clock = options.clock ?? systemClock
    this.#openEpisode = options.openEpisode ?? (() => openLocal(environment, { clock: this.#clock }))
    this.#idleMs = (options.idleSeconds ?? DEFAULT_IDLE_SECONDS) * 1000
    const wanted = options.maxSessions ?? DEFAULT_MAX_SESSIONS
    this.max = environment.concurrent ? wanted : Math.min(wanted, 1)
  }

  get size(): number {
    return this.#byId.size
  }

  /**
   * Takes a slot. The environment itself starts with the first reset.
   *
   * @throws OpenEnvError `CAPACITY_REACHED` with `active_sessions` and `max_sessions`.
   */
  open(kind: SessionKind, id: string = crypto.randomUUID()): Session {
    const active = this.#byId.size
    if (active >= this.max || this.#draining) {
      this.tally.failed('open', 'CAPACITY_REACHED')
      throw this.#full(active)
    }
    const number = (this.#numbered += 1)
    const { tally, events } = this
    const served = this.#openEpisode()
    served.checkWith?.(this.#environment)
    const episode = new ObservedEpisode(served, {
      tally,
      events,
      session: number,
      clock: this.#clock,
    })
    const usedAt = this.#clock.now()
    const session: Session = {
      id,
      number,
      kind,
      episode,
      usedAt,
      holders: 0,
      attached: false,
      closing: false,
    }
    this.#byId.set(id, session)
    tally.sessionOpened(kind)
    if (events.watched) events.emit({ at: usedAt, session: number, type: 'opened', kind })
    return session
  }

  /** Whether another session would get a slot. */
  get accepting(): boolean {
    return !this.#draining && this.#byId.size < this.max
  }

  #full(active: number): OpenEnvError {
    const advice = this.#draining
      ? 'The server is shutting down.'
      : this.#environment.concurrent
        ? 'Close one, or start the server with a larger --max-sessions.'
        : 'This environment runs one session at a time.'
    return new OpenEnvError(
      'CAPACITY_REACHED',
      `Server at capacity: ${String(active)}/${String(this.max)} sessions active. ${advice}`,
      { data: { active_sessions: active, max_sessions: this.max } },
    )
  }

  /** The HTTP session of this id, marked as used. A socket's session is nobody else's. */
  find(id: string): Session | undefined {
    const session = this.#byId.get(id)
    if (session?.kind !== 'http') return undefined
    session.usedAt = this.#clock.now()
    return session
  }

  /** Makes the secret that admits an agent to a session: 43 base64url characters, 256 random bits. */
  grant(session: Session): string {
    const capability = newSecret()
    session.capability = capability
    this.#byCapability.set(capability, session)
    return capability
  }

  /** The session that a capability admits to, marked as used. */
  admitted(capability: string): Session | undefined {
    const session = this.#byCapability.get(capability)
    if (session !== undefined) session.usedAt = this.#clock.now()
    return session
  }

  /** Marks a session as used; false when it is closed already. */
  touch(session: Session): boolean {
    session.usedAt = this.#clock.now()
    return this.isOpen(session)
  }

  isOpen(session: Session): boolean {
    return this.#byId.get(session.id) === session
  }

  /** Frees the slot at once, then ends the episode; a step that still runs has its result thrown away. */
  async close(session: Session): Promise<void> {
    if (this.#byId.get(session.id) === session) {
      this.#byId.delete(session.id)
      this.tally.sessionClosed(session.kind)
      const { events } = this
      if (events.watched) events.emit({ at: this.#clock.now(), session: session.number, type: 'closed' })
      session.onClose?.()
    }
    if (session.capability !== undefined) this.#byCapability.delete(session.capability)
    await session.episode.close()
  }

  /** Closes sessions over HTTP that nobody has used for the idle time. */
  async reap(): Promise<void> {
    const now = this.#clock.now()
    const idle: Session[] = []
    for (const session of this.#byId.values()) {
      if (session.kind === 'socket') continue
      // The idle time begins when the last connection has left and the last call is over.
      const working = session.working?.() ?? session.episode.busy
      if (session.holders > 0 || working) session.usedAt = now
      else if (session.usedAt <= now - this.#idleMs) idle.push(session)
    }
    await Promise.all(idle.map((session) => this.close(session)))
  }

  /** Opens no more. What is open goes on. */
  stopOpening(): void {
    this.#draining = true
  }

  /** Whether no more sessions are opened because the server is about to end. */
  get draining(): boolean {
    return this.#draining
  }

  /** Opens no more, and closes every episode. */
  async drain(): Promise<void> {
    this.stopOpening()
    await Promise.all([...this.#byId.values()].map((session) => this.close(session)))
  }
}
