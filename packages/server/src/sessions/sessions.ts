import { openLocal, OpenEnvError, systemClock, type AnyEnvironment, type Clock } from '@openenv-ts/core'
import { EpisodeEvents } from './events.ts'
import { ObservedEpisode } from './observed-episode.ts'
import { serverLimits, type ServerLimits } from '../limits/limits.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type ServedEpisode, type ServerOptions } from '../options.ts'
import { newSecret } from '../access/secret.ts'
import { ServerMetrics } from './metrics.ts'
import { Session } from './session.ts'
import type { SessionKind } from './session-kind.ts'

/** How a session is opened. */
export interface Opening {
  /** A random one when not given. */
  readonly id?: string
  /** Whether the id names it over HTTP; false when not given. */
  readonly named?: boolean
  /** `agent`: nobody with control asked for it, so it may not take the last slots. `control` when not given. */
  readonly by?: 'agent' | 'control'
}

/** The session of callers that name none: shared by all of them, one slot [OE-8]. */
export const DEFAULT_SESSION = 'default'
/** Capacity when nothing else is said: many. */
export const DEFAULT_MAX_SESSIONS = 16_384
const DEFAULT_IDLE_SECONDS = 900

/** All sessions of a server: one pool for every transport. */
export class Sessions {
  readonly #environment: AnyEnvironment
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #openEpisode: () => ServedEpisode
  readonly metrics = new ServerMetrics()
  readonly events: EpisodeEvents
  #numbered = 0
  readonly #byId = new Map<string, Session>()
  readonly #byCapability = new Map<string, Session>()
  /** The secrets that admit agents, by session. */
  readonly #capabilities = new Map<Session, string>()
  readonly max: number
  readonly limits: ServerLimits
  /** Sessions that agents opened for themselves. */
  #agents = 0
  #draining = false

  constructor(environment: AnyEnvironment, options: ServerOptions) {
    this.#environment = environment
    this.#clock = options.clock ?? systemClock
    this.#openEpisode = options.openEpisode ?? (() => openLocal(environment, { clock: this.#clock }))
    this.#idleMs = (options.idleSeconds ?? DEFAULT_IDLE_SECONDS) * 1000
    const wanted = options.maxSessions ?? DEFAULT_MAX_SESSIONS
    this.max = environment.concurrent ? wanted : Math.min(wanted, 1)
    this.limits = serverLimits(options.limits ?? {}, {
      maxSessions: this.max,
      maxMessageBytes: options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES,
      control: options.mode !== 'production' || options.productionControl === true,
    })
    this.events = new EpisodeEvents(this.limits.watchers)
  }

  get size(): number {
    return this.#byId.size
  }

  /**
   * Takes a slot. The environment itself starts with the first reset.
   *
   * @throws OpenEnvError `CAPACITY_REACHED` with `active_sessions` and `max_sessions`.
   */
  open(
    kind: SessionKind,
    { id = crypto.randomUUID(), named = false, by = 'control' }: Opening = {},
  ): Session {
    if (by === 'control') this.#takeFromAgent()
    const active = this.#byId.size
    if (active >= this.max || this.#draining || (by === 'agent' && this.#agents >= this.#maxAgents)) {
      this.metrics.failed('open', 'CAPACITY_REACHED')
      throw this.#full(active)
    }
    const number = (this.#numbered += 1)
    const served = this.#openEpisode()
    served.checkWith?.(this.#environment)
    const { metrics, events, limits } = this
    const clock = this.#clock
    const episode = new ObservedEpisode(served, { metrics, events, session: number, clock })
    const session = new Session({ id, named, by, number, kind, episode, clock, limits, free: this.#free })
    this.#byId.set(id, session)
    if (by === 'agent') this.#agents += 1
    metrics.sessionOpened(kind)
    if (events.watched) events.emit({ at: session.usedAt, session: number, type: 'opened', kind })
    return session
  }

  /** Gives the slot of a session back, and forgets what leads to it. */
  readonly #free = (session: Session): void => {
    this.#byId.delete(session.id)
    const capability = this.#capabilities.get(session)
    if (capability !== undefined) {
      this.#capabilities.delete(session)
      this.#byCapability.delete(capability)
    }
    if (session.by === 'agent') this.#agents -= 1
    this.metrics.sessionClosed(session.kind)
    const { events } = this
    if (events.watched) events.emit({ at: this.#clock.now(), session: session.number, type: 'closed' })
  }

  /** Whether another session would get a slot. */
  get accepting(): boolean {
    return !this.#draining && this.#byId.size < this.max
  }

  /** Most sessions that agents may open for themselves: at least one, for agents have to play somewhere. */
  get #maxAgents(): number {
    return Math.max(1, this.max - this.limits.reservedSessions)
  }

  /** Where agents hold even what is reserved for control, because there is no other, the longest unused is ended. */
  #takeFromAgent(): void {
    if (this.#draining || this.#byId.size < this.max) return
    if (this.#agents <= Math.max(0, this.max - this.limits.reservedSessions)) return
    let unused: Session | undefined
    for (const session of this.#byId.values()) {
      if (session.by === 'agent' && session.usedAt < (unused?.usedAt ?? Infinity)) unused = session
    }
    void unused?.close()
  }

  #full(active: number): OpenEnvError {
    const advice = this.#draining
      ? 'The server is shutting down.'
      : active < this.max
        ? `Agents may have ${String(this.#maxAgents)} of them: the others are for orchestrators.`
        : this.#environment.concurrent
          ? 'Close one, or start the server with a larger --max-sessions.'
          : 'This environment runs one session at a time.'
    return new OpenEnvError(
      'CAPACITY_REACHED',
      `Server at capacity: ${String(active)}/${String(this.max)} sessions active. ${advice}`,
      { data: { active_sessions: active, max_sessions: this.max } },
    )
  }

  /** The session that this id names over HTTP, marked as used. A WebSocket's own session has no such name. */
  find(id: string): Session | undefined {
    const session = this.#byId.get(id)
    if (session?.named !== true) return undefined
    session.touch()
    return session
  }

  /** Makes the secret that admits an agent to a session: 43 base64url characters, 256 random bits. */
  grant(session: Session): string {
    const capability = newSecret()
    this.#capabilities.set(session, capability)
    this.#byCapability.set(capability, session)
    return capability
  }

  /** The session that a capability admits to, marked as used. */
  admitted(capability: string): Session | undefined {
    const session = this.#byCapability.get(capability)
    session?.touch()
    return session
  }

  /** Closes sessions that nobody has used for the idle time. */
  async reap(): Promise<void> {
    const idle = [...this.#byId.values()].filter((session) => session.checkIdle(this.#idleMs))
    await Promise.all(idle.map((session) => session.close()))
  }

  /** Breaks off answers that agents have not read for too long. */
  cutOffStalled(now: number): void {
    const milliseconds = this.limits.readSeconds * 1000
    for (const session of this.#byId.values()) session.cutOffStalled(milliseconds, now)
  }

  /** Whether an episode is at a call. */
  get atWork(): boolean {
    for (const session of this.#byId.values()) if (session.working) return true
    return false
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
    await Promise.all([...this.#byId.values()].map((session) => session.close()))
  }
}
