import type { AnyEnvironment } from '../environment.ts'
import { Bench, type CheckOptions, type Start, type Trace } from './bench.ts'
import type { CheckReport } from './findings.ts'
import { checkBadInput } from './checks/bad-input.ts'
import { checkGold } from './checks/secrecy.ts'
import { checkEnding, checkLifecycle } from './checks/lifecycle.ts'
import { checkFork, checkSnapshot } from './checks/positions.ts'
import { checkPurity } from './checks/purity.ts'
import { checkDeterminism, checkOrder, checkReadOnly, checkReplay, checkSeeds } from './checks/repetition.ts'
import { checkTasks } from './checks/tasks.ts'

const SEEDS = [0, 1, 42]

/**
 * Checks that an environment keeps every promise of the contract, by playing it: schemas, rewards, determinism, seeds,
 * replay, fork, snapshot, lifecycle, order, an agent's bad input, gold data.
 *
 * Replies are compared only where the environment says that it is deterministic.
 *
 * @returns What was checked, and how often.
 * @throws ContractError naming every broken promise: seed, task, step, expected, received.
 * @example
 * test('guess keeps the contract', () => checkEnvironment(guess))
 */
export async function checkEnvironment(
  environment: AnyEnvironment,
  options: CheckOptions = {},
): Promise<CheckReport> {
  const bench = new Bench(environment, options)
  let tasks: readonly string[] = []
  await bench.test('tasks', async () => {
    tasks = await checkTasks(bench)
  })
  const seeds = options.seeds ?? SEEDS
  for (const task of tasks.length === 0 ? [null] : tasks) {
    const traces: Trace[] = []
    for (const seed of seeds) {
      const trace = await record(bench, { seed, task })
      if (trace !== null) traces.push(trace)
    }
    for (const [index, trace] of traces.entries()) {
      // What differs between two seeds is what a fork can go another way with.
      await checkTrace(bench, trace, traces[(index + 1) % traces.length] ?? trace)
    }
    const [first] = traces
    if (first !== undefined) await bench.test('bad input', () => checkBadInput(bench, first))
  }
  return bench.findings.conclude(environment.name)
}

/** Plays an episode; one that fails on the way is a finding, and no measure for others. */
async function record(bench: Bench, start: Start): Promise<Trace | null> {
  let trace: Trace | null = null
  await bench.test('actions', async () => {
    trace = await bench.record(start)
  })
  return trace
}

async function checkTrace(bench: Bench, trace: Trace, other: Trace): Promise<void> {
  checkGold(bench, trace)
  await bench.test('pure functions', () => checkPurity(bench, trace))
  await bench.test('lifecycle', () => checkLifecycle(bench, trace))
  await bench.test('status', () => checkEnding(bench, trace))
  if (!bench.environment.deterministic) return
  await bench.test('determinism', () => checkDeterminism(bench, trace))
  await bench.test('seeds', () => checkSeeds(bench, trace))
  await bench.test('replay', () => checkReplay(bench, trace))
  await bench.test('order', () => checkOrder(bench, trace))
  await bench.test('read-only state', () => checkReadOnly(bench, trace))
  await bench.test('fork', () => checkFork(bench, trace, other))
  await bench.test('snapshot', () => checkSnapshot(bench, trace))
}
