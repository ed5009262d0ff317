import { preview } from './compare.ts'

/** What an environment promises; {@link checkEnvironment} reports by these names. */
export type Promised =
  | 'schemas'
  | 'rewards'
  | 'status'
  | 'pure functions'
  | 'tasks'
  | 'determinism'
  | 'seeds'
  | 'replay'
  | 'fork'
  | 'snapshot'
  | 'lifecycle'
  | 'order'
  | 'bad input'
  | 'read-only state'
  | 'gold'
  | 'actions'

/** Each promise as a sentence. */
const SENTENCES: Readonly<Record<Promised, string>> = {
  schemas: 'observations, info and state view keep their schemas, and are plain JSON',
  rewards: 'rewards are finite numbers within the declared range',
  status: 'an episode that has ended says so, by itself or at its limit',
  'pure functions': 'functions change nothing that they are given, and answer the same for the same',
  tasks: 'the task provider agrees with itself',
  determinism: 'the same seed and actions give the same bytes',
  seeds: 'a seed alone fixes task and start [OE-4]',
  replay: 'recorded actions lead to the recorded replies',
  fork: 'a fork and its original go their own ways',
  snapshot: 'from a snapshot, written as JSON, the same episode goes on',
  lifecycle: 'calls at the wrong time are refused, and nothing is counted [OE-5]',
  order: 'calls made at once are answered in their order',
  'bad input': "an agent's bad input never breaks an episode [OE-2]",
  'read-only state': 'changing what was given out changes nothing inside',
  gold: 'gold data reaches no agent',
  actions: 'an action made from its schema is accepted',
}

/** Where an episode was when a promise was broken. */
export interface Where {
  readonly seed?: number
  readonly task?: string | null
  /** 0 is the reset. */
  readonly step?: number
}

/** A broken promise. */
export interface Finding {
  readonly promise: Promised
  readonly where: Where
  /** What happened, in a sentence. */
  readonly message: string
  readonly expected?: string
  readonly received?: string
  /** How often the same was found. */
  readonly times: number
}

/** What {@link checkEnvironment} checked. */
export interface CheckReport {
  readonly environment: string
  /** How often each promise was put to the test; a promise that could not be tested stands there with 0. */
  readonly checked: Readonly<Record<Promised, number>>
  readonly episodes: number
  readonly steps: number
}

/** Rejects {@link checkEnvironment}: every broken promise, in one message for a person. */
export class ContractError extends Error {
  readonly environment: string
  readonly findings: readonly Finding[]

  constructor(environment: string, findings: readonly Finding[]) {
    const count = findings.length === 1 ? 'a promise' : `${String(findings.length)} promises`
    super([`${environment} breaks ${count} of the contract.`, ...findings.map(described)].join('\n\n'))
    this.name = 'ContractError'
    this.environment = environment
    this.findings = findings
  }
}

function described({ promise, where, message, expected, received, times }: Finding, index: number): string {
  const place = [
    ...(where.seed === undefined ? [] : [`seed ${String(where.seed)}`]),
    ...(where.task === undefined || where.task === null ? [] : [`task ${where.task}`]),
    ...(where.step === undefined ? [] : [where.step === 0 ? 'reset' : `step ${String(where.step)}`]),
  ].join(', ')
  const lines = [`${String(index + 1)}. ${promise}: ${SENTENCES[promise]}`, `   ${message}`]
  if (place !== '')
    lines.push(`   at        ${place}${times > 1 ? `, and ${String(times - 1)} more like it` : ''}`)
  if (expected !== undefined) lines.push(`   expected  ${expected}`)
  if (received !== undefined) lines.push(`   received  ${received}`)
  return lines.join('\n')
}

/** Collects broken promises; the same one, found again, is only counted. */
export class Findings {
  readonly #found = new Map<string, Finding>()
  readonly #checked = Object.fromEntries(Object.keys(SENTENCES).map((promise) => [promise, 0])) as Record<
    Promised,
    number
  >
  episodes = 0
  steps = 0
  /** Where the episode under test is. */
  where: Where = {}

  /** Notes that a promise was put to the test. */
  tested(promise: Promised): void {
    this.#checked[promise] += 1
  }

  /** Notes a broken promise; `values` are what was expected and received. */
  broken(
    promise: Promised,
    message: string,
    ...values: readonly [] | readonly [expected: unknown, received: unknown]
  ): void {
    const key = `${promise}: ${message}`
    const before = this.#found.get(key)
    if (before !== undefined) {
      this.#found.set(key, { ...before, times: before.times + 1 })
      return
    }
    const shown = values.length === 0 ? {} : { expected: preview(values[0]), received: preview(values[1]) }
    this.#found.set(key, { promise, where: this.where, message, ...shown, times: 1 })
  }

  /** The report, or the error that names all that is broken. */
  conclude(environment: string): CheckReport {
    if (this.#found.size > 0) throw new ContractError(environment, [...this.#found.values()])
    return { environment, checked: this.#checked, episodes: this.episodes, steps: this.steps }
  }
}
