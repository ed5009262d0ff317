import type { MaybePromise } from '@openenv-ts/core'
import type { SocketLike } from '../socket/socket-like.ts'
import { SMALL_ANSWER_BYTES, type UnreadBytes } from './unread-bytes.ts'

/** The answers on one agent's socket. All connections of the agent together have one bound on what is unread. */
export class AgentAnswers {
  readonly #unread: UnreadBytes

  constructor(unread: UnreadBytes) {
    this.#unread = unread
  }

  /** Does something that will be answered, when there is room for the answer. */
  async inTurn<T>(work: () => MaybePromise<T>): Promise<T> {
    const release = await this.#unread.reserveInTurn()
    try {
      return await work()
    } finally {
      release()
    }
  }

  /** Sends an answer, and counts it until it has gone out. */
  send(socket: SocketLike, text: string): MaybePromise<void> {
    const { length } = text
    this.#unread.sent(length)
    if (length <= SMALL_ANSWER_BYTES) return socket.send(text)
    this.#unread.add(length)
    const gone = (): void => {
      this.#unread.add(-length)
    }
    const sent = socket.send(text)
    if (!(sent instanceof Promise)) {
      gone()
      return
    }
    return sent.finally(gone)
  }
}
