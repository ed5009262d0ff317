import type { Contestant } from './contestant.ts'
import type { Batched } from './batch.ts'
import type { Bridged } from './bridge.ts'
import type { Detected } from './detection.ts'
import type { Harm } from './hostile.ts'
import type { InProcess } from './in-process.ts'
import type { IsolationResults, Kind } from './isolation.ts'
import type { Sample } from './load.ts'
import type { Delay } from './neighbor.ts'
import type { StartTimes } from './start-time.ts'
import { median } from './statistics.ts'
import type { Storm } from './storm.ts'

type Name = Contestant['name']

/** Everything that was measured, round by round: what `--json` writes. */
export interface Results {
  readonly machine: { readonly node: string; readonly cpus: number; readonly model: string }
  readonly smoke: boolean
  readonly loads: { readonly name: Name; readonly sessions: number; readonly rounds: readonly Sample[] }[]
  readonly idle: { readonly name: Name; readonly sessions: number; readonly bytes: number }[]
  readonly storms: ({ readonly name: Name } & Storm)[]
  batch: Batched | null
  inProcess: InProcess | null
  neighbors: readonly Delay[]
  hostile: readonly Harm[]
  startTimes: StartTimes | null
  isolation: IsolationResults | null
  detection: Detected | null
  bridge: Bridged | null
}

/** Prints tables, medians over the rounds, and how far each aim is reached. */
export function printResults(results: Results): void {
  const { machine, loads, idle, storms, inProcess, neighbors, startTimes, isolation, detection, bridge } =
    results
  print(`Node ${machine.node} on ${String(machine.cpus)} × ${machine.model}`)
  if (results.smoke) print('A smoke run: it shows that everything runs, and its numbers mean nothing.')
  if (loads.length > 0) {
    table(
      'Steps over /ws, each session waiting for its reply',
      [
        'sessions',
        'server',
        'steps/s',
        'p50 ms',
        'p99 ms',
        'CPU µs/step',
        'steps vs bare',
        'CPU vs bare',
        'load busy',
      ],
      loads.map(({ name, sessions, rounds }) => [
        String(sessions),
        name,
        whole(median(rounds.map((sample) => sample.stepsPerSecond))),
        fixed(median(rounds.map((sample) => sample.p50Ms)), 2),
        fixed(median(rounds.map((sample) => sample.p99Ms)), 2),
        fixed(median(rounds.map((sample) => sample.cpuMicrosPerStep)), 1),
        fixed(ratio(results, sessions, 'stepsPerSecond', name, 'bare ws'), 2),
        fixed(ratio(results, sessions, 'cpuMicrosPerStep', name, 'bare ws'), 2),
        percent(median(rounds.map((sample) => sample.loadBusy))),
      ]),
    )
  }
  if (results.batch !== null) {
    const { episodes, batched, sessions } = results.batch
    const rows = [['ours, batched', batched] as const, ...Object.entries(sessions)]
    table(
      `Steps of ${String(episodes)} episodes, in batches and by sessions`,
      ['by', 'steps/s', 'p50 ms', 'p99 ms', 'CPU µs/step'],
      rows.map(([name, rounds]) => [
        name,
        whole(median(rounds.map((sample) => sample.stepsPerSecond))),
        fixed(median(rounds.map((sample) => sample.p50Ms)), 2),
        fixed(median(rounds.map((sample) => sample.p99Ms)), 2),
        fixed(median(rounds.map((sample) => sample.cpuMicrosPerStep)), 1),
      ]),
    )
  }
  if (idle.length > 0) {
    table(
      'Resident memory of a session that was reset and stepped once, after a collection',
      ['server', 'sessions', 'kB/session'],
      idle.map(({ name, sessions, bytes }) => [name, whole(sessions), fixed(bytes / 1000, 1)]),
    )
  }
  if (storms.length > 0) {
    table(
      'Simultaneous connects, each with a reset',
      ['server', 'connects', 'failed', 'all done s', 'p50 ms', 'p99 ms', ''],
      storms.map(({ name, connects, failed, seconds, p50Ms, p99Ms, reason }) => [
        ...[
          name,
          whole(connects),
          String(failed),
          fixed(seconds, 2),
          whole(p50Ms),
          whole(p99Ms),
          reason ?? '',
        ],
      ]),
    )
  }
  if (neighbors.length > 0) {
    table(
      "Delay of a session's steps while another sends",
      ['sent', 'answered', 'median ms', 'largest ms', 'allowed ms'],
      neighbors.map(({ sent, answered, medianMs, largestMs, allowedMs }) => [
        ...[
          sent,
          answered,
          fixed(medianMs, 2),
          fixed(largestMs, 1),
          allowedMs === null ? '' : String(allowedMs),
        ],
      ]),
    )
  }
  if (results.hostile.length > 0) {
    table(
      'Memory of the server, and steps of an orchestrator, while hostile connections do their worst',
      ['abuse', 'connections', 'grown MB', 'p99 ms quiet', 'p99 ms then'],
      results.hostile.map(({ abuse, connections, grownBytes, quietP99Ms, p99Ms }) => [
        ...[abuse, whole(connections), fixed(grownBytes / 1e6, 1), fixed(quietP99Ms, 2), fixed(p99Ms, 2)],
      ]),
    )
  }
  if (isolation !== null) {
    table(
      'Steps of other sessions while one misbehaves again and again',
      ['isolation', 'in a step', 'told', 'p99 ms quiet', 'p99 ms then', 'moved ms'],
      isolation.disturbances.map(({ kind, offense, answered, quietP99Ms, disturbedP99Ms, movedMs }) => [
        ...[kind, offense, answered, fixed(quietP99Ms, 2), fixed(disturbedP99Ms, 2), fixed(movedMs, 2)],
      ]),
    )
    table(
      'Steps by where episodes run',
      ['work', 'sessions', 'isolation', 'steps/s', 'p50 ms', 'steps vs inline'],
      isolation.throughputs.map(({ work, sessions, kind, rounds }) => [
        ...[work, String(sessions), kind, whole(median(rounds.map((round) => round.stepsPerSecond)))],
        fixed(median(rounds.map((round) => round.p50Ms)), 3),
        fixed(isolationRatio(isolation, kind, work, sessions), 2),
      ]),
    )
  }
  if (detection !== null) {
    const { files, environments, oursMs, astMs } = detection
    print(
      `\nDetection of ${whole(environments)} environments in ${whole(files)} Python files, whole processes: ${whole(oursMs)} ms; on Python's ast ${whole(astMs)} ms (${fixed(astMs / oursMs, 1)} ×)`,
    )
  }
  if (bridge !== null) {
    table(
      `A tool call through the bridge; in Python itself ${fixed(bridge.nativeMicros, 1)} µs`,
      ['sessions', 'step µs', 'added µs', 'start of a session ms'],
      bridge.modes.map(({ sessions, stepMicros, startMs }) => [
        sessions,
        fixed(stepMicros, 0),
        fixed(stepMicros - bridge.nativeMicros, 0),
        fixed(startMs, 1),
      ]),
    )
  }
  if (inProcess !== null) {
    const { awaited, direct } = inProcess
    print(
      `\nEcho in this process, validated in and out: ${whole(awaited)} steps/s awaited, ${whole(direct)} direct`,
    )
  }
  if (startTimes !== null) {
    const { bareNodeMs, helpMs, oneEpisodeMs } = startTimes
    print(
      `\nStart: bare Node ${whole(bareNodeMs)} ms, openenv --help ${whole(helpMs)} ms (${fixed(helpMs / bareNodeMs, 1)} ×), ` +
        `openenv eval of one episode ${whole(oneEpisodeMs)} ms`,
    )
  }
  const aims = aimsOf(results)
  if (aims.length > 0) {
    table(
      'Aims',
      ['', 'aim', 'measured', ''],
      aims.map(({ what, aim, measured, reached }) => [what, aim, measured, reached ? 'reached' : 'MISSED']),
    )
  }
}

interface Aim {
  readonly what: string
  readonly aim: string
  readonly measured: string
  readonly reached: boolean
}

function aimsOf(results: Results): readonly Aim[] {
  const aims: Aim[] = []
  const atLeast = (what: string, floor: number, value: number, digits = 2): void => {
    if (!Number.isNaN(value)) {
      aims.push({
        what,
        aim: `≥ ${figure(floor, digits)}`,
        measured: figure(value, digits),
        reached: value >= floor,
      })
    }
  }
  const atMost = (what: string, ceiling: number, value: number, digits = 2): void => {
    if (!Number.isNaN(value)) {
      aims.push({
        what,
        aim: `≤ ${figure(ceiling, digits)}`,
        measured: figure(value, digits),
        reached: value <= ceiling,
      })
    }
  }
  for (const sessions of [32, 256]) {
    const at = `at ${String(sessions)} sessions`
    atLeast(`steps/s of bare ws ${at}`, 0.85, ratio(results, sessions, 'stepsPerSecond', 'ours', 'bare ws'))
    atMost(
      `CPU a step of bare ws ${at}`,
      1.25,
      ratio(results, sessions, 'cpuMicrosPerStep', 'ours', 'bare ws'),
    )
  }
  atLeast(
    'steps/s of python sync at 256 sessions',
    3,
    ratio(results, 256, 'stepsPerSecond', 'ours', 'python sync'),
  )
  atLeast(
    'steps/s of python async at 256 sessions',
    2,
    ratio(results, 256, 'stepsPerSecond', 'ours', 'python async'),
  )
  if (results.batch !== null) {
    const { batched, sessions, episodes } = results.batch
    const others = sessions['python sync'] ?? []
    atLeast(
      `steps/s of python sync at ${String(episodes)} sessions, in batches`,
      10,
      median(batched.map((sample, round) => sample.stepsPerSecond / (others[round]?.stepsPerSecond ?? NaN))),
    )
  }
  const ours = results.idle.find(({ name }) => name === 'ours')
  if (ours !== undefined) atMost('kB an idle session', 20, ours.bytes / 1000, 1)
  for (const { name, connects, failed } of results.storms) {
    if (name === 'ours') atMost(`failed of ${whole(connects)} connects`, 0, failed, 0)
  }
  if (results.hostile.length > 0) {
    const most = (of: (harm: Harm) => number): number => Math.max(...results.hostile.map(of))
    atMost('MB grown by hostile connections', 64, most(({ grownBytes }) => grownBytes) / 1e6, 1)
    const moved = most(({ p99Ms, quietP99Ms }) => p99Ms - quietP99Ms)
    atMost("ms that hostile connections add to a neighbor's p99", 50, moved, 1)
  }
  if (results.detection !== null) {
    const { oursMs, astMs } = results.detection
    atLeast("times as fast as Python's ast in detection", 5, astMs / oursMs, 1)
  }
  for (const { sessions, stepMicros, startMs } of results.bridge?.modes ?? []) {
    atMost(
      `ms added by the bridge (${sessions})`,
      1,
      (stepMicros - (results.bridge?.nativeMicros ?? 0)) / 1000,
      2,
    )
    atMost(`ms to start a session (${sessions})`, 50, startMs, 1)
  }
  if (results.inProcess !== null)
    atLeast('steps/s in process, awaited', 1_000_000, results.inProcess.awaited, 0)
  for (const { sent, allowedMs, largestMs } of results.neighbors) {
    if (allowedMs !== null) atMost(`ms of delay by ${sent}`, allowedMs, largestMs, 1)
  }
  if (results.isolation !== null) {
    for (const { kind, offense, movedMs } of results.isolation.disturbances) {
      atMost(`ms that "${offense}" by ${kind} moves the p99 of others`, 50, movedMs, 1)
    }
    atLeast(
      'steps/s of inline, 2 ms of work in threads',
      1.6,
      isolationRatio(results.isolation, 'worker', 'compute', 32),
    )
  }
  if (results.startTimes !== null) {
    const { bareNodeMs, helpMs, oneEpisodeMs } = results.startTimes
    atMost('starts of bare Node for --help', 5, helpMs / bareNodeMs, 1)
    atMost('ms for one episode', 2000, oneEpisodeMs, 0)
  }
  return aims
}

/** Median over the rounds of one server's figure over another's in the same round. */
function ratio(results: Results, sessions: number, figure: keyof Sample, of: Name, over: Name): number {
  const roundsOf = (name: Name): readonly Sample[] =>
    results.loads.find((each) => each.name === name && each.sessions === sessions)?.rounds ?? []
  const others = roundsOf(over)
  return median(roundsOf(of).map((sample, round) => sample[figure] / (others[round]?.[figure] ?? NaN)))
}

/** Median over the rounds of one kind's steps over those of inline in the same round. */
function isolationRatio(
  { throughputs }: IsolationResults,
  kind: Kind,
  work: string,
  sessions: number,
): number {
  const roundsOf = (of: Kind): readonly { readonly stepsPerSecond: number }[] =>
    throughputs.find((each) => each.kind === of && each.work === work && each.sessions === sessions)
      ?.rounds ?? []
  const inline = roundsOf('inline')
  return median(
    roundsOf(kind).map(
      ({ stepsPerSecond }, round) => stepsPerSecond / (inline[round]?.stepsPerSecond ?? NaN),
    ),
  )
}

function table(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  const isNumber = head.map((_, column) => rows.every((row) => /^[\d.,–-]*%?$/.test(row[column] ?? '')))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        isNumber[column] === true ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  print(`\n${title}`)
  for (const row of [head, ...rows]) print(`  ${line(row)}`)
}

function figure(value: number, digits: number): string {
  return digits === 0 ? whole(value) : fixed(value, digits)
}

function fixed(value: number, digits: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(digits)
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)}%`
}

function print(line: string): void {
  console.log(line)
}
