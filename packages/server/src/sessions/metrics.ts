import type { Reply } from '@openenv-ts/core'
import type { SessionKind } from './session-kind.ts'

/** The calls that are counted and timed. */
export type CountedCall = 'reset' | 'step'

/** Upper bounds of the latency buckets, in milliseconds: from a step in memory to one that waits for a model. */
const BOUNDS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1000, 5000, 30_000]

interface Timing {
  readonly buckets: Float64Array
  sumMs: number
  count: number
}

/** What happened since the server started, as numbers. Counting costs a few nanoseconds; writing it out is rare. */
export class ServerMetrics {
  readonly #open = new Map<SessionKind, number>([
    ['websocket', 0],
    ['http', 0],
    ['mcp', 0],
    ['ors', 0],
  ])
  #opened = 0
  readonly #timings: Readonly<Record<CountedCall, Timing>> = { reset: newTiming(), step: newTiming() }
  readonly #ended = { terminated: 0, truncated: 0 }
  readonly #errors = new Map<string, number>()

  sessionOpened(kind: SessionKind): void {
    this.#opened += 1
    this.#open.set(kind, (this.#open.get(kind) ?? 0) + 1)
  }

  sessionClosed(kind: SessionKind): void {
    this.#open.set(kind, (this.#open.get(kind) ?? 0) - 1)
  }

  replied(call: CountedCall, { status }: Reply<unknown>, milliseconds: number): void {
    const timing = this.#timings[call]
    timing.count += 1
    timing.sumMs += milliseconds
    let at = 0
    while (at < BOUNDS_MS.length && milliseconds > (BOUNDS_MS[at] ?? Infinity)) at += 1
    timing.buckets[at] = (timing.buckets[at] ?? 0) + 1
    if (status !== 'running') this.#ended[status] += 1
  }

  /** Counts a failure; `open` is a session that could not be had, `message` a message that could not be read. */
  failed(call: CountedCall | 'open' | 'message', code: string): void {
    const key = `call="${call}",code="${code}"`
    this.#errors.set(key, (this.#errors.get(key) ?? 0) + 1)
  }

  /** The numbers in Prometheus's text format. */
  text({ maxSessions }: { readonly maxSessions: number }): string {
    return [
      metric('openenv_sessions', 'gauge', 'Sessions that are open.', labeled('kind', this.#open)),
      metric('openenv_sessions_max', 'gauge', 'Sessions that may be open.', [['', maxSessions]]),
      metric('openenv_sessions_opened_total', 'counter', 'Sessions opened so far.', [['', this.#opened]]),
      metric('openenv_episodes_ended_total', 'counter', 'Episodes that ended.', [
        ['{status="terminated"}', this.#ended.terminated],
        ['{status="truncated"}', this.#ended.truncated],
      ]),
      metric('openenv_errors_total', 'counter', 'Calls that failed.', braced(this.#errors)),
      metric('openenv_call_seconds', 'histogram', 'Time from a call to its reply.', [
        ...histogram('reset', this.#timings.reset),
        ...histogram('step', this.#timings.step),
      ]),
    ].join('')
  }
}

type Sample = readonly [suffixAndLabels: string, value: number]

/** One metric in Prometheus's text format. */
export function metric(
  name: string,
  type: 'counter' | 'gauge' | 'histogram',
  help: string,
  samples: readonly Sample[],
): string {
  const lines = samples.map(([rest, value]) => `${name}${rest} ${String(value)}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}

function newTiming(): Timing {
  return { buckets: new Float64Array(BOUNDS_MS.length + 1), sumMs: 0, count: 0 }
}

function labeled(label: string, values: ReadonlyMap<string, number>): readonly Sample[] {
  return [...values].map(([key, value]) => [`{${label}="${key}"}`, value])
}

function braced(values: ReadonlyMap<string, number>): readonly Sample[] {
  return [...values].map(([labels, value]) => [`{${labels}}`, value])
}

function histogram(call: CountedCall, { buckets, sumMs, count }: Timing): readonly Sample[] {
  let below = 0
  const rows = BOUNDS_MS.map((bound, at): Sample => {
    below += buckets[at] ?? 0
    return [`_bucket{call="${call}",le="${String(bound / 1000)}"}`, below]
  })
  return [
    ...rows,
    [`_bucket{call="${call}",le="+Inf"}`, count],
    [`_sum{call="${call}"}`, sumMs / 1000],
    [`_count{call="${call}"}`, count],
  ]
}
