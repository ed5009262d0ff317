import { isUtf8 } from 'node:buffer'

const FIRST_BYTES = 64 * 1024
const LINE_END = 10

/** What a reader of lines tells. */
export interface LineEvents {
  readonly line: (text: string) => void
  /** What comes is no text in lines, or a line is too long; nothing follows. */
  readonly broken: (what: string) => void
}

/** Takes lines out of a stream of bytes, of which no more than one is kept. */
export class LineReader {
  readonly #maxBytes: number
  readonly #events: LineEvents
  #buffer = Buffer.allocUnsafe(FIRST_BYTES)
  #filled = 0
  #stopped = false

  /** @param maxBytes - The longest line that is read. */
  constructor(maxBytes: number, events: LineEvents) {
    this.#maxBytes = maxBytes
    this.#events = events
  }

  /** Takes in what came, and tells of the lines that are complete. */
  take(chunk: Buffer): void {
    for (let start = 0; start < chunk.length && !this.#stopped;) {
      const end = chunk.indexOf(LINE_END, start)
      this.#keep(chunk.subarray(start, end === -1 ? chunk.length : end))
      if (end === -1) return
      start = end + 1
      this.#deliver()
    }
  }

  /** Reads nothing more. */
  stop(): void {
    this.#stopped = true
    this.#buffer = Buffer.alloc(0)
  }

  #keep(part: Buffer): void {
    const length = this.#filled + part.length
    if (length > this.#maxBytes) {
      this.#break(`a line of more than ${String(this.#maxBytes)} bytes`)
      return
    }
    if (length > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, Math.min(this.#maxBytes, this.#buffer.length * 2)))
      this.#buffer.copy(larger, 0, 0, this.#filled)
      this.#buffer = larger
    }
    part.copy(this.#buffer, this.#filled)
    this.#filled = length
  }

  #deliver(): void {
    if (this.#stopped) return
    const bytes = this.#buffer.subarray(0, this.#filled)
    if (!isUtf8(bytes)) {
      this.#break('bytes that are no text')
      return
    }
    const text = bytes.toString('utf8')
    this.#filled = 0
    if (this.#buffer.length > FIRST_BYTES) this.#buffer = Buffer.allocUnsafe(FIRST_BYTES)
    this.#events.line(text)
  }

  #break(what: string): void {
    this.stop()
    this.#events.broken(what)
  }
}
