import { OpenEnvError } from '@openenv-ts/core'

/** The longest that a timer can wait; anything longer means "no limit". */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Calls back once after `ms`, or never when `ms` is too long for a timer. Answers how to take that back. */
export function setTimer(ms: number, callback: () => void): () => void {
  if (ms > LONGEST_TIMER_MS) return () => undefined
  const timer = setTimeout(callback, ms)
  return () => {
    clearTimeout(timer)
  }
}

/** Waits; rejects with the signal's reason when it is aborted meanwhile. */
export function sleepUnlessAborted(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error)
      return
    }
    const stop = setTimer(ms, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      stop()
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 2_000

/** How long to wait before trying again: doubling from 100 ms to 2 s, spread so that many clients do not come at once. */
export function backoffMs(attempt: number): number {
  const longest = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt)
  return longest * (0.5 + Math.random() / 2)
}

/** Checks an option that is a duration. `Infinity` is one: no limit. */
export function checkDuration(name: string, ms: number): number {
  if (typeof ms === 'number' && ms > 0) return ms
  throw new OpenEnvError('VALIDATION_ERROR', `The option ${name} needs a number of milliseconds above 0.`, {
    http: 400,
    issues: [{ type: 'invalid_value', loc: [name], msg: 'Expected a number above 0', input: ms }],
  })
}
