import { OURS, type Running } from './contestant.ts'
import { load, MESSAGE, type Sample } from './load.ts'
import { BenchSocket, frameOf } from './socket.ts'
import { percentile } from './statistics.ts'

/** Steps of many episodes, all of them in one message, beside the same number of sessions of each server. */
export interface Batched {
  readonly episodes: number
  /** Ours, one connection, a batch after the other. Latencies are those of a batch. */
  readonly batched: readonly Sample[]
  /** By server: a connection a session, each waiting for its reply. */
  readonly sessions: Readonly<Record<string, readonly Sample[]>>
}

/** How long and how often. */
export interface BatchScale {
  readonly episodes: number
  readonly rounds: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** All in the same run: in each round every server has its turn, ours twice. */
export async function batches(servers: readonly Running[], scale: BatchScale): Promise<Batched> {
  const { episodes, rounds, ...times } = scale
  const batched: Sample[] = []
  const sessions: Record<string, Sample[]> = Object.fromEntries(servers.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const server of servers) {
      if (server.name === OURS.name) batched.push(await batchLoad(server, scale))
      sessions[server.name]?.push(await load(server, { ...times, sessions: episodes }))
    }
  }
  return { episodes, batched, sessions }
}

const CONNECT_TIMEOUT_MS = 60_000

async function batchLoad(server: Running, { episodes, warmUpSeconds, seconds }: BatchScale): Promise<Sample> {
  const socket = await BenchSocket.open(server.port, CONNECT_TIMEOUT_MS)
  const keys = Array.from({ length: episodes }, (_, key) => key)
  await socket.ask(
    batchOf(
      keys.flatMap((key) => [
        ['open', key],
        ['reset', key],
      ]),
    ),
  )
  const step = batchOf(keys.map((key) => ['step', key, { message: MESSAGE }]))
  const expected = checkedLength(await socket.ask(step), episodes)
  const latencies: number[] = []
  let measuring = false
  let running = true
  const wrong: Error[] = []
  let sentAt = performance.now()
  socket.onReply = (payload) => {
    if (payload.length !== expected)
      wrong.push(new Error(`This is no answer: ${payload.toString('utf8', 0, 300)}`))
    if (!running) return
    const now = performance.now()
    if (measuring) latencies.push(now - sentAt)
    sentAt = now
    socket.send(step)
  }
  socket.send(step)
  await sleep(warmUpSeconds)
  const cpuBefore = server.cpuSeconds()
  const ownBefore = process.cpuUsage()
  const startedAt = performance.now()
  measuring = true
  await sleep(seconds)
  measuring = false
  const elapsed = (performance.now() - startedAt) / 1000
  const cpu = server.cpuSeconds() - cpuBefore
  const own = process.cpuUsage(ownBefore)
  running = false
  socket.destroy()
  for (const error of wrong) throw error
  const steps = latencies.length * episodes
  const sorted = Float64Array.from(latencies).sort()
  return {
    stepsPerSecond: steps / elapsed,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    cpuMicrosPerStep: steps === 0 ? NaN : (cpu / steps) * 1e6,
    loadBusy: (own.user + own.system) / 1e6 / elapsed,
  }
}

function batchOf(calls: readonly (readonly unknown[])[]): Buffer {
  return frameOf(JSON.stringify({ type: 'batch', data: { calls } }))
}

/** Every answer is a step's; later ones to the same batch are as long. */
function checkedLength(text: string, episodes: number): number {
  const { data } = JSON.parse(text) as {
    data: { replies: { data: { observation?: { message: string } } }[] }
  }
  const right = data.replies.filter((reply) => reply.data.observation?.message === MESSAGE)
  if (right.length !== episodes) throw new Error(`This is no answer to a batch: ${text.slice(0, 300)}`)
  return Buffer.byteLength(text)
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}
