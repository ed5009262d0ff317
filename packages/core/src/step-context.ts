import type { Clock } from './clock.ts'
import type { StepContext } from './environment.ts'
import type { Progress } from './episode.ts'
import { LazySignal } from './interruptible.ts'
import { seededRandom, type Random } from './random.ts'

/** A step's context whose random stream and signal exist only for environments that look at them. */
export class LazyStepContext extends LazySignal implements StepContext {
  readonly index: number
  readonly clock: Clock
  readonly progress: (progress: Progress) => void
  readonly #seed: number
  #random: Random | undefined

  constructor(index: number, seed: number, clock: Clock, progress: (progress: Progress) => void) {
    super()
    this.index = index
    this.clock = clock
    this.progress = progress
    this.#seed = seed
  }

  get random(): Random {
    this.#random ??= seededRandom(this.#seed, 'step', this.index)
    return this.#random
  }
}
