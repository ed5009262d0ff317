import { isOpenEnvError, OpenEnvError, toOpenEnvError } from './errors.ts'
import type { MaybePromise } from './json.ts'

/** A signal that is made when something looks at it: most steps never do, and a controller costs more than they do. */
export class LazySignal {
  #controller: AbortController | undefined
  #aborted = false
  #reason: unknown

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#aborted) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}

/** One piece of environment code. */
export interface Work<T> {
  /** What errors call it. */
  readonly doing: string
  /** The caller's signal: aborted, the caller gets its reason and waits no longer. */
  readonly signal: AbortSignal | undefined
  /** Aborted when the work is given up, so that it can stop. */
  readonly stop: LazySignal
  readonly work: () => MaybePromise<T>
  /** Gets what the work came to after it had been given up. */
  readonly late?: (result: T) => unknown
  /** Told when the time limit has passed, the episode's or the caller's, whether or not the caller still waits. */
  readonly overdue?: () => void
  /** The caller gave up and the work goes on: settles, without failing, when it has ended or its time has. */
  readonly left?: (end: Promise<void>) => void
}

/** Runs environment code that may be given up: after a time, by its caller, or with the whole episode. */
export class Interruptible {
  readonly #seconds: number
  readonly #closing = new Set<(reason: Error) => void>()
  #closed = false

  /** @param seconds - What one piece of work may take; Infinity for no limit. */
  constructor(seconds: number) {
    this.#seconds = seconds
  }

  get closed(): boolean {
    return this.#closed
  }

  /** @throws OpenEnvError CANCELLED once it is closed. */
  throwIfClosed(): void {
    if (this.#closed) throw new OpenEnvError('CANCELLED', 'The episode is closed.')
  }

  /** Gives up what runs, and takes nothing more. */
  close(): void {
    this.#closed = true
    const reason = closed()
    for (const stop of [...this.#closing]) stop(reason)
    this.#closing.clear()
  }

  /**
   * Runs it under the limit and the caller's signal. The first to give up decides.
   *
   * @throws OpenEnvError what the work threw, as an error of the table; TIMEOUT; CANCELLED. The signal's reason.
   */
  run<T>({ doing, signal, stop, work, late, overdue, left }: Work<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      this.throwIfClosed()
      let waiting = true
      let ended: () => void = () => undefined
      const forget = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        this.#closing.delete(onClose)
        ended()
      }
      const refuse = (reason: Error): void => {
        waiting = false
        reject(reason)
        stop.abort(reason)
      }
      const onAbort = (): void => {
        const late = isTimeout(signal?.reason)
        if (late) overdue?.()
        refuse(signal?.reason as Error)
        if (late || left === undefined) forget()
        else left(new Promise((resolve) => (ended = resolve)))
      }
      const onClose = (reason: Error): void => {
        refuse(reason)
        forget()
      }
      const onTime = (): void => {
        overdue?.()
        refuse(new OpenEnvError('TIMEOUT', `The ${doing} took longer than ${String(this.#seconds)} s.`))
        forget()
      }
      const timer = this.#seconds === Infinity ? undefined : setTimeout(onTime, this.#seconds * 1000)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#closing.add(onClose)
      guarded(doing, work).then(
        (result) => {
          forget()
          if (waiting) resolve(result)
          else late?.(result)
        },
        (thrown: unknown) => {
          forget()
          const error = thrown as Error
          if (waiting) reject(error)
        },
      )
    })
  }

  /** Waits for what a caller gave up, for as long as this caller and the episode want to. */
  until(end: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        signal?.removeEventListener('abort', onAbort)
        this.#closing.delete(onClose)
        how()
      }
      const onClose = (reason: Error): void => {
        settle(() => {
          reject(reason)
        })
      }
      const onAbort = (): void => {
        onClose(signal?.reason as Error)
      }
      this.#closing.add(onClose)
      signal?.addEventListener('abort', onAbort, { once: true })
      void end.then(() => {
        settle(resolve)
      })
    })
  }
}

/** Whether a signal was aborted because a call took longer than its caller allows: a limit as any other. */
function isTimeout(reason: unknown): boolean {
  return isOpenEnvError(reason) && reason.code === 'TIMEOUT'
}

function closed(): OpenEnvError {
  return new OpenEnvError('CANCELLED', 'The episode was closed.')
}

/** The seam to environment code: whatever it throws comes out as an error of the table. */
export async function guarded<T>(doing: string, work: () => MaybePromise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toOpenEnvError(error, doing)
  }
}
