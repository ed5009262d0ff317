import { fileURLToPath } from 'node:url'
import { start, type Contestant, type Running } from './contestant.ts'
import type { Way } from './environments/labor.ts'
import { RESET, STEP } from './load.ts'
import { BenchSocket, frameOf } from './socket.ts'
import { median, percentile } from './statistics.ts'

/** Where the episodes of a server run. */
export type Kind = 'inline' | 'worker' | 'process'

/** What one session's misbehavior did to the steps of others: medians over the rounds, in milliseconds. */
export interface Disturbance {
  readonly kind: Kind
  readonly offense: Way
  /** What the offender was told. */
  readonly answered: string
  readonly quietP99Ms: number
  readonly disturbedP99Ms: number
  /** The middle difference of a disturbed round and the quiet one before it. */
  readonly movedMs: number
}

/** Steps a second, round by round. */
export interface Throughput {
  readonly kind: Kind
  readonly work: 'compute' | 'echo'
  readonly sessions: number
  readonly rounds: readonly { readonly stepsPerSecond: number; readonly p50Ms: number }[]
}

/** Everything that is measured of isolation. */
export interface IsolationResults {
  readonly disturbances: readonly Disturbance[]
  readonly throughputs: readonly Throughput[]
}

/** How much is measured. */
export interface IsolationScale {
  readonly rounds: number
  readonly seconds: number
}

const OFFENSES: readonly Way[] = [
  'never return',
  'throw',
  'exhaust the heap',
  'exit',
  'exit later',
  'reject later',
  'print forever',
]
const NEIGHBORS = 8
/** Milliseconds between the steps of a neighbor. */
const PACE_MS = 5
/** Between one offense and the next of the same session. */
const REST_MS = 50
const CONNECT_TIMEOUT_MS = 10_000

const stepOf = (way: Way): Buffer => frameOf(JSON.stringify({ type: 'step', data: { way } }))

/** Measures what misbehavior does to neighbors, what threads give to work, and what they cost where there is none. */
export async function measureIsolation(scale: IsolationScale): Promise<IsolationResults> {
  const disturbances: Disturbance[] = []
  for (const kind of ['worker', 'process'] as const) {
    await using server = await start(isolated(kind, 'labor'))
    for (const offense of OFFENSES) disturbances.push(await disturb(server, { kind, offense, ...scale }))
  }
  return {
    disturbances,
    throughputs: [
      ...(await throughput({ work: 'compute', sessions: 32, ...scale })),
      ...(await throughput({ work: 'echo', sessions: 1, ...scale })),
      ...(await throughput({ work: 'echo', sessions: 32, ...scale })),
    ],
  }
}

function isolated(kind: Kind, environment: 'labor' | 'echo'): Contestant {
  const file = fileURLToPath(new URL('servers/isolated.js', import.meta.url))
  return { name: `isolated ${kind}`, command: [process.execPath, '--expose-gc', file, kind, environment] }
}

/** Quiet and disturbed rounds by turns: what else the machine does moves both. */
async function disturb(
  server: Running,
  { kind, offense, rounds, seconds }: IsolationScale & { readonly kind: Kind; readonly offense: Way },
): Promise<Disturbance> {
  const quiet: number[] = []
  const disturbed: number[] = []
  let answered = ''
  await pacedP99(server, Math.min(0.5, seconds))
  for (let round = 0; round < rounds; round += 1) {
    quiet.push(await pacedP99(server, seconds))
    const offender = offend(server, offense)
    disturbed.push(await pacedP99(server, seconds))
    answered = await offender.stop()
  }
  return {
    kind,
    offense,
    answered,
    quietP99Ms: median(quiet),
    disturbedP99Ms: median(disturbed),
    movedMs: median(disturbed.map((p99, round) => p99 - (quiet[round] ?? NaN))),
  }
}

/** Steps sessions at a fixed pace, whether their replies are there or not, and answers how long 99 % waited at most. */
async function pacedP99(server: Running, seconds: number): Promise<number> {
  const step = stepOf('rest')
  const waits: number[] = []
  const wrong: string[] = []
  const sessions = await Promise.all(Array.from({ length: NEIGHBORS }, () => openSession(server)))
  const sent = sessions.map((session) => {
    const sentAt: number[] = []
    session.onReply = (payload) => {
      if (!payload.includes('"type":"observation"')) wrong.push(payload.toString())
      waits.push(performance.now() - (sentAt.shift() ?? NaN))
    }
    return sentAt
  })
  const pace = setInterval(() => {
    for (const [index, session] of sessions.entries()) {
      sent[index]?.push(performance.now())
      session.send(step)
    }
  }, PACE_MS)
  await sleep(seconds * 1000)
  clearInterval(pace)
  // Those that still wait count with the time that they have waited.
  const now = performance.now()
  for (const sentAt of sent) for (const at of sentAt) waits.push(now - at)
  for (const session of sessions) session.destroy()
  if (wrong[0] !== undefined) throw new Error(`A neighbor was told: ${wrong[0]}`)
  return percentile(Float64Array.from(waits).sort(), 0.99)
}

/** Misbehaves in one session, and again as soon as it is told. */
function offend(server: Running, way: Way): { stop(): Promise<string> } {
  const stopped = new AbortController()
  let answered = ''
  const offending = (async () => {
    const socket = await openSession(server)
    while (!stopped.signal.aborted) {
      const text = await socket.ask(stepOf(way))
      // What comes of it later is told to the next step.
      const told = text.includes('"type":"error"')
        ? text
        : await sleep(REST_MS).then(() => socket.ask(stepOf('rest')))
      const { message } = (JSON.parse(told) as { readonly data: { readonly message?: string } }).data
      answered = message ?? 'a reply'
      await sleep(REST_MS)
      await socket.ask(RESET)
    }
    socket.destroy()
  })()
  return {
    stop: async () => {
      stopped.abort()
      await offending
      return answered
    },
  }
}

/** Each kind in turn, again and again, with every session waiting for its reply. */
async function throughput({
  work,
  sessions,
  rounds,
  seconds,
}: IsolationScale & { readonly work: Throughput['work']; readonly sessions: number }): Promise<
  readonly Throughput[]
> {
  const kinds: readonly Kind[] = ['inline', 'worker', 'process']
  const samples = new Map<Kind, Throughput['rounds'][number][]>(kinds.map((kind) => [kind, []]))
  const servers: (readonly [Kind, Running])[] = []
  try {
    for (const kind of kinds) {
      const server = await start(isolated(kind, work === 'echo' ? 'echo' : 'labor'))
      servers.push([kind, server])
      await closedLoop(server, { work, sessions, seconds: seconds / 2 })
    }
    for (let round = 0; round < rounds; round += 1) {
      for (let turn = 0; turn < servers.length; turn += 1) {
        const [kind, server] = servers[(round + turn) % servers.length] ?? []
        if (kind === undefined || server === undefined) continue
        samples.get(kind)?.push(await closedLoop(server, { work, sessions, seconds }))
      }
    }
  } finally {
    await Promise.all(servers.map(([, server]) => server[Symbol.asyncDispose]()))
  }
  return kinds.map((kind) => ({ kind, work, sessions, rounds: samples.get(kind) ?? [] }))
}

async function closedLoop(
  server: Running,
  {
    work,
    sessions,
    seconds,
  }: { readonly work: Throughput['work']; readonly sessions: number; readonly seconds: number },
): Promise<Throughput['rounds'][number]> {
  const step = work === 'echo' ? STEP : stepOf('compute')
  const sockets = await Promise.all(Array.from({ length: sessions }, () => openSession(server)))
  const waits: number[] = []
  let running = true
  for (const socket of sockets) {
    let sentAt = performance.now()
    socket.onReply = () => {
      if (!running) return
      const now = performance.now()
      waits.push(now - sentAt)
      sentAt = now
      socket.send(step)
    }
    socket.send(step)
  }
  const startedAt = performance.now()
  await sleep(seconds * 1000)
  running = false
  const elapsed = (performance.now() - startedAt) / 1000
  for (const socket of sockets) socket.destroy()
  return { stepsPerSecond: waits.length / elapsed, p50Ms: median(waits) }
}

async function openSession(server: Running): Promise<BenchSocket> {
  const socket = await BenchSocket.open(server.port, CONNECT_TIMEOUT_MS)
  await socket.ask(RESET)
  return socket
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
