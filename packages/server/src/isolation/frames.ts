import { deserialize, serialize } from 'node:v8'

/** The descriptor that messages of an executor that is a process cross on, both ways. */
export const CHANNEL = 3
/** Bytes in front of each message: the length of what follows, an unsigned integer, least significant byte first. */
const HEADER_BYTES = 4
/** What is allocated before the bytes have come: a length is only a claim. */
const FIRST_BYTES = 64 * 1024

/** A message as the bytes that cross between two processes. Throws for what cannot be cloned. */
export function frameOf(message: unknown): Buffer {
  const payload = serialize(message)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length)
  frame.writeUInt32LE(payload.length)
  payload.copy(frame, HEADER_BYTES)
  return frame
}

/** What a reader of frames tells. */
export interface FrameEvents {
  readonly message: (message: unknown) => void
  /** The bytes are no frames; nothing follows. */
  readonly broken: (what: string) => void
}

/** Takes messages out of a stream of bytes. What comes may be anything; no more than one message is kept. */
export class FrameReader {
  readonly #maxBytes: number
  readonly #events: FrameEvents
  #buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #filled = 0
  #stopped = false

  /** @param maxBytes - The longest message that is read. */
  constructor(maxBytes: number, events: FrameEvents) {
    this.#maxBytes = maxBytes
    this.#events = events
  }

  /** Takes in what came, and tells of the messages that are complete. */
  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#stopped;) {
      const wanted = this.#wanted()
      this.#grow(wanted)
      const copied = chunk.copy(this.#buffer, this.#filled, at, at + wanted - this.#filled)
      this.#filled += copied
      at += copied
      if (this.#filled === HEADER_BYTES) this.#checkLength()
      else if (this.#filled > HEADER_BYTES && this.#filled === this.#wanted()) this.#deliver()
    }
  }

  /** Reads nothing more. */
  stop(): void {
    this.#stopped = true
    this.#buffer = Buffer.alloc(0)
  }

  #length(): number {
    return this.#buffer.readUInt32LE(0)
  }

  #checkLength(): void {
    const length = this.#length()
    if (length === 0) this.#break('a message without content')
    if (length > this.#maxBytes) this.#break(`a message of more than ${String(this.#maxBytes)} bytes`)
  }

  /** How many bytes there have to be before something can be done: the header first, then all of it. */
  #wanted(): number {
    return this.#filled < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + this.#length()
  }

  #grow(wanted: number): void {
    if (this.#filled < this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.min(wanted, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#filled)
    this.#buffer = larger
  }

  #deliver(): void {
    let message: unknown
    try {
      // The message may share memory with its bytes, so they are its own.
      message = deserialize(Uint8Array.prototype.slice.call(this.#buffer, HEADER_BYTES, this.#filled))
    } catch {
      this.#break('bytes that are no message')
      return
    }
    this.#filled = 0
    if (this.#buffer.length > FIRST_BYTES) this.#buffer = Buffer.allocUnsafe(FIRST_BYTES)
    this.#events.message(message)
  }

  #break(what: string): void {
    this.stop()
    this.#events.broken(what)
  }
}
