import type { IntervalHistogram } from 'node:perf_hooks'
import { metric } from '../sessions/metrics.ts'

export const LAG_INTERVAL_MS = 20

/** How late the event loop is and what the process uses, for Prometheus. */
export function processMetrics(lag: IntervalHistogram): string {
  // What is recorded is the time between two looks, of which all beyond the interval is delay; nothing yet is NaN.
  const late = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - LAG_INTERVAL_MS / 1000) : 0
  const { user, system } = process.cpuUsage()
  const text = [
    metric('openenv_event_loop_lag_seconds', 'gauge', 'Delay of the event loop since the last scrape.', [
      ['{quantile="0.5"}', late(lag.percentile(50))],
      ['{quantile="0.99"}', late(lag.percentile(99))],
      ['{quantile="1"}', late(lag.max)],
    ]),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', [['', process.memoryUsage.rss()]]),
    metric('process_cpu_seconds_total', 'counter', 'CPU time used.', [['', (user + system) / 1e6]]),
  ].join('')
  lag.reset()
  return text
}
