/** A connection as the pings see it. */
export interface Pinged {
  /** Bytes received so far, of any kind. */
  readonly bytesRead: number
  /**
   * Until when its silence says nothing, by the clock of `performance.now()`: `Infinity` while that is so, 0 when it
   * never was.
   */
  readonly excusedUntil: number
  ping(): void
  /** Ends the connection: nothing came from it for too long. */
  cut(): void
}

/** How long connections may be silent, in milliseconds. */
export interface KeepAliveTimes {
  /** Between pings; 0 for none, and then no connection is ever cut. */
  readonly pingMs: number
  /** From a ping to the first sign of life. */
  readonly timeoutMs: number
  /** That one frame may take to arrive: bytes are a sign of life for no longer than this. */
  readonly frameMs: number
}

interface Watch {
  /** Whether a whole frame came since the last ping. */
  heard: boolean
  /** When a whole frame came last, as far as pings have looked. */
  wholeAt: number
  /** At the last ping. */
  bytes: number
  /** The first ping that nothing came after; null when something did. */
  askedAt: number | null
}

/** Timers fire by a clock of whole milliseconds. */
const ROUNDING_MS = 2

/**
 * Pings connections and cuts those that show no sign of life. Whatever comes in is one: a message, a pong, a part of
 * either. Some tunnels drop pongs, so a connection in use must not depend on them.
 */
export class KeepAlive<T extends Pinged> {
  readonly #times: KeepAliveTimes
  readonly #watched = new Map<T, Watch>()
  readonly #timers = new Set<ReturnType<typeof setTimeout>>()
  readonly #pinger: ReturnType<typeof setInterval> | undefined

  constructor(times: KeepAliveTimes) {
    this.#times = times
    if (times.pingMs === 0) return
    this.#pinger = setInterval(() => {
      this.#ping()
    }, times.pingMs)
  }

  /** The connections that are watched. */
  get connections(): readonly T[] {
    return [...this.#watched.keys()]
  }

  watch(connection: T): void {
    const bytes = connection.bytesRead
    this.#watched.set(connection, { heard: true, wholeAt: performance.now(), bytes, askedAt: null })
  }

  /** Notes a whole frame: a message, a ping or a pong. */
  heard(connection: T): void {
    const watch = this.#watched.get(connection)
    if (watch !== undefined) watch.heard = true
  }

  forget(connection: T): void {
    this.#watched.delete(connection)
  }

  stop(): void {
    clearInterval(this.#pinger)
    for (const timer of this.#timers) clearTimeout(timer)
  }

  #ping(): void {
    const now = performance.now()
    for (const [connection, watch] of this.#watched) {
      const alive = this.#alive(connection, watch, now)
      if (watch.heard || isExcused(connection)) watch.wholeAt = now
      watch.heard = false
      watch.bytes = connection.bytesRead
      if (alive) watch.askedAt = null
      watch.askedAt ??= now
      connection.ping()
    }
    if (this.#watched.size === 0) return
    this.#later(this.#times.timeoutMs, () => {
      // First reads what has come meanwhile: a server that was busy itself must not take that for silence.
      this.#later(0, () => {
        this.#cutSilent()
      })
    })
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  #cutSilent(): void {
    const now = performance.now()
    for (const [connection, watch] of this.#watched) {
      if (watch.askedAt === null) continue
      const silentSince = Math.max(watch.askedAt, connection.excusedUntil)
      if (now - silentSince < this.#times.timeoutMs - ROUNDING_MS) continue
      if (this.#alive(connection, watch, now)) continue
      this.#watched.delete(connection)
      connection.cut()
    }
  }

  #alive(connection: T, { heard, wholeAt, bytes }: Watch, now: number): boolean {
    if (heard || isExcused(connection)) return true
    return connection.bytesRead !== bytes && now - wholeAt < this.#times.frameMs
  }
}

function isExcused({ excusedUntil }: Pinged): boolean {
  return excusedUntil === Infinity
}
