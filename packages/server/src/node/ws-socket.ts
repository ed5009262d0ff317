import type { Duplex } from 'node:stream'
import type { MaybePromise } from '@openenv-ts/core'
import { WebSocket } from 'ws'
import type { SocketLike } from '../socket/socket-like.ts'
import { textFrame } from './text-frame.ts'
import { SMALL_ANSWER_BYTES } from '../limits/unread-bytes.ts'
import { MAX_UNREAD_BYTES, CUT_OFF_GRACE_MS, written } from './stream.ts'

/** `ws` in the shape that the sessions know. */
export class NodeSocket implements SocketLike {
  readonly socket: WebSocket
  /** When it was last read again after a pause, by the clock of `performance.now()`; 0 for never. */
  resumedAt = 0
  /** When an answer was last sent, by the same clock; 0 for never. */
  sentAt = 0
  readonly #stream: Duplex

  constructor(socket: WebSocket, stream: Duplex) {
    this.socket = socket
    this.#stream = stream
  }

  send(text: string): MaybePromise<void> {
    const { readyState, bufferedAmount } = this.socket
    if (readyState !== WebSocket.OPEN) return
    this.sentAt = performance.now()
    if (bufferedAmount < MAX_UNREAD_BYTES && text.length <= SMALL_ANSWER_BYTES) {
      this.#stream.write(textFrame(text))
      return
    }
    return written(this.#stream, textFrame(text))
  }

  decode(bytes: Uint8Array): string {
    const { buffer, byteOffset, length } = bytes
    return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, length)).toString('utf8')
  }

  close(code: number, reason?: string): void {
    this.socket.close(code, reason)
  }

  cutOff(code: number, reason: string): void {
    this.socket.close(code, reason)
    this.#stream.pause()
    setTimeout(() => {
      this.socket.terminate()
    }, CUT_OFF_GRACE_MS)
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.resumedAt = performance.now()
    this.socket.resume()
  }
}
