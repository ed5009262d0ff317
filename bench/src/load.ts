import type { Running } from './contestant.ts'
import { BenchSocket, frameOf } from './socket.ts'
import { percentile } from './statistics.ts'

/** What one server did under one load. */
export interface Sample {
  readonly stepsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Microseconds of the server's CPU, all threads, a step. */
  readonly cpuMicrosPerStep: number
  /** Share of one core that the load took; near 1 the load, not the server, may be the limit. */
  readonly loadBusy: number
}

/** How long a load runs. */
export interface LoadOptions {
  readonly sessions: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

export const MESSAGE = 'The quick brown fox jumps over the lazy dog.'
export const STEP = frameOf(JSON.stringify({ type: 'step', data: { message: MESSAGE } }))
export const RESET = frameOf(JSON.stringify({ type: 'reset', data: {} }))

const CONNECT_TIMEOUT_MS = 60_000
const CONNECTS_AT_A_TIME = 128
/** Latencies kept; steps beyond are counted all the same. */
const MAX_LATENCIES = 4_000_000

const latencies = new Float64Array(MAX_LATENCIES)

/** Steps in all sessions at once, each sending its next step when the reply to the last one is there. */
export async function load(server: Running, options: LoadOptions): Promise<Sample> {
  const sockets = await openSessions(server.port, options.sessions)
  const expected = await replyLength(sockets[0] as BenchSocket)
  let steps = 0
  let measuring = false
  let running = true
  const wrong: Error[] = []
  for (const socket of sockets) {
    let sentAt = performance.now()
    socket.onReply = (payload) => {
      if (payload.length !== expected)
        wrong.push(new Error(`${server.name} sent: ${payload.toString('utf8', 0, 300)}`))
      if (!running) return
      const now = performance.now()
      if (measuring) {
        if (steps < MAX_LATENCIES) latencies[steps] = now - sentAt
        steps += 1
      }
      sentAt = now
      socket.send(STEP)
    }
    socket.onClose = (code) => {
      wrong.push(new Error(`${server.name} closed a socket with ${String(code)}.`))
    }
    socket.send(STEP)
  }
  await sleep(options.warmUpSeconds)
  const cpuBefore = server.cpuSeconds()
  const ownBefore = process.cpuUsage()
  const startedAt = performance.now()
  measuring = true
  await sleep(options.seconds)
  measuring = false
  const elapsed = (performance.now() - startedAt) / 1000
  const cpu = server.cpuSeconds() - cpuBefore
  const own = process.cpuUsage(ownBefore)
  running = false
  for (const socket of sockets) socket.destroy()
  for (const error of wrong) throw error
  const sorted = latencies.subarray(0, Math.min(steps, MAX_LATENCIES)).slice().sort()
  return {
    stepsPerSecond: steps / elapsed,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuMicrosPerStep: steps === 0 ? NaN : (cpu / steps) * 1e6,
    loadBusy: (own.user + own.system) / 1e6 / elapsed,
  }
}

/** Opens sessions and resets each. */
export async function openSessions(
  port: number,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<readonly BenchSocket[]> {
  const sockets: BenchSocket[] = []
  while (sockets.length < count) {
    const batch = Math.min(CONNECTS_AT_A_TIME, count - sockets.length)
    sockets.push(
      ...(await Promise.all(
        Array.from({ length: batch }, async () => {
          const socket = await BenchSocket.open(port, CONNECT_TIMEOUT_MS, headers)
          await socket.ask(RESET)
          return socket
        }),
      )),
    )
  }
  return sockets
}

/** One step, checked; every later reply to the same step is as long. */
async function replyLength(socket: BenchSocket): Promise<number> {
  const text = await socket.ask(STEP)
  const { type, data } = JSON.parse(text) as {
    type: string
    data: { observation: { message: string }; reward: number }
  }
  if (type !== 'observation' || data.observation.message !== MESSAGE || data.reward !== 0) {
    throw new Error(`This is no reply to a step: ${text}`)
  }
  return Buffer.byteLength(text)
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}
