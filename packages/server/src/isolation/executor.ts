import { OpenEnvError } from '@openenv-ts/core'
import type { Progress } from '@openenv-ts/core/host'
import type { Launch, ExecutorTransport } from './transport.ts'
import { readMessage } from './messages.ts'
import type { Answer, Call, FromExecutor, Hello, UncaughtError } from './protocol.ts'
import { receiveError } from './sent-error.ts'

/** How long an executor may take to load its environment. */
const START_LIMIT_MS = 60_000
/** An environment that waits for something gets so much longer than its limit to give up by itself. */
const GRACE_MS = 100
/** How long an executor that said that it ends may take to do so. */
const EXIT_MS = 1000
/** Messages in a second that are no answers: an executor itself sends fewer. */
const UNASKED_A_SECOND = 400
/** Episodes whose code may still run in an executor: those that it was asked for last. */
const MAX_KNOWN = 10_000

/** What an executor is started with. */
export interface ExecutorOptions {
  readonly launch: Launch
  /** Bound on the size of one message. */
  readonly maxMessageBytes: number
}

/** What an executor tells whoever started it, beside answers. */
export interface ExecutorEvents {
  readonly uncaught: (uncaught: UncaughtError) => void
  readonly print: (text: string) => void
  /** It takes no more calls. The one that it is at fails when what ended it is known. */
  readonly ended: (executor: Executor, byItself: boolean) => void
  /** It was ended for what it sent. */
  readonly misbehaved: (message: string, cause: unknown) => void
}

/** Told how far a call is. */
export type OnProgress = (progress: Progress) => void

/** What goes with a call on this side. */
export interface CallHooks {
  readonly onProgress?: OnProgress
  /** Says why an answer cannot be one to this call, to follow on "it answered with". */
  readonly fault?: (answer: Answer) => string | null
}

/** A call that an executor is at. */
interface Work {
  readonly call: number
  readonly episode: number
  readonly doing: string
  readonly hooks: CallHooks
  resolve(answer: Answer): void
  reject(error: OpenEnvError): void
}

/** Waits for the first message. */
interface Starting {
  ready(hello: Hello): void
  failed(message: string, cause?: unknown): void
}

/**
 * One thread or process with the environment loaded. It performs one call at a time.
 *
 * Whatever it sends is believed only as far as it fits the schemas, answers the one call that is outstanding, and comes
 * no faster than it may. What does not is the executor's end, and an error for that call.
 */
export class Executor {
  readonly #transport: ExecutorTransport
  readonly #events: ExecutorEvents
  readonly #maxMessageBytes: number
  #starting: Starting | null
  #hello: Hello | null = null
  #work: Work | null = null
  #calls = 0
  #timer: NodeJS.Timeout | undefined
  #exitTimer: NodeJS.Timeout | undefined
  #alive = true
  /** Set when nothing that comes is looked at any more. */
  #deaf = false
  readonly #known = new Set<number>()
  #unasked = { since: -Infinity, count: 0 }
  /** When the call at work was begun, in milliseconds of `performance.now()`. */
  since = 0
  /** Set when the call at work has taken longer than others should wait for it. */
  slow = false
  /** The episode that something last came from beside its calls, and when: who may have ended this executor. */
  uncaught: { readonly episode: number | null; readonly at: number } | null = null
  #ending: string | null = null

  private constructor(
    { launch, maxMessageBytes }: ExecutorOptions,
    events: ExecutorEvents,
    starting: Starting,
  ) {
    this.#events = events
    this.#maxMessageBytes = maxMessageBytes
    this.#starting = starting
    this.#transport = launch({
      message: (received) => {
        this.#received(received)
      },
      broken: (what) => {
        this.#misbehaved(`it sent ${what}`)
      },
      print: events.print,
      ending: () => {
        this.#leave(true)
      },
      ended: (how) => {
        this.#over(how)
      },
    })
  }

  /**
   * Starts one, and waits until it has loaded the environment.
   *
   * @throws OpenEnvError `FACTORY_ERROR` when it cannot.
   */
  static start(options: ExecutorOptions, events: ExecutorEvents, signal: AbortSignal): Promise<Executor> {
    return new Promise((resolve, reject) => {
      const settled = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
      }
      const executor = new Executor(options, events, {
        ready: () => {
          settled()
          resolve(executor)
        },
        failed: (message, cause) => {
          settled()
          const said = `The environment could not be loaded in isolation: ${message}`
          reject(new OpenEnvError('FACTORY_ERROR', said, { cause }))
        },
      })
      const stop = (): void => {
        executor.kill()
        executor.#over(`was not ready within ${String(START_LIMIT_MS / 1000)} s`)
      }
      const timer = setTimeout(stop, START_LIMIT_MS)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  /** What it said of itself. */
  get hello(): Hello {
    if (this.#hello === null) throw new Error('An executor that is not ready is not handed out.')
    return this.#hello
  }

  get alive(): boolean {
    return this.#alive
  }

  /** What ended it. */
  get ending(): OpenEnvError {
    const how = this.#ending ?? 'came to its end'
    return new OpenEnvError('EXECUTION_ERROR', `The environment ${how}: call reset to start over.`)
  }

  get busy(): boolean {
    return this.#work !== null
  }

  /**
   * Performs a call; nothing else may be at work.
   *
   * @throws OpenEnvError `TIMEOUT` when it took too long, `EXECUTION_ERROR` when the executor came to its end.
   */
  perform(asked: Omit<Call, 'call'>, hooks: CallHooks = {}): Promise<Answer> {
    const { op: doing } = asked.operation
    this.#calls += 1
    const call = this.#calls
    this.#know(asked.episode)
    if (asked.operation.op === 'fork') this.#know(asked.operation.twin)
    return new Promise((resolve, reject) => {
      this.#work = { call, episode: asked.episode, doing, hooks, resolve, reject }
      this.since = performance.now()
      this.slow = false
      try {
        this.#transport.send({ type: 'call', call, ...asked })
      } catch (cause) {
        this.#work = null
        reject(
          new OpenEnvError('VALIDATION_ERROR', `What was given to ${doing} is no plain data.`, { cause }),
        )
        return
      }
      const { limitSeconds } = this.hello
      this.#timer = setTimeout(
        () => {
          this.#fail(new OpenEnvError('TIMEOUT', `The ${doing} took longer than ${String(limitSeconds)} s.`))
          this.kill()
        },
        limitSeconds * 1000 + GRACE_MS,
      )
    })
  }

  /** Asks the environment to give up the call at work. */
  abort(): void {
    if (this.#alive && this.busy) this.#transport.send({ type: 'abort' })
  }

  /** Lets go of an episode. */
  forget(episode: number): void {
    if (this.#alive) this.#transport.send({ type: 'forget', episode })
  }

  /** Ends it at once. */
  kill(): void {
    this.#deaf = true
    this.#leave(false)
    this.#transport.kill()
  }

  #leave(byItself: boolean): void {
    if (!this.#alive) return
    this.#alive = false
    if (this.#hello !== null) this.#events.ended(this, byItself)
  }

  #received(received: unknown): void {
    if (this.#deaf) return
    try {
      const message = readMessage(received, this.#maxMessageBytes)
      if (typeof message === 'string') this.#misbehaved(`it sent ${message}`)
      else this.#take(message)
    } catch {
      // Whatever looking at it brings about is its doing, and ends nobody else.
      this.#misbehaved('it sent something that cannot be looked at')
    }
  }

  #take(message: FromExecutor): void {
    switch (message.type) {
      case 'hello':
      case 'unfit':
        this.#started(message)
        return
      case 'answer':
        this.#answered(message)
        return
      case 'progress':
        if (message.call !== this.#work?.call) this.#misbehaved('it told of a call that it was not at')
        else if (this.#mayTell()) this.#work.hooks.onProgress?.(message.progress)
        return
      case 'uncaught':
        if (this.#mayTell()) this.#threw(message)
    }
  }

  #started(message: Exclude<FromExecutor, { readonly type: 'answer' | 'progress' | 'uncaught' }>): void {
    const starting = this.#starting
    if (starting === null) {
      this.#misbehaved('it said a second time that it is ready')
      return
    }
    this.#starting = null
    if (message.type === 'hello') {
      this.#hello = message
      this.#transport.hold(false)
      starting.ready(message)
      return
    }
    const error = receiveError(message.error)
    starting.failed(error.message, error.cause)
    this.kill()
  }

  #answered({
    call,
    type: _type,
    ...answer
  }: Answer & { readonly type: 'answer'; readonly call: number }): void {
    const work = this.#work
    if (work?.call !== call) {
      this.#misbehaved('it answered a call that it was not at')
      return
    }
    const fault = work.hooks.fault?.(answer) ?? null
    if (fault !== null) {
      // The answer to its own call: no other episode can have given it.
      this.uncaught = { episode: work.episode, at: performance.now() }
      this.#misbehaved(`it answered with ${fault}`)
      return
    }
    this.#settle()
    work.resolve(answer)
  }

  #threw({ episode, ends, ...uncaught }: UncaughtError): void {
    const known = episode !== null && this.#known.has(episode) ? episode : null
    this.uncaught = { episode: known, at: performance.now() }
    if (ends) {
      this.#leave(true)
      this.#exitTimer ??= setTimeout(() => {
        this.kill()
      }, EXIT_MS).unref()
    }
    this.#events.uncaught({ ...uncaught, ends, episode: known })
  }

  /** Whether it may send one more message that nobody asked for. */
  #mayTell(): boolean {
    const now = performance.now()
    if (now - this.#unasked.since >= 1000) this.#unasked = { since: now, count: 0 }
    this.#unasked.count += 1
    if (this.#unasked.count <= UNASKED_A_SECOND) return true
    this.#misbehaved(
      `it sent more than ${String(UNASKED_A_SECOND)} messages in a second that nobody asked for`,
    )
    return false
  }

  #know(episode: number): void {
    this.#known.delete(episode)
    this.#known.add(episode)
    const [oldest] = this.#known
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest)
  }

  /** Ends it for what it sent: nothing of it is believed any more. */
  #misbehaved(what: string): void {
    if (this.#deaf) return
    this.#deaf = true
    const how = `was ended, because ${what}`
    this.#events.misbehaved(`An executor ${how}.`, undefined)
    this.#leave(true)
    this.#over(how)
    this.#transport.kill()
  }

  #over(how: string): void {
    clearTimeout(this.#exitTimer)
    this.#leave(true)
    this.#starting?.failed(`it ${how}.`)
    this.#starting = null
    this.#ending ??= this.#work === null ? how : `${how} during ${this.#work.doing}`
    this.#fail(this.ending)
  }

  #fail(error: OpenEnvError): void {
    const work = this.#work
    this.#settle()
    work?.reject(error)
  }

  /** Nothing is at work any more, and only then nothing is waited for. */
  #settle(): void {
    clearTimeout(this.#timer)
    this.#work = null
    this.slow = false
  }
}
