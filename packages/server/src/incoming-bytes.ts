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

interface Counted {
  bytes: number
  complete: boolean
  readonly cutOff: () => void
}

/**
 * Bytes of large messages that have come and are not answered, of one agent or of all who play no episode. Where
 * there are too many, the message that has been arriving longest is cut off: who sends fast is done before that.
 */
export class IncomingBytes {
  readonly #max: number
  #bytes = 0
  /** In the order in which they began. */
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
        counted.bytes = bytes
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
    for (const counted of this.#arrivals) {
      if (this.#bytes <= this.#max) return
      if (counted.complete) continue
      this.#forget(counted)
      counted.cutOff()
    }
  }

  #forget(counted: Counted): void {
    if (this.#arrivals.delete(counted)) this.#bytes -= counted.bytes
  }
}
