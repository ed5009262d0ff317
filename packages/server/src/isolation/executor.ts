import { OpenEnvError, type Progress } from '@openenv-ts/core'
import type { Launch, Line } from './line.ts'
import {
  receiveError,
  type Answer,
  type Call,
  type FromExecutor,
  type Hello,
  type Stray,
} from './protocol.ts'

/** How long an executor may take to load its environment. */
const START_LIMIT_MS = 60_000
/** An environment that waits for something gets so much longer than its limit to give up by itself. */
const GRACE_MS = 100

/** What an executor tells whoever started it, beside answers. */
export interface ExecutorEvents {
  readonly stray: (stray: Stray) => void
  readonly print: (text: string) => void
  /** It takes no more calls. The one that it is at fails when what ended it is known. */
  readonly ended: (executor: Executor, byItself: boolean) => void
}

/** Told how far a call is. */
export type OnProgress = (progress: Progress) => void

/** A call that an executor is at. */
interface Work {
  readonly doing: string
  readonly onProgress: OnProgress | undefined
  resolve(answer: Answer): void
  reject(error: OpenEnvError): void
}

/** One thread or process with the environment loaded. It performs one call at a time. */
export class Executor {
  readonly hello: Hello
  readonly #line: Line
  readonly #events: ExecutorEvents
  #work: Work | null = null
  #timer: NodeJS.Timeout | undefined
  #alive = true
  /** When the call at work was begun, in milliseconds of `performance.now()`. */
  since = 0
  /** Set when the call at work has taken longer than others should wait for it. */
  slow = false
  /** The episode that something last came from beside its calls, and when: who may have ended this executor. */
  strayed: { readonly episode: number | null; readonly at: number } | null = null
  #ending = 'came to its end'

  private constructor(hello: Hello, line: Line, events: ExecutorEvents) {
    this.hello = hello
    this.#line = line
    this.#events = events
  }

  /**
   * Starts one, and waits until it has loaded the environment.
   *
   * @throws OpenEnvError `FACTORY_ERROR` when it cannot.
   */
  static start(launch: Launch, events: ExecutorEvents, signal: AbortSignal): Promise<Executor> {
    return new Promise((resolve, reject) => {
      let executor: Executor | null = null
      const unfit = (message: string, cause?: unknown): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        reject(new OpenEnvError('FACTORY_ERROR', message, { cause }))
      }
      const leaving = (): void => {
        if (executor !== null) executor.#leave(true)
      }
      const line = launch({
        message: (message: FromExecutor) => {
          switch (message.type) {
            case 'hello':
              clearTimeout(timer)
              signal.removeEventListener('abort', stop)
              line.hold(false)
              executor = new Executor(message, line, events)
              resolve(executor)
              return
            case 'unfit': {
              const error = receiveError(message.error)
              unfit(`The environment could not be loaded in isolation: ${error.message}`, error.cause)
              line.kill()
              return
            }
            case 'answer':
              if (executor !== null) executor.#answered(message)
              return
            case 'progress':
              executor?.onProgress(message.progress)
              return
            case 'stray':
              if (executor !== null) executor.strayed = { episode: message.episode, at: performance.now() }
              if (message.ends) leaving()
              events.stray(message)
          }
        },
        print: events.print,
        ending: () => {
          leaving()
        },
        ended: (how) => {
          if (executor === null) {
            unfit(`The environment could not be loaded in isolation: it ${how}.`)
            return
          }
          leaving()
          executor.#over(how)
        },
      })
      const stop = (): void => {
        line.kill()
      }
      const timer = setTimeout(stop, START_LIMIT_MS)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  get alive(): boolean {
    return this.#alive
  }

  /** What ended it. */
  get ending(): OpenEnvError {
    return new OpenEnvError('EXECUTION_ERROR', `The environment ${this.#ending}: call reset to start over.`)
  }

  get busy(): boolean {
    return this.#work !== null
  }

  /**
   * Performs a call; nothing else may be at work.
   *
   * @throws OpenEnvError `TIMEOUT` when it took too long, `EXECUTION_ERROR` when the executor came to its end.
   */
  perform(call: Call, onProgress?: OnProgress): Promise<Answer> {
    const { op: doing } = call.operation
    return new Promise((resolve, reject) => {
      this.#work = { doing, onProgress, resolve, reject }
      this.since = performance.now()
      this.slow = false
      try {
        this.#line.send({ type: 'call', ...call })
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
    if (this.#alive && this.busy) this.#line.send({ type: 'abort' })
  }

  /** Lets go of an episode. */
  forget(episode: number): void {
    if (this.#alive) this.#line.send({ type: 'forget', episode })
  }

  /** Ends it at once. */
  kill(): void {
    this.#leave(false)
    this.#line.kill()
  }

  #leave(byItself: boolean): void {
    if (!this.#alive) return
    this.#alive = false
    this.#events.ended(this, byItself)
  }

  /** Passes on how far the call at work is. */
  onProgress(progress: Progress): void {
    this.#work?.onProgress?.(progress)
  }

  #answered(answer: Answer): void {
    clearTimeout(this.#timer)
    const work = this.#work
    this.#work = null
    this.slow = false
    work?.resolve(answer)
  }

  #over(how: string): void {
    this.#ending = this.#work === null ? how : `${how} during ${this.#work.doing}`
    this.#fail(this.ending)
  }

  #fail(error: OpenEnvError): void {
    clearTimeout(this.#timer)
    const work = this.#work
    this.#work = null
    work?.reject(error)
  }
}
