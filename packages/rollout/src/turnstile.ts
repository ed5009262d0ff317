/**
 * Counts who is playing, and lets those wait who found the server full: each time somebody leaves, one may try again.
 */
export class Turnstile {
  #inside = 0
  readonly #waiting: (() => void)[] = []

  /** How many are playing. */
  get inside(): number {
    return this.#inside
  }

  /** Counts work as playing while it runs. */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    this.#inside += 1
    try {
      return await work()
    } finally {
      this.#inside -= 1
      this.#waiting.shift()?.()
    }
  }

  /** Waits until somebody leaves; false at once when nobody is inside, so that nobody would. */
  async someoneLeaves(signal: AbortSignal): Promise<boolean> {
    if (this.#inside === 0) return false
    signal.throwIfAborted()
    await new Promise<void>((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', abort)
        resolve()
      }
      const abort = (): void => {
        const place = this.#waiting.indexOf(go)
        if (place !== -1) this.#waiting.splice(place, 1)
        resolve()
      }
      this.#waiting.push(go)
      signal.addEventListener('abort', abort, { once: true })
    })
    return true
  }
}
