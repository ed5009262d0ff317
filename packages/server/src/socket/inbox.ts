import type { MaybePromise } from '@openenv-ts/core'
import { FrameQueue } from './frame-queue.ts'
import { SMALL_BYTES, type LargeMessage, type IncomingBytes } from '../limits/incoming-bytes.ts'
import { TRY_AGAIN_LATER } from './close-code.ts'
import type { SocketLike } from './socket-like.ts'
import { yieldToEventLoop, TimeSlice } from '../limits/time-slice.ts'

/** Frames that may wait before the socket is no longer read. */
const MAX_WAITING = 1024

/** What an inbox does with frames. */
export interface InboxOptions {
  /** Bytes that may wait before the socket is no longer read. */
  readonly maxBytes: number
  /** Answers one frame; a promise holds the next ones up. Never fails. */
  readonly answer: (bytes: Uint8Array, binary: boolean) => MaybePromise<void>
  /** What large messages of this client count towards; null for one that may send as it likes. */
  readonly incoming: () => IncomingBytes | null
  /** Time that is shared with the client's other sockets; its own when not given. */
  readonly slice?: TimeSlice | undefined
}

/**
 * The frames of one socket: answered one at a time and in order, at once when no call is running and others have had
 * their turn. While more wait than the bounds allow, the socket is not read.
 */
export class Inbox {
  readonly #socket: SocketLike
  readonly #options: InboxOptions
  readonly #slice: TimeSlice
  /** Frames that came while a call was running. */
  readonly #waiting = new FrameQueue<LargeMessage>()
  /** Whether a call is running. */
  #working = false
  #full = false
  #ending = false
  #whenIdle: (() => void) | null = null
  /** The large message that is arriving. */
  #arriving: LargeMessage | null = null
  /** Large messages that have come and are not answered. */
  readonly #arrived = new Set<LargeMessage>()

  constructor(socket: SocketLike, options: InboxOptions) {
    this.#socket = socket
    this.#options = options
    this.#slice = options.slice ?? new TimeSlice()
  }

  /** Whether a call is running. */
  get busy(): boolean {
    return this.#working
  }

  /** Takes no more frames; settles when those that came before are answered. */
  finish(): Promise<void> {
    this.#ending = true
    if (!this.#working) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenIdle = resolve
    })
  }

  /** So many bytes of a message have come, and it is not whole yet. */
  arriving(bytes: number): void {
    if (bytes <= SMALL_BYTES) return
    this.#arriving ??= this.#options.incoming()?.begin(this.#cutOff) ?? null
    this.#arriving?.grow(bytes)
  }

  receive(bytes: Uint8Array, binary: boolean): void {
    const arrival = this.#whole(bytes.length)
    if (this.#ending) {
      this.#answered(arrival)
      return
    }
    if (!this.#working && !this.#slice.spent) {
      const call = this.#options.answer(bytes, binary)
      if (call instanceof Promise) {
        this.#working = true
        void this.#drain(call, arrival)
        this.#check()
      } else this.#answered(arrival)
      return
    }
    const others = this.#working ? null : yieldToEventLoop()
    this.#working = true
    this.#waiting.push({ bytes, binary, tag: arrival })
    this.#check()
    if (others !== null) void this.#drain(others, null)
  }

  /** Forgets what waits and what is arriving: the socket has gone. */
  clear(): void {
    this.#arriving?.end()
    this.#arriving = null
    for (const arrival of this.#arrived) arrival.end()
    this.#arrived.clear()
    this.#waiting.clear()
    this.#check()
  }

  async #drain(call: Promise<void>, arrival: LargeMessage | null): Promise<void> {
    await call
    this.#answered(arrival)
    for (;;) {
      const next = this.#waiting.shift()
      if (next === undefined) break
      this.#check()
      if (this.#slice.spent) await yieldToEventLoop()
      await this.#options.answer(next.bytes, next.binary)
      this.#answered(next.tag)
    }
    this.#working = false
    this.#check()
    this.#whenIdle?.()
  }

  /** A message is whole: it counts until it is answered. */
  #whole(bytes: number): LargeMessage | null {
    if (bytes <= SMALL_BYTES && this.#arriving === null) return null
    const arrival = this.#arriving ?? this.#options.incoming()?.begin(this.#cutOff) ?? null
    this.#arriving = null
    if (arrival === null) return null
    arrival.complete()
    arrival.grow(bytes)
    this.#arrived.add(arrival)
    return arrival
  }

  #answered(arrival: LargeMessage | null): void {
    if (arrival === null) return
    arrival.end()
    this.#arrived.delete(arrival)
    this.#check()
  }

  readonly #cutOff = (): void => {
    this.#socket.cutOff(TRY_AGAIN_LATER, 'Too many large messages are on their way: send one at a time.')
  }

  #check(): void {
    const { length, bytes } = this.#waiting
    const full = length > 0 && (length >= MAX_WAITING || bytes > this.#maxBytes)
    // What comes behind a large message that is counted would be counted too late.
    const reading = !full && this.#arrived.size === 0
    if (reading !== this.#full) return
    this.#full = !reading
    if (reading) this.#socket.resume()
    else this.#socket.pause()
  }

  get #maxBytes(): number {
    const { maxBytes, incoming } = this.#options
    return incoming() === null ? maxBytes : Math.min(maxBytes, SMALL_BYTES)
  }
}
