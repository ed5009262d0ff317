/** Calls that wait for others do so at least this long before those count as slow. */
const LEAST_MS = 20
/** Slow is what takes so many times as long as most. */
const TIMES_TYPICAL = 4
/** How fast the typical duration follows the durations seen. */
const PACE = 1.05

/** Learns how long calls take, and from that after what time one is slow. */
export class SlowCallThreshold {
  /**
   * Near the median: it goes up or down by the same factor whether a call took much longer or a little, so that a few
   * calls that never end cannot make slowness the norm.
   */
  #typicalMs = 1

  /** Takes in how long a call took. */
  learn(milliseconds: number): void {
    this.#typicalMs = milliseconds > this.#typicalMs ? this.#typicalMs * PACE : this.#typicalMs / PACE
  }

  /** Milliseconds after which a call is slow. */
  get ms(): number {
    return Math.max(LEAST_MS, TIMES_TYPICAL * this.#typicalMs)
  }
}
