import type { MaybePromise } from '@openenv-ts/core'
import type { SocketHandler, SocketLike } from './socket.ts'

/** Frames that may wait before the socket is no longer read. */
const MAX_WAITING = 1024

type Frame = Parameters<SocketHandler['message']>
type Decode = Frame[2]

/**
 * The frames of one socket: answered one at a time and in order, at once when no call is running. While more wait
 * than the bounds allow, the socket is not read.
 */
export class Inbox {
  readonly #socket: SocketLike
  readonly #maxBytes: number
  readonly #answer: (...frame: Frame) => MaybePromise<void>
  /** Frames that came while a call was running; null when none is. */
  #waiting: Frame[] | null = null
  #waitingBytes = 0
  #full = false
  #ending = false
  #whenIdle: (() => void) | null = null

  /**
   * @param maxBytes - Bytes that may wait before the socket is no longer read.
   * @param answer - Answers one frame; a promise holds the next ones up. Never fails.
   */
  constructor(socket: SocketLike, maxBytes: number, answer: (...frame: Frame) => MaybePromise<void>) {
    this.#socket = socket
    this.#maxBytes = maxBytes
    this.#answer = answer
  }

  /** Whether a call is running. */
  get busy(): boolean {
    return this.#waiting !== null
  }

  /** Takes no more frames; settles when those that came before are answered. */
  finish(): Promise<void> {
    this.#ending = true
    if (this.#waiting === null) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenIdle = resolve
    })
  }

  receive(bytes: Uint8Array, binary: boolean, decode: Decode): void {
    if (this.#ending) return
    if (this.#waiting === null) {
      const call = this.#answer(bytes, binary, decode)
      if (call instanceof Promise) {
        this.#waiting = []
        void this.#drain(call)
      }
      return
    }
    this.#waiting.push([bytes, binary, decode])
    this.#waitingBytes += bytes.length
    this.#check(this.#waiting.length)
  }

  /** Forgets what waits. */
  clear(): void {
    if (this.#waiting === null) return
    this.#waiting = []
    this.#waitingBytes = 0
    this.#check(0)
  }

  async #drain(call: Promise<void>): Promise<void> {
    await call
    for (;;) {
      const next = this.#waiting?.shift()
      if (next === undefined) break
      this.#waitingBytes -= next[0].length
      this.#check(this.#waiting?.length ?? 0)
      await this.#answer(...next)
    }
    this.#waiting = null
    this.#whenIdle?.()
  }

  #check(waiting: number): void {
    const full = waiting >= MAX_WAITING || this.#waitingBytes > this.#maxBytes
    if (full === this.#full) return
    this.#full = full
    if (full) this.#socket.pause()
    else this.#socket.resume()
  }
}
