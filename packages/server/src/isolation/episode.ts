import {
  isOpenEnvError,
  OpenEnvError,
  type AnyEnvironment,
  type EpisodeState,
  type LocalEpisode,
  type Reply,
  type ResetOptions,
  type Snapshot,
  type Status,
  type Tool,
} from '@openenv-ts/core'
import { notReady, SerialQueue } from '@openenv-ts/core/host'
import { answerFault } from './answers.ts'
import type { CallHooks, OnProgress } from './executor.ts'
import type { Answer, Operation } from './protocol.ts'
import { newKey, type Placement } from './placement.ts'
import { receiveError } from './sent-error.ts'

/** What the server knows of where an episode stands, as one object: replaced as a whole. */
interface Mirror {
  readonly status: Status
  readonly steps: number
  readonly reply: Reply<unknown>
  readonly opening: Reply<unknown> | null
  readonly tools: readonly Tool[] | undefined
  readonly broken: boolean
}

type Signal = AbortSignal | undefined

/** Episodes by their keys, for what comes in about one of them. */
export type Register = Map<number, IsolatedEpisode>

/** An episode whose environment runs in another thread or process; here is its order, and a mirror of its state. */
export class IsolatedEpisode implements LocalEpisode {
  readonly #key: number
  readonly #placement: Placement
  readonly #register: Register
  #mirror: Mirror | null = null
  /** Why it has to be reset first, where it was given up in the middle of a step or brought down. */
  #broken: OpenEnvError | null = null
  #closed = false
  readonly #queue = new SerialQueue()
  #environment: AnyEnvironment | null = null
  #giveUp: ((reason: Error) => void) | null = null
  /** Settles when a step whose caller waits no longer has come to its end; null where there is none. */
  #left: Promise<void> | null = null

  constructor(register: Register, key: number, placement: Placement) {
    this.#key = key
    this.#placement = placement
    this.#register = register
    register.set(key, this)
  }

  /** Holds every answer from here on against the schemas and the range of rewards of this environment. */
  checkWith(environment: AnyEnvironment): void {
    this.#environment = environment
  }

  get status(): Status | 'idle' {
    return this.#mirror?.status ?? 'idle'
  }

  get stepCount(): number {
    return this.#mirror?.steps ?? 0
  }

  get busy(): boolean {
    return this.#queue.busy
  }

  get broken(): boolean {
    return this.#broken !== null || this.#mirror?.broken === true
  }

  get reply(): Reply<unknown> | null {
    return this.#mirror?.reply ?? null
  }

  get opening(): Reply<unknown> | null {
    return this.#mirror?.opening ?? null
  }

  taskTools(): readonly Tool[] | undefined {
    return this.#mirror?.tools
  }

  /** Ends what goes on for what its environment did beside its calls. */
  uncaught(error: OpenEnvError): void {
    this.#placement.discard()
    if (this.#mirror !== null) this.#broken = error
  }

  reset({ signal, ...options }: ResetOptions = {}): Promise<Reply<unknown>> {
    return this.#inTurn(() => this.#start({ op: 'reset', options }, signal), signal)
  }

  restore(snapshot: Snapshot): Promise<Reply<unknown>> {
    return this.#inTurn(() => this.#start({ op: 'restore', snapshot }, undefined))
  }

  step(action: unknown, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Reply<unknown>> {
    return this.#inTurn(() => this.#step(action, signal), signal)
  }

  stepNow(action: unknown, signal?: AbortSignal, onProgress?: OnProgress): Promise<Reply<unknown>> {
    return this.#inTurn(() => this.#step(action, signal, onProgress), signal)
  }

  state({ signal }: { readonly signal?: AbortSignal } = {}): Promise<EpisodeState> {
    return this.#inTurn(async () => {
      if (this.#left !== null) await this.#resting(this.#left, signal)
      if (this.#mirror === null) return { episodeId: null, stepCount: 0 }
      return (await this.#ask({ op: 'state' })) as EpisodeState
    }, signal)
  }

  prompt(): Promise<string | null> {
    return this.#inTurn(async () => {
      if (this.#left !== null) await this.#resting(this.#left)
      this.#started()
      return (await this.#ask({ op: 'prompt' })) as string | null
    })
  }

  snapshot(): Promise<Snapshot> {
    return this.#inTurn(async () => {
      if (this.#left !== null) await this.#resting(this.#left)
      this.#started()
      return (await this.#ask({ op: 'snapshot' })) as Snapshot
    })
  }

  fork(): Promise<LocalEpisode> {
    return this.#inTurn(async () => {
      if (this.#left !== null) await this.#resting(this.#left)
      const mirror = this.#started()
      const key = newKey()
      const { reached } = await this.#call({ op: 'fork', twin: key })
      if (reached === undefined) throw notReady('before reset')
      const twin = new IsolatedEpisode(this.#register, key, this.#placement.fork(key, reached))
      twin.#environment = this.#environment
      twin.#mirror = { ...mirror, tools: reached.tools }
      return twin
    })
  }

  async settled(): Promise<void> {
    await this.#left
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#register.delete(this.#key)
    const closed = new OpenEnvError('CANCELLED', 'The episode was closed.')
    this.#giveUp?.(closed)
    await this.#queue.rejectWaiting(closed)
    this.#mirror = null
    await this.#placement.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #started(): Mirror {
    if (this.#broken !== null) throw this.#broken
    if (this.#mirror === null) throw notReady('before reset')
    return this.#mirror
  }

  /** Waits for a step whose caller waits no longer. */
  #resting(left: Promise<void>, signal?: Signal): Promise<void> {
    return new Promise((resolve, reject) => {
      const over = (): void => {
        this.#giveUp = null
        signal?.removeEventListener('abort', onAbort)
      }
      const onAbort = (): void => this.#giveUp?.(signal?.reason as Error)
      this.#giveUp = (reason) => {
        over()
        reject(reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      void left.then(() => {
        over()
        resolve()
      })
    })
  }

  async #start(operation: Operation, signal: Signal): Promise<Reply<unknown>> {
    if (this.#left !== null) {
      this.#left = null
      this.#placement.giveUp()
    }
    let reply: Reply<unknown>
    try {
      reply = (await this.#ask(operation, signal)) as Reply<unknown>
    } catch (error) {
      // Given up or brought down on the way: what stood before is gone, and nothing stands now.
      if (this.#broken !== null) this.#mirror = null
      throw error
    }
    this.#broken = null
    return reply
  }

  async #step(action: unknown, signal: Signal, onProgress?: OnProgress): Promise<Reply<unknown>> {
    if (this.#left !== null) await this.#resting(this.#left, signal)
    if (this.#started().status !== 'running') throw notReady('after the end')
    return (await this.#ask(
      { op: 'step', action, tellsProgress: onProgress !== undefined },
      signal,
      onProgress,
    )) as Reply<unknown>
  }

  async #ask(operation: Operation, signal?: AbortSignal, onProgress?: OnProgress): Promise<unknown> {
    const answer = await this.#call(operation, signal, onProgress)
    return answer.value
  }

  /** Performs a call; throws what it failed with, or why it was given up. */
  #call(operation: Operation, signal?: AbortSignal, onProgress?: OnProgress): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        if (operation.op === 'step' && !isTimeout(signal?.reason)) cancel(signal?.reason as Error)
        else this.#giveUp?.(signal?.reason as Error)
      }
      const over = (): void => {
        this.#giveUp = null
        signal?.removeEventListener('abort', onAbort)
      }
      this.#giveUp = (reason) => {
        over()
        if (this.#placement.giveUp()) this.#broken = notReady('before reset')
        reject(reason)
      }
      const current = this.#giveUp
      /** The caller waits no longer; where the step leads still counts, unless a reset comes first. */
      let left: Promise<void> | null = null
      const cancel = (reason: Error): void => {
        over()
        if (this.#placement.cancel()) left = this.#left = ended
        reject(reason)
      }
      const counts = (): boolean => this.#giveUp === current || (left !== null && this.#left === left)
      signal?.addEventListener('abort', onAbort, { once: true })
      const hooks: CallHooks = {
        fault: (answer) => answerFault(operation, answer, this.#environment),
        ...(onProgress === undefined ? {} : { onProgress }),
      }
      const ended = this.#placement.perform(operation, hooks).then(
        (answer) => {
          if (!counts()) return
          if (left === null) over()
          else this.#left = null
          if (answer.reached !== undefined && operation.op !== 'fork') this.#land(operation, answer)
          if (answer.error === undefined) resolve(answer)
          else reject(this.#failure(receiveError(answer.error)))
        },
        (thrown: unknown) => {
          if (!counts()) return
          if (left === null) over()
          else this.#left = null
          const error = thrown as OpenEnvError
          // The environment had no chance to answer: where it stood is lost, or unknown.
          if (error.code !== 'CAPACITY_REACHED') this.#broken = notReady('before reset')
          reject(error)
        },
      )
    })
  }

  /** Takes in where a call led. */
  #land({ op }: Operation, { value, reached }: Answer): void {
    if (reached === undefined || reached.status === 'idle') {
      this.#mirror = null
      return
    }
    const { status, steps } = reached
    const broken = reached.broken === true
    const reply = value as Reply<unknown>
    const before = this.#mirror
    this.#mirror =
      op === 'step' && before !== null
        ? { ...before, status, steps, reply: value === undefined ? before.reply : reply, broken }
        : { status, steps, reply, opening: op === 'reset' ? reply : null, tools: reached.tools, broken }
  }

  /** A step that ran out of time while the environment waited leaves nobody knows what behind. */
  #failure(error: OpenEnvError): OpenEnvError {
    if (error.code === 'TIMEOUT') this.#broken = notReady('before reset')
    return error
  }

  /** Runs work after all calls accepted before it. */
  #inTurn<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#queue.run(() => {
      if (this.#closed) throw new OpenEnvError('CANCELLED', 'The episode is closed.')
      return work()
    }, signal)
  }
}

/** A caller's own time limit: the episode needs a reset past it, as past the environment's. */
function isTimeout(reason: unknown): boolean {
  return isOpenEnvError(reason) && reason.code === 'TIMEOUT'
}
