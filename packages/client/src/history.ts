import { OpenEnvError } from '@openenv-ts/core'

/** How much of an episode is remembered for a fork; past either bound nothing of it is kept any more. */
export const HISTORY_LIMITS = { steps: 10_000, characters: 8_000_000 } as const

/** A request that was answered, and what the answer was, in short. */
interface Exchange {
  readonly request: string
  readonly answer: number
}

/**
 * What was sent since a reset, and a fingerprint of each answer: enough to play the episode again elsewhere and to
 * see whether it is the same. Memory is bounded by {@link HISTORY_LIMITS}.
 */
export class History {
  readonly #first: number
  #exchanges: Exchange[] = []
  #characters = 0
  #overflown = false

  /** @param resetAnswer - The reply to the reset, as it came. */
  constructor(resetAnswer: string) {
    this.#first = fingerprint(resetAnswer)
  }

  add(request: string, answer: string): void {
    if (this.#overflown) return
    this.#characters += request.length
    if (this.#exchanges.length >= HISTORY_LIMITS.steps || this.#characters > HISTORY_LIMITS.characters) {
      this.#overflown = true
      this.#exchanges = []
      return
    }
    this.#exchanges.push({ request, answer: fingerprint(answer) })
  }

  /**
   * Plays everything again.
   *
   * @param send - Sends a request and answers the reply as it came; `null` stands for the reset.
   * @throws OpenEnvError `NOT_SUPPORTED` when an answer is another one, or too much has happened.
   */
  async replay(send: (request: string | null) => Promise<string>): Promise<void> {
    if (this.#overflown) {
      const { steps, characters } = HISTORY_LIMITS
      throw noFork(
        `the episode is longer than what the client remembers of it (${String(steps)} steps, ${String(characters)} characters)`,
      )
    }
    if (fingerprint(await send(null)) !== this.#first) throw notRepeated('reset')
    for (const [index, { request, answer }] of this.#exchanges.entries()) {
      if (fingerprint(await send(request)) !== answer) throw notRepeated(`step ${String(index + 1)}`)
    }
  }
}

/** A fork that cannot be. */
export function noFork(why: string, cause?: unknown): OpenEnvError {
  return new OpenEnvError('NOT_SUPPORTED', `This episode cannot fork: ${why}.`, { cause })
}

function notRepeated(where: string): OpenEnvError {
  return noFork(`played again with the same seed and actions, it was answered otherwise at ${where}`)
}

/** 53 bits of a text. They tell apart what differs by accident; nobody gains from making two texts agree. */
function fingerprint(text: string): number {
  let high = 0x9e3779b9
  let low = 0x85ebca6b
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    high = Math.imul(high ^ unit, 0x5bd1e995)
    low = Math.imul(low ^ unit, 0x27d4eb2f)
    high ^= high >>> 15
    low ^= low >>> 13
  }
  return (high >>> 0) * 2 ** 21 + ((low >>> 0) >>> 11)
}
