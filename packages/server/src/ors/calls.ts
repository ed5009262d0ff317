import { OpenEnvError, toOpenEnvError, type Clock } from '@openenv-ts/core'
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
}

/** How long a client that lost its connection may come back for a result. */
const RETENTION_MS = 60_000
/** Calls of one session that may be under way at a time. */
const MAX_PENDING = 256
/** Results of one session that are kept. */
const MAX_KEPT = 256

/** The calls of one session, for as long as their results may be asked for again. No other session sees them. */
export class Calls {
  readonly #clock: Clock
  readonly #byTaskId = new Map<string, Kept>()
  #pending = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Begins a call.
   *
   * @param work - What it answers is sent as JSON; the message of what it throws as an error.
   * @throws OpenEnvError `CAPACITY_REACHED` (HTTP 429) when too many are under way.
   */
  begin(kind: Call['kind'], work: () => Promise<unknown>): Call {
    this.forgetOld()
    if (this.#pending >= MAX_PENDING) {
      const message = `This session has ${String(MAX_PENDING)} calls under way: wait for one of them.`
      throw new OpenEnvError('CAPACITY_REACHED', message, { http: 429 })
    }
    this.#pending += 1
    const taskId = crypto.randomUUID().replaceAll('-', '')
    const outcome = outcomeOf(work)
    const call: Kept = { kind, taskId, outcome, doneAt: null }
    this.#byTaskId.set(taskId, call)
    void outcome.then(() => {
      this.#pending -= 1
      call.doneAt = this.#clock.now()
    })
    return call
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
    for (const [taskId, { doneAt }] of this.#byTaskId) {
      if (doneAt === null || (doneAt > oldest && spare <= 0)) continue
      this.#byTaskId.delete(taskId)
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
