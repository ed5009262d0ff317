import { OpenEnvError, toOpenEnvError } from './errors.ts'
import type { MaybePromise } from './json.ts'

/** Runs environment code that may be given up: after a time, by its caller, or with the whole episode. */
export class Interruptible {
  readonly #seconds: number
  #abort: AbortController | null = null
  #closed = false

  /** @param seconds - What one piece of work may take; Infinity for no limit. */
  constructor(seconds: number) {
    this.#seconds = seconds
  }

  /** Aborted when what runs under it is given up. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    return this.#abort.signal
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
    this.#abort ??= new AbortController()
    this.#abort.abort(new OpenEnvError('CANCELLED', 'The episode was closed.'))
  }

  /**
   * Runs it under the limit and the caller's signal; whoever gives up first decides.
   *
   * @param doing - What it is called where it took too long, or failed.
   * @param late - Gets what the work came to after it had been given up.
   * @throws OpenEnvError what the work threw, as an error of the table; TIMEOUT; CANCELLED. The signal's reason.
   */
  async run<T>(
    doing: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => MaybePromise<T>,
    late?: (result: T) => unknown,
  ): Promise<T> {
    signal?.throwIfAborted()
    this.throwIfClosed()
    const own = this.signal
    let stop: (reason: unknown) => void = () => undefined
    const given = new Promise<never>((_resolve, reject) => {
      stop = reject
    })
    const onAbort = (): void => {
      stop(signal?.reason)
      this.#giveUp(signal?.reason)
    }
    const onClose = (): void => {
      stop(own.reason)
    }
    const onTime = (): void => {
      stop(new OpenEnvError('TIMEOUT', `The ${doing} took longer than ${String(this.#seconds)} s.`))
      this.#giveUp(new OpenEnvError('TIMEOUT', 'The step limit was reached.'))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    own.addEventListener('abort', onClose, { once: true })
    const timer = this.#seconds === Infinity ? undefined : setTimeout(onTime, this.#seconds * 1000)
    const working = guarded(doing, () => work(own))
    try {
      return await Promise.race([working, given])
    } catch (error) {
      working.then(late, () => undefined)
      throw error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      own.removeEventListener('abort', onClose)
    }
  }

  /** What comes next gets a signal of its own. */
  #giveUp(reason: unknown): void {
    this.#abort?.abort(reason)
    this.#abort = null
  }
}

/** The seam to environment code: whatever it throws comes out as an error of the table. */
export async function guarded<T>(doing: string, work: () => MaybePromise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toOpenEnvError(error, doing)
  }
}
