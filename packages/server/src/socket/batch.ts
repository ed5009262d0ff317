import { OpenEnvError, type MaybePromise } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { resetFromWire, stateToWire } from '@openenv-ts/core/wire'
import { errorFrame, frame, replyFrame } from './frame.ts'
import { logFailure } from '../log-failure.ts'
import type { Host } from '../host.ts'
import type { Session } from '../sessions/session.ts'
import { yieldToEventLoop } from '../limits/time-slice.ts'

type Data = Readonly<Record<string, unknown>>

/** Calls in one batch. */
const MAX_CALLS = 16_384
/** How long a batch may hold up everybody else before they have their turn. */
const SLICE_MS = 10
const CALLS_BETWEEN_LOOKS = 16

/** A batch on its way. */
interface Batch {
  readonly calls: readonly Call[]
  /** As many as were started; empty where the answer is still to come. */
  readonly answers: string[]
  readonly pending: Promise<void>[]
}

/**
 * Many episodes on one socket. A batch is a list of calls `[operation, key, data?]`; the key, a number that the
 * client chose, names the episode that `open` opened under it. The answer lists one message for each call, in order.
 *
 * Calls on one episode run in the order in which they stand; calls on different ones do not wait for each other.
 * A call that fails is an error message in its place and hinders no other.
 */
export class Batches {
  readonly #host: Host
  readonly #sessions = new Map<number, Session>()
  #closed = false

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * Performs a batch.
   *
   * @returns The message that answers it, as text; at once when no episode had to be waited for.
   * @throws OpenEnvError `VALIDATION_ERROR` when `calls` is not a list of calls; nothing has been done then.
   */
  perform(data: Data): MaybePromise<string> {
    const batch: Batch = { calls: readCalls(data), answers: [], pending: [] }
    if (this.#start(batch)) {
      if (batch.pending.length === 0) return batchFrame(batch.answers)
      return Promise.all(batch.pending).then(() => batchFrame(batch.answers))
    }
    return this.#finish(batch)
  }

  /** Starts calls for as long as neighbors can wait; whether these were all. */
  #start({ calls, answers, pending }: Batch): boolean {
    const enough = performance.now() + SLICE_MS
    for (let at = answers.length; at < calls.length; at += 1) {
      if (at % CALLS_BETWEEN_LOOKS === 0 && performance.now() > enough) return false
      const answer = this.#answer(calls[at] as Call)
      answers.push(typeof answer === 'string' ? answer : '')
      if (typeof answer === 'string') continue
      pending.push(
        answer.then((text) => {
          answers[at] = text
        }),
      )
    }
    return true
  }

  async #finish(batch: Batch): Promise<string> {
    do await yieldToEventLoop()
    while (!this.#start(batch))
    await Promise.all(batch.pending)
    return batchFrame(batch.answers)
  }

  /** Closes every episode that was opened here. */
  async close(): Promise<void> {
    this.#closed = true
    const open = [...this.#sessions.values()]
    this.#sessions.clear()
    await Promise.all(open.map((session) => session.close()))
  }

  /** Never throws and never rejects. */
  #answer(call: Call): MaybePromise<string> {
    try {
      const answer = this.#perform(call)
      return typeof answer === 'string' ? answer : answer.catch((error: unknown) => this.#failed(error))
    } catch (error) {
      return this.#failed(error)
    }
  }

  #failed(error: unknown): string {
    logFailure(this.#host, error)
    return errorFrame(error)
  }

  #perform([operation, key, data]: Call): MaybePromise<string> {
    switch (operation) {
      case 'step': {
        const reply = this.#session(key).episode.stepNow(data)
        return reply instanceof Promise ? reply.then(replyFrame) : replyFrame(reply)
      }
      case 'reset':
        return this.#session(key).episode.reset(resetFromWire(data, this.#host.environment)).then(replyFrame)
      case 'state':
        return this.#session(key)
          .episode.state()
          .then((state) => frame('state', stateToWire(state)))
      case 'open':
        // What is left of a batch whose client has gone opens nothing that nobody would close.
        if (this.#closed) throw new OpenEnvError('CANCELLED', 'The connection is closed.')
        if (this.#sessions.has(key)) throw badCall(`Episode ${String(key)} is open already.`)
        this.#sessions.set(key, this.#open())
        return frame('opened', {})
      case 'close': {
        const session = this.#session(key)
        this.#sessions.delete(key)
        return session.close().then(() => frame('closed', {}))
      }
    }
  }

  /** Held until it is closed: however long its client does nothing, its socket shows that it is there. */
  #open(): Session {
    const session = this.#host.sessions.open('websocket')
    session.hold()
    return session
  }

  #session(key: number): Session {
    const session = this.#sessions.get(key)
    if (session === undefined) throw badCall(`No episode is open under ${String(key)}: open it first.`)
    return session
  }
}

type Operation = 'open' | 'reset' | 'step' | 'state' | 'close'
type Call = readonly [operation: Operation, key: number, data: Data]

const OPERATIONS: ReadonlySet<unknown> = new Set<Operation>(['open', 'reset', 'step', 'state', 'close'])
const NO_DATA: Data = Object.freeze({})

function readCalls({ calls }: Data): readonly Call[] {
  if (!Array.isArray(calls)) throw badCalls(['calls'], 'Expected a list of calls')
  if (calls.length > MAX_CALLS) throw badCalls(['calls'], `Expected at most ${String(MAX_CALLS)} calls`)
  return calls.map((call: unknown, at): Call => {
    if (!Array.isArray(call)) throw badCalls(['calls', at], 'Expected [operation, key, data]')
    const [operation, key, data = NO_DATA] = call as readonly unknown[]
    if (!OPERATIONS.has(operation))
      throw badCalls(['calls', at, 0], 'Expected open, reset, step, state or close')
    if (!Number.isSafeInteger(key)) throw badCalls(['calls', at, 1], 'Expected the number of an episode')
    if (!isObject(data)) throw badCalls(['calls', at, 2], 'Expected a JSON object')
    return [operation as Operation, key as number, data]
  })
}

function badCalls(loc: readonly (string | number)[], msg: string): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', `Invalid batch: ${msg}.`, {
    issues: [{ type: 'invalid_type', loc, msg }],
  })
}

function badCall(msg: string): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', msg, { issues: [{ type: 'invalid_value', loc: [1], msg }] })
}

function batchFrame(answers: readonly string[]): string {
  return `{"type":"batch","data":{"replies":[${answers.join(',')}]}}`
}
