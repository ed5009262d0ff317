import { setTimeout as sleep } from 'node:timers/promises'

/** Waits; rejects with the signal's reason as soon as it is aborted. */
export async function sleepUnlessAborted(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  }
}
