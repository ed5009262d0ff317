import type { MaybePromise } from './json.ts'

interface Waiting {
  start(): void
  reject(reason: unknown): void
}

/** Runs calls one at a time, in the order in which they came. */
export class SerialQueue {
  /** Settles, without failing, when the call at work is done; null when there is none. */
  #atWork: Promise<void> | null = null
  readonly #waiting = new Set<Waiting>()

  /** Whether a call is at work. */
  get busy(): boolean {
    return this.#atWork !== null
  }

  /**
   * Runs `work` when all calls before it are done.
   *
   * @param signal - Takes the call out of the queue while it waits; once it runs, the signal is its own business.
   */
  run<T>(work: () => MaybePromise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      const start = (): void => {
        signal?.removeEventListener('abort', onAbort)
        resolve(this.hold(promised(work)))
      }
      const waiting = { start, reject }
      const onAbort = (): void => {
        this.#waiting.delete(waiting)
        reject(signal?.reason as Error)
      }
      if (this.#atWork === null) {
        start()
        return
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(waiting)
    })
  }

  /** Lets a call that is at work already, while no other is, keep later ones waiting. */
  hold<T>(call: Promise<T>): Promise<T> {
    const next = (): void => {
      this.#atWork = null
      const [first] = this.#waiting
      if (first === undefined) return
      this.#waiting.delete(first)
      first.start()
    }
    this.#atWork = call.then(next, next)
    return call
  }

  /** Rejects every call that still waits, and answers when the one at work, if there is one, is done. */
  async rejectWaiting(reason: Error): Promise<void> {
    for (const waiting of this.#waiting) waiting.reject(reason)
    this.#waiting.clear()
    await this.#atWork
  }
}

/** The work's answer as a promise, also where it throws at once. */
export function promised<T>(work: () => MaybePromise<T>): Promise<T> {
  return new Promise((resolve) => {
    resolve(work())
  })
}
