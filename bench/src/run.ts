// Measures our server beside others in one run: `npm run bench`, `npm run bench -- --smoke --json FILE`.
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { BARE, contestants, OURS, start, type Contestant, type Running } from './contestant.ts'
import { batches } from './batch.ts'
import { bytesPerIdleSession } from './idle.ts'
import { bridge } from './bridge.ts'
import { detection } from './detection.ts'
import { hostileHarm } from './hostile.ts'
import { inProcess } from './in-process.ts'
import { measureIsolation } from './isolation.ts'
import { load, type Sample } from './load.ts'
import { neighborDelays } from './neighbor.ts'
import { printResults, type Results } from './report.ts'
import { startTimes } from './start-time.ts'
import { storm } from './storm.ts'

const { values: flags } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, json: { type: 'string' }, only: { type: 'string' } },
})

/** How much is measured; the smoke run only proves that everything runs. */
const SCALE = flags.smoke
  ? {
      rounds: 1,
      sessions: [1, 32],
      warmUpSeconds: 0.1,
      seconds: 0.5,
      idle: 512,
      storms: [512],
      steps: 100_000,
      frames: 2,
      starts: 1,
      isolation: { rounds: 1, seconds: 0.5 },
      detection: { files: 1000, rounds: 1 },
      bridge: { steps: 200, starts: 10 },
      hostile: { connections: 200, seconds: 1 },
    }
  : {
      rounds: 3,
      sessions: [1, 32, 256, 1024],
      warmUpSeconds: 0.75,
      seconds: 2,
      idle: 8192,
      storms: [4096, 8192],
      steps: 3_000_000,
      frames: 20,
      starts: 9,
      isolation: { rounds: 5, seconds: 3 },
      detection: { files: 10_000, rounds: 5 },
      bridge: { steps: 5000, starts: 100 },
      hostile: { connections: 200, seconds: 60 },
    }
/** A thread a session is what the Python server takes for a synchronous environment, so fewer sessions for it. */
const IDLE_PYTHON = Math.min(SCALE.idle, 1024)

const results: Results = {
  machine: { node: process.version, cpus: cpus().length, model: cpus()[0]?.model ?? 'unknown' },
  smoke: flags.smoke,
  loads: [],
  idle: [],
  storms: [],
  batch: null,
  inProcess: null,
  neighbors: [],
  hostile: [],
  startTimes: null,
  isolation: null,
  detection: null,
  bridge: null,
}
const parts: Readonly<Record<string, () => Promise<void> | void>> = {
  load: measureLoads,
  batch: measureBatches,
  idle: measureIdle,
  storm: measureStorms,
  'in-process': async () => {
    results.inProcess = await inProcess(SCALE.steps)
  },
  neighbors: async () => {
    results.neighbors = await neighborDelays(SCALE.frames)
  },
  hostile: async () => {
    results.hostile = await hostileHarm(SCALE.hostile)
  },
  isolation: async () => {
    results.isolation = await measureIsolation(SCALE.isolation)
  },
  detection: () => {
    results.detection = detection(SCALE.detection.files, SCALE.detection.rounds)
  },
  bridge: async () => {
    results.bridge = await bridge(SCALE.bridge.steps, SCALE.bridge.starts)
  },
  start: () => {
    results.startTimes = startTimes(SCALE.starts)
  },
}
if (flags.only !== undefined && !(flags.only in parts)) {
  console.error(`No part "${flags.only}". Parts: ${Object.keys(parts).join(', ')}.`)
  process.exit(2)
}
const all = contestants()
if (all.length < 4) console.error('No Python server to compare with: run test/peers/install.sh first.')
for (const [name, measure] of Object.entries(parts)) {
  if (flags.only !== undefined && flags.only !== name) continue
  console.error(`Measuring: ${name} …`)
  await measure()
}
printResults(results)
if (flags.json !== undefined) writeFileSync(flags.json, `${JSON.stringify(results, null, 2)}\n`)
const broken = results.storms.some(({ failed }) => failed > 0)
process.exit(broken ? 1 : 0)

/** All servers run all the time; in each round every one has its turn, and each round begins with another. */
async function measureLoads(): Promise<void> {
  const { rounds, sessions, warmUpSeconds, seconds } = SCALE
  await withServers(all, async (servers) => {
    for (const count of sessions) {
      const samples = new Map<Contestant['name'], Sample[]>(servers.map(({ name }) => [name, []]))
      for (let round = 0; round < rounds; round += 1) {
        for (let turn = 0; turn < servers.length; turn += 1) {
          const server = servers[(round + turn) % servers.length]
          if (server === undefined) continue
          samples.get(server.name)?.push(await load(server, { sessions: count, warmUpSeconds, seconds }))
        }
      }
      for (const [name, of] of samples) results.loads.push({ name, sessions: count, rounds: of })
    }
  })
}

async function measureBatches(): Promise<void> {
  const { rounds, warmUpSeconds, seconds } = SCALE
  const compared = all.filter(({ name }) => name === 'ours' || name === 'python sync')
  await withServers(compared, async (servers) => {
    const episodes = flags.smoke ? 32 : 256
    results.batch = await batches(servers, { episodes, rounds, warmUpSeconds, seconds })
  })
}

async function measureIdle(): Promise<void> {
  for (const contestant of all) {
    const sessions = contestant.name.startsWith('python') ? IDLE_PYTHON : SCALE.idle
    const bytes = await bytesPerIdleSession(contestant, sessions)
    results.idle.push({ name: contestant.name, sessions, bytes })
  }
}

async function measureStorms(): Promise<void> {
  await withServers([OURS, BARE], async (servers) => {
    for (const connects of SCALE.storms) {
      for (const server of servers)
        results.storms.push({ name: server.name, ...(await storm(server, connects)) })
    }
  })
}

async function withServers(
  which: readonly Contestant[],
  measure: (servers: readonly Running[]) => Promise<void>,
): Promise<void> {
  const servers: Running[] = []
  try {
    for (const each of which) servers.push(await start(each))
    await measure(servers)
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
  }
}
