/**
 * Counts who is playing, and lets those wait who found the server full: each time somebody leaves, one may try again.
 */
export class CapacityQueue {
  #playing = 0
  /** Those who try to get in, and do not know yet. */
  #trying = 0
  readonly #waiting: ((left: boolean) => void)[] = []

  /** How many are playing: those that were let in. */
  get playing(): number {
    return this.#playing
  }

  /**
   * Runs one try.
   *
   * @param work - Calls `enter` as soon as it was let in. Never rejects.
   * @param turnedAway - Whether what came of it is that there was no room.
   */
  async attempt<T>(work: (enter: () => void) => Promise<T>, turnedAway: (result: T) => boolean): Promise<T> {
    const state = { inside: false }
    this.#trying += 1
    const result = await work(() => {
      if (state.inside) return
      state.inside = true
      this.#trying -= 1
      this.#playing += 1
    })
    if (state.inside) this.#playing -= 1
    else this.#trying -= 1
    // Who was turned away has left no room behind.
    if (state.inside || !turnedAway(result)) this.#waiting.shift()?.(true)
    return result
  }

  /**
   * Waits, after having been turned away, until somebody leaves.
   *
   * @returns False when nobody is inside who could: then others take the room, and all who wait are told so.
   */
  async roomFreed(signal: AbortSignal): Promise<boolean> {
    if (this.#playing + this.#trying === 0) {
      for (const tell of this.#waiting.splice(0)) tell(false)
      return false
    }
    return new Promise<boolean>((resolve) => {
      const abort = (): void => {
        resolve(true)
      }
      const tell = (left: boolean): void => {
        signal.removeEventListener('abort', abort)
        resolve(left)
      }
      this.#waiting.push(tell)
      signal.addEventListener('abort', abort, { once: true })
      if (signal.aborted) abort()
    })
  }
}
