import { Worker } from 'node:worker_threads'
import { GUARDED, start, type Running } from './contestant.ts'
import type { Abuse, Hostility } from './hostile-client.ts'
import { openSessions, STEP } from './load.ts'
import { percentile } from './statistics.ts'

/** What hostile connections cost the server and its neighbors. */
export interface Harm {
  readonly abuse: string
  readonly connections: number
  /** By how many bytes the server's resident memory grew, at most. */
  readonly grownBytes: number
  readonly quietP99Ms: number
  readonly p99Ms: number
}

/** How much is measured. */
export interface HostileScale {
  readonly connections: number
  readonly seconds: number
}

const CONTROL = { authorization: 'Bearer control-of-the-bench' }
/** Milliseconds between the steps of the neighbor that is measured. */
const PACE_MS = 2
const LOOK_MS = 50
/** What the abused episode shows: the largest that is taken is four times as large. */
const OBSERVATION_BYTES = 4 * 1024 * 1024

const ABUSES: readonly Abuse[] = [
  'large messages to /agent/…/ws',
  'large messages to /agent/…/mcp',
  'large bodies to /agent/…/mcp',
  'large bodies to /reset',
  'half a request',
  'agent: large messages on /ws',
  'agent: large bodies',
  'agent: answers of HTTP unread',
  'agent: answers of /mcp unread',
  'agent: small messages without end',
]

/** Lets connections without and with an agent's address do their worst, one kind after the other. */
export async function hostileHarm({ connections, seconds }: HostileScale): Promise<readonly Harm[]> {
  const harms: Harm[] = []
  for (const abuse of ABUSES) {
    await using server = await start(GUARDED)
    const agent = await grant(server)
    await steps(server, Math.min(2, seconds))
    const quiet = await steps(server, Math.min(5, seconds))
    const before = await server.residentBytes()
    let most = before
    const looking = setInterval(() => {
      most = Math.max(most, server.residentBytesNow())
    }, LOOK_MS)
    const [waits] = await Promise.all([
      steps(server, seconds),
      attack({ port: server.port, connections, seconds, abuse, agent }),
    ])
    clearInterval(looking)
    harms.push({
      abuse,
      connections,
      grownBytes: most - before,
      quietP99Ms: percentile(quiet, 0.99),
      p99Ms: percentile(waits, 0.99),
    })
  }
  return harms
}

/** Opens an episode for an agent that shows something large, and gives the path of its address. */
async function grant({ port }: Running): Promise<string> {
  const url = `http://127.0.0.1:${String(port)}`
  const opened = await fetch(`${url}/sessions`, { method: 'POST', headers: CONTROL, body: '{}' })
  const { agent_url: agentUrl } = (await opened.json()) as { agent_url: string }
  const call = { name: 'act', arguments: { message: 'x'.repeat(OBSERVATION_BYTES) } }
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call })
  const answer = await fetch(agentUrl, { method: 'POST', body })
  await answer.arrayBuffer()
  if (answer.status !== 200) throw new Error(`The agent's step was refused: ${String(answer.status)}`)
  return new URL(agentUrl).pathname.replace(/\/mcp$/, '')
}

/** Delays of an orchestrator's steps at a fixed pace, sorted. */
async function steps(server: Running, seconds: number): Promise<Float64Array> {
  const [session] = await openSessions(server.port, 1, CONTROL)
  if (session === undefined) throw new Error('There is no session.')
  const waits: number[] = []
  const sentAt: number[] = []
  session.onReply = () => {
    waits.push(performance.now() - (sentAt.shift() ?? NaN))
  }
  const pace = setInterval(() => {
    sentAt.push(performance.now())
    session.send(STEP)
  }, PACE_MS)
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
  clearInterval(pace)
  // A step that was never answered counts with all the time that it has waited.
  for (const at of sentAt) waits.push(performance.now() - at)
  session.destroy()
  return Float64Array.from(waits).sort()
}

function attack(hostility: Hostility): Promise<void> {
  const worker = new Worker(new URL('./hostile-client.js', import.meta.url), { workerData: hostility })
  return new Promise((resolve, reject) => {
    worker.once('message', () => {
      resolve()
      void worker.terminate()
    })
    worker.once('error', reject)
  })
}
