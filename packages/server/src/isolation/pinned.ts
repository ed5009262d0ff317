import { notReady } from '@openenv-ts/core/host'
import type { CallHooks, Executor } from './executor.ts'
import type { Pool } from './pool.ts'
import type { Answer, Operation } from './protocol.ts'
import type { Placement } from './placement.ts'

/** An executor that belongs to one episode, and to the forks of it. */
interface ExecutorLease {
  readonly executor: Executor
  spoilt: boolean
  users: number
  /** Settles, without failing, when it is free. */
  free: Promise<unknown>
}

/** The placement of an episode that cannot leave its executor: it gets one for itself at its first reset. */
export class PinnedPlacement implements Placement {
  readonly #pool: Pool
  readonly #key: number
  #place: ExecutorLease | null
  /** Calls given up while they waited for their executor are not begun. */
  #calls = 0
  #begun = 0
  #left = false

  constructor(pool: Pool, key: number, executor: Executor | null = null) {
    this.#pool = pool
    this.#key = key
    this.#place = executor === null ? null : { executor, spoilt: false, users: 1, free: Promise.resolve() }
  }

  async perform(operation: Operation, hooks: CallHooks): Promise<Answer> {
    const call = ++this.#calls
    const place = await this.#placeFor(operation)
    const answer = place.free.then(() => {
      if (call !== this.#calls) throw notReady('before reset')
      if (!place.executor.alive) throw place.executor.ending
      this.#begun = call
      return place.executor.perform({ episode: this.#key, operation }, hooks)
    })
    place.free = answer.catch(() => undefined)
    return answer
  }

  cancel(): boolean {
    return this.giveUp()
  }

  giveUp(): boolean {
    const begun = this.#begun === this.#calls
    if (begun) this.#place?.executor.abort()
    else this.#calls += 1
    return begun
  }

  discard(): void {
    if (this.#place !== null) this.#place.spoilt = true
  }

  fork(key: number): PinnedPlacement {
    const twin = new PinnedPlacement(this.#pool, key)
    twin.#place = this.#place
    if (this.#place !== null) this.#place.users += 1
    return twin
  }

  async release(): Promise<void> {
    this.#left = true
    await this.#vacate()
  }

  async #vacate(): Promise<void> {
    const place = this.#place
    this.#place = null
    if (place === null) return
    const { executor } = place
    place.free = place.free.then(async () => {
      if (!executor.alive) return
      await executor.perform({ episode: this.#key, operation: { op: 'close' } }, {}).catch(() => undefined)
    })
    await place.free
    place.users -= 1
    if (place.spoilt) executor.kill()
    if (place.users === 0) this.#pool.release(executor)
  }

  async #placeFor({ op }: Operation): Promise<ExecutorLease> {
    let place = this.#place
    const starts = op === 'reset' || op === 'restore'
    if (place?.executor.alive === true && !(place.spoilt && starts)) return place
    if (!starts) throw place?.executor.ending ?? notReady('before reset')
    await this.#vacate()
    const executor = await this.#pool.take()
    if (this.#left) {
      this.#pool.release(executor)
      throw notReady('before reset')
    }
    place = { executor, spoilt: false, users: 1, free: Promise.resolve() }
    this.#place = place
    return place
  }
}
