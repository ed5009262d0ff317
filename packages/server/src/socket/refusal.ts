import type { MaybePromise } from '@openenv-ts/core'
import { TRY_AGAIN_LATER } from './close-code.ts'
import type { Inbox } from './inbox.ts'
import type { SocketLike } from './socket-like.ts'

/** How long a refused client has after the refusal: older ones lose a frame that a close follows at once. */
const REFUSAL_GRACE_MS = 1000

/** Why a client on a socket is not served, said once. Nothing is read of it afterwards. */
export class Refusal {
  readonly #socket: SocketLike
  #given = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(socket: SocketLike) {
    this.#socket = socket
  }

  get given(): boolean {
    return this.#given
  }

  /** Says it in a message, and ends the connection a moment later. */
  explain(inbox: Inbox, send: () => MaybePromise<void>): void {
    this.#given = true
    inbox.clear()
    this.#socket.pause()
    void send()
    this.#timer = setTimeout(() => {
      this.#socket.cutOff(1000, '')
    }, REFUSAL_GRACE_MS)
  }

  /** Ends the connection at once, and says it in the frame that closes it. */
  cutOff(reason: string): void {
    this.#given = true
    this.#socket.cutOff(TRY_AGAIN_LATER, reason)
  }

  /** The socket is gone. */
  closed(): void {
    clearTimeout(this.#timer)
  }
}
