import { OpenEnvError, type Clock, type LocalEpisode } from '@openenv-ts/core'
import type { ServerLimits } from '../limits/limits.ts'
import { agentQuota, type Quota } from '../limits/quota.ts'
import type { SessionKind } from './session-kind.ts'

/** What a session is made of. */
export interface SessionParts {
  readonly id: string
  readonly named: boolean
  readonly by: 'agent' | 'control'
  readonly number: number
  readonly kind: SessionKind
  readonly episode: LocalEpisode
  readonly clock: Clock
  readonly limits: ServerLimits
  /** Gives the slot back. Called once. */
  readonly free: (session: Session) => void
}

/** What plays a session, where it knows better than the episode what counts as work. */
export interface Player {
  /** Whether it is at work. */
  readonly working: boolean
  /** Called once, when the session is closed by whatever way. */
  sessionClosed(): void
}

/**
 * One episode and everything that goes with serving it. One object, one {@link close}.
 *
 * Who uses it over time takes a lease and disposes of it: {@link hold} keeps it from being idle, {@link attach} makes one
 * socket its orchestrator as well.
 */
export class Session {
  /** Opens it to clients that may control episodes, where it is {@link named}. */
  readonly id: string
  /** What its agent is told instead: it names the session at the agent's own address, and nowhere else. */
  readonly agentId = crypto.randomUUID()
  /** Whether the id names it over HTTP. */
  readonly named: boolean
  /** Who opened it. */
  readonly by: 'agent' | 'control'
  /** Counts the sessions of this server; unlike the id it opens nothing, so events and logs show it. */
  readonly number: number
  readonly kind: SessionKind
  readonly episode: LocalEpisode
  readonly #clock: Clock
  readonly #limits: ServerLimits
  readonly #free: (session: Session) => void
  #usedAt: number
  #open = true
  /** Leases that are not disposed of. */
  #holders = 0
  #attached = false
  /** Whether it is to be closed as soon as its orchestrator's socket leaves. */
  #closing = false
  #player: Player | null = null
  #quota: Quota | null = null

  constructor(parts: SessionParts) {
    this.id = parts.id
    this.named = parts.named
    this.by = parts.by
    this.number = parts.number
    this.kind = parts.kind
    this.episode = parts.episode
    this.#clock = parts.clock
    this.#limits = parts.limits
    this.#free = parts.free
    this.#usedAt = parts.clock.now()
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Whether anybody holds it: then it is not idle. */
  get held(): boolean {
    return this.#holders > 0
  }

  /** Whether it is at work: then it is not idle. */
  get working(): boolean {
    return this.#player === null ? this.episode.busy : this.#player.working
  }

  /** When it was last used, in the clock's milliseconds. */
  get usedAt(): number {
    return this.#usedAt
  }

  /** What its agent may hold of the server. */
  get quota(): Quota {
    return (this.#quota ??= agentQuota(this.#limits))
  }

  /** Marks it as used; false when it is closed already. */
  touch(): boolean {
    this.#usedAt = this.#clock.now()
    return this.#open
  }

  /** Keeps it from being idle until the lease is disposed of, or it is closed. */
  hold(): Disposable {
    this.#holders += 1
    return lease(() => {
      this.#holders -= 1
    })
  }

  /**
   * Makes one socket its orchestrator, and holds it.
   *
   * @throws OpenEnvError `SESSION_ERROR` when there is such a socket already.
   */
  attach(): Disposable {
    if (this.#attached)
      throw new OpenEnvError('SESSION_ERROR', `Session ${this.id} already has an attached WebSocket`)
    this.#attached = true
    const held = this.hold()
    return lease(() => {
      held[Symbol.dispose]()
      this.#attached = false
      if (this.#closing) void this.close()
    })
  }

  /** Says what plays it: from now on that is asked whether it is at work, and told when it is closed. */
  playedBy(player: Player): void {
    this.#player = player
  }

  /**
   * Whether it was unused for longer than this. The idle time begins when the last lease has ended and the last call is
   * over.
   *
   * @param milliseconds - Of the clock.
   */
  checkIdle(milliseconds: number): boolean {
    if (this.held || this.working) {
      this.touch()
      return false
    }
    return this.#usedAt <= this.#clock.now() - milliseconds
  }

  /** Breaks off answers that its agent has not read for so many milliseconds. */
  cutOffStalled(milliseconds: number, now: number): void {
    this.#quota?.unread.cutOffStalled(milliseconds, now)
  }

  /** Frees the slot at once, then ends the episode; a step that still runs has its result thrown away. */
  async close(): Promise<void> {
    if (this.#open) {
      this.#open = false
      this.#free(this)
      this.#player?.sessionClosed()
    }
    await this.episode.close()
  }

  /** Closes it; where a socket is attached, as soon as that leaves. Returns whether it is closed now. */
  async closeOnceDetached(): Promise<boolean> {
    if (this.#attached) {
      this.#closing = true
      return false
    }
    await this.close()
    return true
  }
}

/** Something taken that is given back once, however often it is disposed of. */
function lease(giveBack: () => void): Disposable {
  let taken = true
  return {
    [Symbol.dispose]: () => {
      if (!taken) return
      taken = false
      giveBack()
    },
  }
}
