import type { Clock } from './clock.ts'
import type { StepContext } from './environment.ts'
import type { Progress } from './episode.ts'
import { seededRandom, type Random } from './random.ts'

/** A step's context whose random stream and signal exist only for environments that look at them. */
export class LazyStepContext implements StepContext {
  readonly index: number
  readonly clock: Clock
  readonly progress: (progress: Progress) => void
  readonly #seed: number
  readonly #signal: () => AbortSignal
  #random: Random | undefined

  constructor(
    index: number,
    seed: number,
    clock: Clock,
    signal: () => AbortSignal,
    progress: (progress: Progress) => void,
  ) {
    this.index = index
    this.clock = clock
    this.progress = progress
    this.#seed = seed
    this.#signal = signal
  }

  get random(): Random {
    this.#random ??= seededRandom(this.#seed, 'step', this.index)
    return this.#random
  }

  get signal(): AbortSignal {
    return this.#signal()
  }
}
