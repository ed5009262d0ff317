import { OpenEnvError } from '@openenv-ts/core'
import { yieldToEventLoop } from './time-slice.ts'

/** Answers up to this are sent at once: a kernel's buffer takes them. */
export const SMALL_ANSWER_BYTES = 64 * 1024
/** Bytes of an answer that are taken before others have their turn. */
const TAKEN_IN_A_TURN = 2 * 1024 * 1024

/** What ends the connections of answers, by their bodies. */
const hangUps = new WeakMap<ReadableStream, () => void>()

/**
 * Says how the connection of an answer ends when the answer is cut off. Without it the body fails, and the adapter to
 * Node writes that to the console, though it is the client's doing.
 */
export function onCutOff(body: ReadableStream, hangUp: () => void): void {
  hangUps.set(body, hangUp)
}

/**
 * Bytes of answers that one client, or several together, have been sent and have not read.
 *
 * How large an answer will be is known only when it is made. Until then as much is reserved for it as the client's
 * last one had, so that many calls at once make no more answers than may be unread.
 */
export class UnreadBytes {
  readonly #max: number
  readonly #status: 429 | 503
  #bytes = 0
  #reserved = 0
  #expected = 0
  readonly #waiting: (() => void)[] = []
  readonly #answers = new Set<UnreadAnswer>()

  /** @param status - Of the refusal: 429 for one client that does not read, 503 where it may be others. */
  constructor(max: number, status: 429 | 503) {
    this.#max = max
    this.#status = status
  }

  /** Bytes that are unread now. */
  get bytes(): number {
    return this.#bytes
  }

  add(bytes: number): void {
    this.#bytes += bytes
    this.#wake()
  }

  /** Tells how large an answer was. */
  sent(bytes: number): void {
    // Answers of different clients say nothing about each other.
    if (this.#status === 429) this.#expected = bytes
  }

  /**
   * Reserves room for an answer that is about to be made; released when it is made.
   *
   * @throws OpenEnvError `CAPACITY_REACHED` (HTTP 429 or 503) when too many bytes are unread.
   */
  reserve(): () => void {
    if (this.#hasRoom) return this.#reserveExpected()
    const whose = this.#status === 429 ? 'You have' : 'Clients have'
    throw new OpenEnvError(
      'CAPACITY_REACHED',
      `${whose} not read earlier answers yet (${String(this.#bytes + this.#reserved)} bytes): try again when they are read.`,
      { http: this.#status },
    )
  }

  /** As {@link reserve}, and waits instead of throwing. */
  async reserveInTurn(): Promise<() => void> {
    while (!this.#hasRoom) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
      })
    }
    return this.#reserveExpected()
  }

  get #hasRoom(): boolean {
    const taken = this.#bytes + this.#reserved
    return taken === 0 || taken + this.#expected < this.#max
  }

  #reserveExpected(): () => void {
    let reserved = this.#expected
    this.#reserved += reserved
    return () => {
      this.#reserved -= reserved
      reserved = 0
      this.#wake()
    }
  }

  #wake(): void {
    if (this.#waiting.length === 0 || !this.#hasRoom) return
    for (const resume of this.#waiting.splice(0)) resume()
  }

  /**
   * Sends an answer at the pace at which it is read, and counts what is not.
   *
   * @param done - Called once, when all of it is read or its reader has gone.
   */
  carry(response: Response, done: () => void = () => undefined): Response {
    const { body, status, statusText, headers } = response
    if (body === null) {
      done()
      return response
    }
    const answer = new UnreadAnswer(this, () => {
      this.#answers.delete(answer)
      done()
    })
    this.#answers.add(answer)
    void answer.take(body)
    return new Response(answer.stream, { status, statusText, headers })
  }

  /** As {@link carry}, for a text that is all there. */
  send(text: string, init: ResponseInit): Response {
    this.sent(text.length)
    // A character has at most three bytes.
    if (text.length * 3 <= SMALL_ANSWER_BYTES) return new Response(text, init)
    const bytes = new TextEncoder().encode(text)
    const headers = new Headers(init.headers)
    headers.set('content-length', String(bytes.length))
    const answer = new UnreadAnswer(this, () => this.#answers.delete(answer))
    this.#answers.add(answer)
    answer.push(bytes)
    answer.finish()
    return new Response(answer.stream, { ...init, headers })
  }

  /** Breaks off answers of which nothing has been read for so long. Called every few seconds. */
  cutOffStalled(milliseconds: number, now: number): void {
    for (const answer of this.#answers) if (answer.stalled(milliseconds, now)) answer.breakOff()
  }
}

/** One answer on its way out, in pieces that are taken one by one. */
class UnreadAnswer {
  readonly stream: ReadableStream<Uint8Array>
  readonly #unread: UnreadBytes
  readonly #done: () => void
  #pieces: Uint8Array[] = []
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  #source: ReadableStreamDefaultReader<Uint8Array> | null = null
  #finished = false
  #over = false
  #total = 0
  #wake: (() => void) | null = null
  /** When something was read last; null until the first look. */
  #seenAt: number | null = null
  #readSince = true

  constructor(unread: UnreadBytes, done: () => void) {
    this.#unread = unread
    this.#done = done
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#next(),
        cancel: (reason) => {
          this.#end()
          return this.#source?.cancel(reason)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Takes what another stream gives, as fast as that gives it. */
  async take(source: ReadableStream<Uint8Array>): Promise<void> {
    const reader = source.getReader()
    this.#source = reader
    let taken = 0
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) break
        this.push(value)
        taken += value.length
        if (taken <= TAKEN_IN_A_TURN) continue
        taken = 0
        await yieldToEventLoop()
      }
      this.finish()
    } catch (error) {
      this.#fail(error)
    }
  }

  push(bytes: Uint8Array): void {
    if (this.#over) return
    for (let at = 0; at < bytes.length; at += SMALL_ANSWER_BYTES)
      this.#pieces.push(bytes.subarray(at, at + SMALL_ANSWER_BYTES))
    this.#total += bytes.length
    this.#unread.add(bytes.length)
    this.#wake?.()
  }

  finish(): void {
    this.#finished = true
    this.#unread.sent(this.#total)
    this.#wake?.()
  }

  stalled(milliseconds: number, now: number): boolean {
    if (this.#readSince || this.#pieces.length === 0 || this.#seenAt === null) {
      this.#readSince = false
      this.#seenAt = now
      return false
    }
    return now - this.#seenAt >= milliseconds
  }

  breakOff(): void {
    this.#fail(new Error('The answer was not read in time.'))
    void this.#source?.cancel().catch(() => undefined)
  }

  async #next(): Promise<void> {
    this.#readSince = true
    if (this.#pieces.length === 0 && !this.#finished && !this.#over) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
    if (this.#over) return
    const piece = this.#pieces.shift()
    if (piece !== undefined) {
      this.#controller?.enqueue(piece)
      this.#unread.add(-piece.length)
    } else {
      this.#controller?.close()
      this.#end()
    }
  }

  #fail(error: unknown): void {
    if (this.#over) return
    const hangUp = hangUps.get(this.stream)
    if (hangUp === undefined) this.#controller?.error(error)
    else hangUp()
    this.#end()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#unread.add(-this.#pieces.reduce((sum, { length }) => sum + length, 0))
    this.#pieces = []
    this.#wake?.()
    this.#done()
  }
}
