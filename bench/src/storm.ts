import type { Running } from './contestant.ts'
import { RESET } from './load.ts'
import { BenchSocket } from './socket.ts'
import { percentile } from './statistics.ts'

/** How a server took many clients that all came at once. */
export interface Storm {
  readonly connects: number
  readonly failed: number
  /** From the first connect to the last reset's reply. */
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** One of the failures. */
  readonly reason: string | null
}

const TIMEOUT_MS = 60_000

/** Connects all at once; one that has its first reset answered has not failed. All stay until the last is there. */
export async function storm(server: Running, connects: number): Promise<Storm> {
  const startedAt = performance.now()
  const took: number[] = []
  const tries = await Promise.allSettled(
    Array.from({ length: connects }, async () => {
      const socket = await BenchSocket.open(server.port, TIMEOUT_MS)
      await socket.ask(RESET)
      took.push(performance.now() - startedAt)
      return socket
    }),
  )
  const seconds = (performance.now() - startedAt) / 1000
  let reason: string | null = null
  for (const each of tries) {
    if (each.status === 'fulfilled') each.value.destroy()
    else reason ??= String(each.reason)
  }
  const sorted = Float64Array.from(took).sort()
  return {
    connects,
    failed: connects - took.length,
    seconds,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    reason,
  }
}
