/** Messages up to this are too small to be counted. */
export const SMALL_BYTES = 64 * 1024

/** A large message on its way in. It is counted until it is answered. */
export interface LargeMessage {
  /** Sets how many bytes of it have come. */
  grow(bytes: number): void
  /** All of it has come: it is not cut off any more. */
  complete(): void
  /** It is answered, or given up. */
  end(): void
}

/** How long no other large message is taken after one was cut off: who comes back at once would only be cut off again. */
const PAUSE_MS = 5000

interface Counted {
  bytes: number
  complete: boolean
  readonly cutOff: () => void
}

/**
 * Bytes of large messages that have come and are not answered, of one agent or of all who play no episode. Where
 * there are too many, those that are still arriving are cut off, and for a few seconds no other is taken.
 */
export class IncomingBytes {
  readonly #max: number
  #bytes = 0
  #pausedUntil = 0
  readonly #arrivals = new Set<Counted>()

  constructor(max: number) {
    this.#max = max
  }

  /** Bytes that are counted now. */
  get bytes(): number {
    return this.#bytes
  }

  /** @param cutOff - Ends the connection or the request that the message comes on. */
  begin(cutOff: () => void): LargeMessage {
    const counted: Counted = { bytes: 0, complete: false, cutOff }
    this.#arrivals.add(counted)
    return {
      grow: (bytes) => {
        if (!this.#arrivals.has(counted)) return
        this.#bytes += bytes - counted.bytes
        const began = counted.bytes === 0
        counted.bytes = bytes
        if (began && !counted.complete && performance.now() < this.#pausedUntil) this.#cutOff(counted)
        this.#makeRoom()
      },
      complete: () => {
        counted.complete = true
      },
      end: () => {
        this.#forget(counted)
      },
    }
  }

  #makeRoom(): void {
    if (this.#bytes <= this.#max) return
    // All of them: as long as some go on, what has come of the others is only freed later.
    for (const counted of this.#arrivals) if (!counted.complete) this.#cutOff(counted)
    this.#pausedUntil = performance.now() + PAUSE_MS
  }

  #cutOff(counted: Counted): void {
    this.#forget(counted)
    counted.cutOff()
  }

  #forget(counted: Counted): void {
    if (this.#arrivals.delete(counted)) this.#bytes -= counted.bytes
  }
}
