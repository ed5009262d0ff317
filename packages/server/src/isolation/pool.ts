import { availableParallelism } from 'node:os'
import { OpenEnvError } from '@openenv-ts/core'
import { Executor } from './executor.ts'
import type { Launch } from './transport.ts'
import type { UncaughtError } from './protocol.ts'

/** How long an executor that is not needed any more waits for a use. */
const IDLE_MS = 10_000
/** How long nothing is started after an executor that came to nothing. */
const REST_MS = 1000
/** A start takes a core for a while: where nobody waits for it, it leaves the others to those at work. */
const STARTS_AT_A_TIME = Math.max(1, Math.floor(availableParallelism() / 2))

/** What a pool starts, and whom it tells. */
export interface PoolOptions {
  readonly launch: Launch
  /** Executors at a time, whatever they do. */
  readonly max: number
  /** Whether an executor that an episode had for itself may serve another. */
  readonly reuse: boolean
  readonly uncaught: (uncaught: UncaughtError) => void
  readonly print: (text: string) => void
  readonly maxMessageBytes: number
  /** An executor did not start, or sent what it may not. */
  readonly failed: (message: string, cause: unknown) => void
}

interface Taker {
  resolve(executor: Executor): void
  reject(error: OpenEnvError): void
}

/** Executors that are started before they are needed. */
export class Pool {
  readonly #options: PoolOptions
  /** The one used last stands last: it is the one that is warm. */
  readonly #idle: Executor[] = []
  readonly #lent = new Set<Executor>()
  readonly #taken = new Set<Executor>()
  readonly #takers: Taker[] = []
  readonly #closing = new AbortController()
  #starting = 0
  #wanted = 1
  #failure: OpenEnvError | null = null
  #restUntil = 0
  #timer: NodeJS.Timeout | undefined
  /** Called when an executor becomes free, and when one that was on its way does not come. */
  onIdle: () => void = () => undefined
  /** Called when none can be had, and none will come. */
  onUnable: (error: OpenEnvError) => void = () => undefined

  constructor(options: PoolOptions) {
    this.#options = options
  }

  /** Executors that are free now; the one used last is last. */
  get idle(): readonly Executor[] {
    return this.#idle
  }

  /** Executors that are on their way. */
  get starting(): number {
    return this.#starting
  }

  /** How many executors there should be beside those that episodes have for themselves. */
  keep(wanted: number): void {
    this.#wanted = wanted
    this.#fill()
    if (this.#size <= wanted || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      while (this.#size > this.#wanted && this.#idle.length > 0) this.#idle.shift()?.kill()
    }, IDLE_MS).unref()
  }

  /** Lends a free executor for one call. */
  lend(executor: Executor): void {
    this.#idle.splice(this.#idle.indexOf(executor), 1)
    this.#lent.add(executor)
  }

  /** Takes a lent executor back. */
  giveBack(executor: Executor): void {
    if (this.#lent.delete(executor) && executor.alive) this.#free(executor)
    else this.#fill()
  }

  /** Takes back an executor that an episode had for itself. */
  release(executor: Executor): void {
    const own = this.#taken.delete(executor)
    const clean = this.#options.reuse || executor.since === 0
    if (own && executor.alive && clean && this.#size < this.#wanted) this.#free(executor)
    else executor.kill()
    this.#fill()
  }

  /** Leaves a lent executor to an episode for good. */
  claim(executor: Executor): void {
    this.#lent.delete(executor)
    this.#taken.add(executor)
    this.#fill()
  }

  /**
   * Takes an executor out, for one episode alone; {@link release} ends that.
   *
   * @throws OpenEnvError `CAPACITY_REACHED` when there are as many as there may be, `FACTORY_ERROR` when none starts.
   */
  take(): Promise<Executor> {
    const { max } = this.#options
    const taken = this.#taken.size + this.#takers.length
    if (taken >= max) {
      const message = `All ${String(max)} workers are taken: each episode of this environment has its own.`
      return Promise.reject(new OpenEnvError('CAPACITY_REACHED', message, { data: { max_workers: max } }))
    }
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject })
      this.#serve()
      this.#fill()
    })
  }

  /** Ends all of them at once. */
  close(): void {
    clearTimeout(this.#timer)
    this.#closing.abort()
    for (const executor of [...this.#idle, ...this.#lent, ...this.#taken]) executor.kill()
    this.#fill()
  }

  get #size(): number {
    return this.#idle.length + this.#lent.size
  }

  #fill(): void {
    if (this.#closing.signal.aborted) {
      this.#unable(new OpenEnvError('CANCELLED', 'The server is shutting down.'))
      return
    }
    const rest = this.#restUntil - performance.now()
    if (rest > 0) {
      if (this.#failure !== null && this.#size === 0 && this.#starting === 0) this.#unable(this.#failure)
      return
    }
    const missing = this.#wanted + this.#takers.length - this.#size - this.#starting
    const room = this.#options.max + 1 - this.#size - this.#taken.size - this.#starting
    const atATime = Math.max(STARTS_AT_A_TIME, this.#takers.length) - this.#starting
    for (let count = Math.min(missing, room, atATime); count > 0; count -= 1) void this.#start()
  }

  async #start(): Promise<void> {
    this.#starting += 1
    const { launch, maxMessageBytes, uncaught, print, failed } = this.#options
    const ended = (executor: Executor, byItself: boolean): void => {
      this.#ended(executor, byItself)
    }
    try {
      const events = { uncaught, print, ended, misbehaved: failed }
      const executor = await Executor.start({ launch, maxMessageBytes }, events, this.#closing.signal)
      this.#starting -= 1
      this.#failure = null
      this.#free(executor)
      this.#fill()
    } catch (error) {
      this.#starting -= 1
      if (this.#closing.signal.aborted) return
      this.#failure = error as OpenEnvError
      failed(this.#failure.message, this.#failure.cause)
      this.#rest()
      this.onIdle()
    }
  }

  #ended(executor: Executor, byItself: boolean): void {
    const at = this.#idle.indexOf(executor)
    if (at !== -1) this.#idle.splice(at, 1)
    this.#lent.delete(executor)
    this.#taken.delete(executor)
    if (byItself && executor.since === 0) this.#rest()
    else this.#fill()
  }

  /** Lets a moment pass: an environment that ends all by itself would be started without end. */
  #rest(): void {
    this.#restUntil = performance.now() + REST_MS
    setTimeout(() => {
      this.#fill()
    }, REST_MS + 1).unref()
    this.#fill()
  }

  #free(executor: Executor): void {
    if (this.#closing.signal.aborted) {
      executor.kill()
      return
    }
    this.#idle.push(executor)
    this.#serve()
    if (this.#idle.length > 0) this.onIdle()
  }

  #serve(): void {
    while (this.#takers.length > 0) {
      const executor = this.#idle.pop()
      if (executor === undefined) return
      if (!executor.alive) continue
      this.#taken.add(executor)
      this.#takers.shift()?.resolve(executor)
    }
  }

  #unable(error: OpenEnvError): void {
    for (const taker of this.#takers.splice(0)) taker.reject(error)
    this.onUnable(error)
  }
}
