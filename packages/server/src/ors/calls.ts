import { OpenEnvError, type Clock } from '@openenv-ts/core'
import { toOpenEnvError } from '@openenv-ts/core/host'
import type { ServerLimits } from '../limits/limits.ts'
import type { Outcome } from './event-stream.ts'

/** Something that was asked for and goes on, whether or not anybody listens. */
export interface Call {
  readonly kind: 'call' | 'score_group'
  /** 32 hexadecimal digits. */
  readonly taskId: string
  /** Never rejects. */
  readonly outcome: Promise<Outcome>
}

interface Kept extends Call {
  /** Null while it runs. */
  doneAt: number | null
  /** Of its result, when it is done. */
  bytes: number
}

/** What the calls of one session may hold. */
export type CallLimits = Pick<ServerLimits, 'sessionCalls' | 'keptResultBytes'>

/** How long a client that lost its connection may come back for a result. */
const RETENTION_MS = 60_000
/** Results of one session that are kept. */
const MAX_KEPT = 256

/** The calls of one session, for as long as their results may be asked for again. No other session sees them. */
export class Calls {
  readonly #clock: Clock
  readonly #byTaskId = new Map<string, Kept>()
  readonly #limits: CallLimits
  #pending = 0
  #followers = 0
  #keptBytes = 0

  constructor(clock: Clock, limits: CallLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /**
   * Begins a call.
   *
   * @param work - What it answers is sent as JSON; the message of what it throws as an error.
   * @throws OpenEnvError `CAPACITY_REACHED` (HTTP 429) when too many are under way.
   */
  begin(kind: Call['kind'], work: () => Promise<unknown>): Call {
    this.forgetOld()
    this.#requireLess(this.#pending, 'calls under way')
    this.#pending += 1
    const taskId = crypto.randomUUID().replaceAll('-', '')
    const outcome = outcomeOf(work)
    const call: Kept = { kind, taskId, outcome, doneAt: null, bytes: 0 }
    this.#byTaskId.set(taskId, call)
    void outcome.then((reached) => {
      this.#pending -= 1
      call.doneAt = this.#clock.now()
      call.bytes = 'text' in reached ? reached.text.length : reached.error.length
      this.#keptBytes += call.bytes
      this.#makeRoom(call)
    })
    return call
  }

  /**
   * Counts a stream that tells of a call.
   *
   * @returns Ends the count; calling it again does nothing.
   * @throws OpenEnvError `CAPACITY_REACHED` (HTTP 429) when there are too many, read or not.
   */
  follow(): () => void {
    this.#requireLess(this.#followers, 'streams open')
    this.#followers += 1
    let followed = true
    return () => {
      if (followed) this.#followers -= 1
      followed = false
    }
  }

  #requireLess(count: number, words: string): void {
    const { sessionCalls: max } = this.#limits
    if (count < max) return
    const message = `This session has ${String(max)} ${words}: wait for one of them.`
    throw new OpenEnvError('CAPACITY_REACHED', message, { http: 429 })
  }

  /** Drops the oldest results where all together are too large. The newest may always be asked for. */
  #makeRoom(newest: Kept): void {
    for (const call of this.#byTaskId.values()) {
      if (this.#keptBytes <= this.#limits.keptResultBytes) return
      if (call.doneAt !== null && call !== newest) this.#drop(call)
    }
  }

  #drop(call: Kept): void {
    this.#byTaskId.delete(call.taskId)
    this.#keptBytes -= call.bytes
  }

  /** A call of this kind, running or done less than a minute ago. */
  find(kind: Call['kind'], taskId: string): Call | undefined {
    this.forgetOld()
    const call = this.#byTaskId.get(taskId)
    return call?.kind === kind ? call : undefined
  }

  /** Drops results that are older than a minute, and the oldest of too many. */
  forgetOld(): void {
    const oldest = this.#clock.now() - RETENTION_MS
    let spare = this.#byTaskId.size - MAX_KEPT
    for (const call of this.#byTaskId.values()) {
      if (call.doneAt === null || (call.doneAt > oldest && spare <= 0)) continue
      this.#drop(call)
      spare -= 1
    }
  }
}

async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { text: JSON.stringify(await work()) }
  } catch (thrown) {
    return { error: toOpenEnvError(thrown, 'the call').message }
  }
}
