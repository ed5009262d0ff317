interface Waiting {
  start(): void
  reject(reason: unknown): void
}

/** Runs calls one at a time, in the order in which they came. */
export class Turns {
  #busy = false
  readonly #waiting: Waiting[] = []

  /**
   * Runs `work` when all calls before it are done.
   *
   * @param signal - Takes the call out of the queue while it waits; once it runs, the signal is its own business.
   */
  run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      const start = (): void => {
        signal?.removeEventListener('abort', onAbort)
        this.#busy = true
        void work()
          .then(resolve, reject)
          .then(() => {
            this.#busy = false
            this.#waiting.shift()?.start()
          })
      }
      const waiting = { start, reject }
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
        reject(signal?.reason as Error)
      }
      if (!this.#busy) {
        start()
        return
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiting)
    })
  }

  /** Rejects every call that still waits. */
  rejectWaiting(reason: Error): void {
    for (const waiting of this.#waiting.splice(0)) waiting.reject(reason)
  }
}
