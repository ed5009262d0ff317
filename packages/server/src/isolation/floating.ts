import type { OpenEnvError } from '@openenv-ts/core'
import type { CallHooks, Executor } from './executor.ts'
import { SlowCallThreshold } from './slow-call-threshold.ts'
import { PinnedPlacement } from './pinned.ts'
import type { Pool } from './pool.ts'
import type { Answer, Operation, EpisodeStatus } from './protocol.ts'
import type { Placement } from './placement.ts'

/** Waiting calls that are looked through for one whose episode an executor holds already. */
const LOOK_AHEAD = 64
/** Bytes of positions that an executor holds, and what each costs it beside its bytes. */
const MAX_HELD_BYTES = 32 * 1024 * 1024
const HELD_COST = 2048
/** Calls after which an episode that brought an executor down counts as any other again. */
const QUARANTINE_CALLS = 16

/** A call that waits or is performed. */
interface Waiting {
  readonly placement: FloatingPlacement
  readonly operation: Operation
  readonly hooks: CallHooks
  givenUp: boolean
  /** Set when its caller waits no longer: it is not made a second time. */
  cancelled: boolean
  /** Whether an executor came to its end over it already, by what may have been another's doing. */
  tried: boolean
  resolve(answer: Answer): void
  reject(error: OpenEnvError): void
}

/**
 * Performs the calls of many episodes on few executors. The server keeps where each episode stands, so that a call
 * can go to any executor; it goes to the one that still holds the episode when that is free.
 *
 * A call that takes long stops counting among those that may run at a time: a spare executor takes the queue.
 */
export class PlacementScheduler {
  readonly #pool: Pool
  readonly #workers: number
  readonly #spares: number
  readonly #queue = new Set<Waiting>()
  readonly #busy = new Set<Executor>()
  readonly #slowCall = new SlowCallThreshold()
  /** What each executor holds, the longest unused first. */
  readonly #held = new WeakMap<Executor, { readonly placements: Set<FloatingPlacement>; bytes: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(pool: Pool, workers: number, spares: number) {
    this.#pool = pool
    this.#workers = workers
    this.#spares = spares
    pool.onIdle = () => {
      this.#assign()
    }
    pool.onUnable = (error) => {
      for (const waiting of this.#queue) waiting.reject(error)
      this.#queue.clear()
    }
    this.#keep()
  }

  /** A placement for one more episode. */
  place(key: number): FloatingPlacement {
    return new FloatingPlacement(this, this.#pool, key)
  }

  /** Queues a call. */
  enqueue(waiting: Waiting): void {
    this.#queue.add(waiting)
    this.#assign()
  }

  /** Takes a call out of the queue; false when it has begun. */
  withdraw(waiting: Waiting): boolean {
    return this.#queue.delete(waiting)
  }

  /** Frees what executors hold of an episode. */
  leave(placement: FloatingPlacement): void {
    const { home } = placement
    if (home === null) return
    placement.home = null
    const held = this.#held.get(home)
    if (held?.placements.delete(placement) === true) held.bytes -= placement.heldBytes
    home.forget(placement.key)
  }

  #assign(): void {
    while (this.#queue.size > 0) {
      const free = this.#pool.idle.at(-1)
      if (free === undefined || this.#running >= this.#workers) {
        this.#watch()
        if (free === undefined) this.#keep()
        return
      }
      const waiting = this.#pick(free)
      if (waiting === undefined) return
      this.#queue.delete(waiting)
      const { home } = waiting.placement
      this.#begin(waiting, home !== null && this.#pool.idle.includes(home) ? home : free)
    }
  }

  /** Executors at work, but for those that are slow. */
  get #running(): number {
    let count = 0
    for (const { slow } of this.#busy) if (!slow) count += 1
    return count
  }

  /** The first call whose episode this executor holds, or no busy one does. */
  #pick(executor: Executor): Waiting | undefined {
    // While others are on their way, the last one is none for episodes that may bring it down as well.
    const last = this.#pool.idle.length === 1 && this.#pool.starting > 0
    let first: Waiting | undefined
    let looked = 0
    for (const waiting of this.#queue) {
      const { home, quarantine: probation } = waiting.placement
      if (last && probation > 0) continue
      first ??= waiting
      if (home === executor || home === null || !this.#busy.has(home) || home.slow) return waiting
      looked += 1
      if (looked === LOOK_AHEAD) break
    }
    return first
  }

  #begin(waiting: Waiting, executor: Executor): void {
    const { placement: placement, operation, hooks } = waiting
    this.#pool.lend(executor)
    this.#busy.add(executor)
    placement.at = executor
    const here = placement.home === executor
    if (!here) this.leave(placement)
    const position = here ? undefined : placement.position
    const call = { episode: placement.key, operation, ...(position === undefined ? {} : { position }) }
    executor.perform(call, hooks).then(
      (answer) => {
        this.#slowCall.learn(performance.now() - executor.since)
        this.#answered(waiting, executor, answer)
      },
      (error: unknown) => {
        this.#failed(waiting, executor, error as OpenEnvError)
      },
    )
  }

  #answered(waiting: Waiting, executor: Executor, answer: Answer): void {
    const { placement: placement, operation, givenUp } = waiting
    placement.at = null
    const broken = answer.reached?.broken === true
    // Whatever it left running would be taken for another's.
    if (broken || answer.error?.code === 'TIMEOUT') {
      executor.kill()
      placement.quarantine = QUARANTINE_CALLS
    } else if (placement.quarantine > 0) placement.quarantine -= 1
    if (givenUp) executor.forget(placement.key)
    else {
      if (operation.op !== 'fork' && answer.reached !== undefined && !broken)
        this.#moved(placement, executor, answer.reached)
      if (executor.alive && !placement.isPinned) this.#hold(placement, executor)
    }
    this.#free(executor)
    waiting.resolve(answer)
  }

  #moved(placement: FloatingPlacement, executor: Executor, { status, bytes }: EpisodeStatus): void {
    if (status === 'idle' || bytes !== null) {
      placement.stand(bytes)
      return
    }
    this.#pool.claim(executor)
    placement.pin(executor)
  }

  #failed(waiting: Waiting, executor: Executor, error: OpenEnvError): void {
    const { placement: placement } = waiting
    placement.at = null
    const suspicion = this.#suspicion(placement, executor, error)
    const again = !waiting.tried && !waiting.givenUp && !waiting.cancelled && suspicion !== 'guilty'
    if (!again) placement.quarantine = QUARANTINE_CALLS
    // It may have been its own doing after all: the second executor must not be the last one.
    else if (suspicion === 'unclear') placement.quarantine = Math.max(placement.quarantine, 1)
    this.#free(executor)
    if (!again) {
      waiting.reject(error)
      return
    }
    waiting.tried = true
    this.enqueue(waiting)
  }

  /** Whether what ended the executor was the episode's own doing, or another's that this call only came upon. */
  #suspicion(
    { key }: FloatingPlacement,
    { uncaught, since }: Executor,
    { code }: OpenEnvError,
  ): 'guilty' | 'unclear' | 'bystander' {
    if (code !== 'EXECUTION_ERROR') return 'guilty'
    if (uncaught !== null) return uncaught.episode !== key || uncaught.at < since ? 'bystander' : 'guilty'
    return performance.now() - since < this.#slowCall.ms ? 'unclear' : 'guilty'
  }

  /** Before anybody learns what came of its call: the next call of that episode should find it free. */
  #free(executor: Executor): void {
    this.#busy.delete(executor)
    this.#pool.giveBack(executor)
    this.#keep()
    this.#assign()
  }

  #hold(placement: FloatingPlacement, executor: Executor): void {
    let held = this.#held.get(executor)
    if (held === undefined) {
      held = { placements: new Set(), bytes: 0 }
      this.#held.set(executor, held)
    }
    if (held.placements.delete(placement)) held.bytes -= placement.heldBytes
    placement.home = executor
    placement.heldBytes = HELD_COST + placement.size
    held.placements.add(placement)
    held.bytes += placement.heldBytes
    for (const oldest of held.placements) {
      if (held.bytes <= MAX_HELD_BYTES || oldest === placement) return
      this.leave(oldest)
    }
  }

  /** Looks, while calls wait, for executors that keep them waiting. */
  #watch(): void {
    if (this.#timer !== undefined) return
    const now = performance.now()
    let soonest = Infinity
    for (const { slow, since } of this.#busy) {
      if (!slow) soonest = Math.min(soonest, since + this.#slowCall.ms - now)
    }
    if (soonest === Infinity) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        if (this.#queue.size === 0) return
        const then = performance.now() - this.#slowCall.ms
        for (const executor of this.#busy) if (executor.since <= then) executor.slow = true
        this.#keep()
        this.#assign()
      },
      Math.max(1, Math.ceil(soonest)),
    )
  }

  #keep(): void {
    this.#pool.keep(this.#workers + this.#spares + this.#busy.size - this.#running)
  }
}

/** The placement of an episode that goes from executor to executor. */
export class FloatingPlacement implements Placement {
  readonly #scheduler: PlacementScheduler
  readonly #pool: Pool
  readonly key: number
  /** The executor that holds the episode where it stands. */
  home: Executor | null = null
  /** The executor that is at a call of it. */
  at: Executor | null = null
  /** What the episode counts for among what its home holds. */
  heldBytes = 0
  /** Calls to answer until it is forgotten that it brought an executor down. */
  quarantine = 0
  #bytes: Uint8Array | null = null
  #arrivedAt = 0
  #waiting: Waiting | null = null
  #pinned: PinnedPlacement | null = null

  constructor(placements: PlacementScheduler, pool: Pool, key: number) {
    this.#scheduler = placements
    this.#pool = pool
    this.key = key
  }

  perform(operation: Operation, hooks: CallHooks): Promise<Answer> {
    if (this.#pinned !== null) return this.#pinned.perform(operation, hooks)
    return new Promise((resolve, reject) => {
      this.#waiting = {
        placement: this,
        operation,
        hooks,
        givenUp: false,
        cancelled: false,
        tried: false,
        resolve,
        reject,
      }
      this.#scheduler.enqueue(this.#waiting)
    })
  }

  cancel(): boolean {
    if (this.#pinned !== null) return this.#pinned.cancel()
    const waiting = this.#waiting
    if (waiting === null || this.#scheduler.withdraw(waiting)) return false
    waiting.cancelled = true
    this.at?.abort()
    return true
  }

  giveUp(): boolean {
    if (this.#pinned !== null) return this.#pinned.giveUp()
    const waiting = this.#waiting
    if (waiting === null || this.#scheduler.withdraw(waiting)) return false
    waiting.givenUp = true
    this.at?.abort()
    // Where it comes to there is not where it stands.
    this.#scheduler.leave(this)
    return true
  }

  fork(key: number, { bytes }: EpisodeStatus): Placement {
    if (this.#pinned !== null) return this.#pinned.fork(key)
    const twin = this.#scheduler.place(key)
    twin.stand(bytes)
    return twin
  }

  discard(): void {
    this.quarantine = QUARANTINE_CALLS
    this.#pinned?.discard()
  }

  async release(): Promise<void> {
    this.giveUp()
    this.#scheduler.leave(this)
    this.#bytes = null
    await this.#pinned?.release()
  }

  /** Where it stands, for an executor that does not hold it. */
  get position(): { readonly bytes: Uint8Array; readonly restedMs: number } | undefined {
    if (this.#bytes === null) return undefined
    return { bytes: this.#bytes, restedMs: performance.now() - this.#arrivedAt }
  }

  get size(): number {
    return this.#bytes?.length ?? 0
  }

  /** Notes where it came to. */
  stand(bytes: Uint8Array | null): void {
    // Those of a process are a part of the message that they came in, which would be kept whole.
    this.#bytes = bytes !== null && bytes.length < bytes.buffer.byteLength ? bytes.slice() : bytes
    this.#arrivedAt = performance.now()
  }

  get isPinned(): boolean {
    return this.#pinned !== null
  }

  /** Leaves it to an executor that it cannot leave. */
  pin(executor: Executor): void {
    this.home = null
    this.#bytes = null
    this.#pinned = new PinnedPlacement(this.#pool, this.key, executor)
  }
}
