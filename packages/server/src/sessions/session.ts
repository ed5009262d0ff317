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
import { serverLimits, type ServerLimits } from '../limits/limits.ts'
import { DEFAULT_MAX_MESSAGE_BYTES, type ServedEpisode, type ServerOptions } from '../options.ts'
import { agentQuota, type Quota } from '../limits/quota.ts'
import { newSecret } from '../access/secret.ts'
import { ServerMetrics } from './metrics.ts'
import type { SessionKind } from './session-kind.ts'

/** How a session is opened. */
export interface Opening {
  /** A random one when not given. */
  readonly id?: string
  /** Whether the id names it over HTTP; by default only that of an HTTP session does. */
  readonly named?: boolean
  /** `agent`: nobody with control asked for it, so it may not take the last slots. `control` when not given. */
  readonly by?: 'agent' | 'control'
}

/** One episode and everything that goes with serving it. One object, one `close`. */
export interface Session {
  /** Opens it to whoever may control episodes, where it is {@link named}. */
  readonly id: string
  /** What its agent is told instead: it names the session at the agent's own address, and nowhere else. */
  readonly agentId: string
  readonly named: boolean
  readonly by: 'agent' | 'control'
  /** What its agent holds of the server; {@link Sessions.quotaOf} makes it when an agent comes. */
  quota?: Quota
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
    { id = crypto.randomUUID(), named = kind === 'http', by = 'control' }: Opening = {},
  ): Session {
    if (by === 'control') this.#takeFromAgent()
    const active = this.#byId.size
    if (active >= this.max || this.#draining || (by === 'agent' && this.#agents >= this.#maxAgents)) {
      this.metrics.failed('open', 'CAPACITY_REACHED')
      throw this.#full(active)
    }
    const number = (this.#numbered += 1)
    const { metrics: tally, events } = this
    const served = this.#openEpisode()
    served.checkWith?.(this.#environment)
    const episode = new ObservedEpisode(served, {
      metrics: tally,
      events,
      session: number,
      clock: this.#clock,
    })
    const usedAt = this.#clock.now()
    const session: Session = {
      id,
      agentId: crypto.randomUUID(),
      named,
      by,
      number,
      kind,
      episode,
      usedAt,
      holders: 0,
      attached: false,
      closing: false,
    }
    this.#byId.set(id, session)
    if (by === 'agent') this.#agents += 1
    tally.sessionOpened(kind)
    if (events.watched) events.emit({ at: usedAt, session: number, type: 'opened', kind })
    return session
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
    if (unused !== undefined) void this.close(unused)
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

  /** What the agent of a session may hold of the server. */
  quotaOf(session: Session): Quota {
    return (session.quota ??= agentQuota(this.limits))
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
      if (session.by === 'agent') this.#agents -= 1
      this.metrics.sessionClosed(session.kind)
      const { events } = this
      if (events.watched) events.emit({ at: this.#clock.now(), session: session.number, type: 'closed' })
      session.onClose?.()
    }
    if (session.capability !== undefined) this.#byCapability.delete(session.capability)
    await session.episode.close()
  }

  /** Closes sessions that nobody has used for the idle time; a WebSocket's ends with the socket. */
  async reap(): Promise<void> {
    const now = this.#clock.now()
    const idle: Session[] = []
    for (const session of this.#byId.values()) {
      if (session.kind === 'websocket') continue
      // The idle time begins when the last connection has left and the last call is over.
      const working = session.working?.() ?? session.episode.busy
      if (session.holders > 0 || working) session.usedAt = now
      else if (session.usedAt <= now - this.#idleMs) idle.push(session)
    }
    await Promise.all(idle.map((session) => this.close(session)))
  }

  /** Breaks off answers that agents have not read for too long. */
  cutOffStalled(now: number): void {
    const milliseconds = this.limits.readSeconds * 1000
    for (const { quota } of this.#byId.values()) quota?.unread.cutOffStalled(milliseconds, now)
  }

  /** Whether an episode is at a call. */
  get atWork(): boolean {
    for (const session of this.#byId.values()) {
      if (session.working?.() ?? session.episode.busy) return true
    }
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
    await Promise.all([...this.#byId.values()].map((session) => this.close(session)))
  }
}
