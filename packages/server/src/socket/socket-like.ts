import type { MaybePromise } from '@openenv-ts/core'

/** A WebSocket as the server sees it, whatever runtime it comes from. */
export interface SocketLike {
  /** Sends; a promise when the other side leaves much unread, until this text has gone out. */
  send(text: string): MaybePromise<void>
  /** The text of a frame, whose bytes are known to be UTF-8. */
  decode(bytes: Uint8Array): string
  close(code: number, reason?: string): void
  /** Reads no more, says why, and destroys the connection a moment later, whatever the other side does. */
  cutOff(code: number, reason: string): void
  /** Stops and resumes reading, for a client that sends faster than its episode answers. */
  pause(): void
  resume(): void
}

/** What a runtime tells about a socket. */
export interface SocketHandler {
  /** Whether a call is running. */
  readonly busy: boolean
  /** A frame. */
  message(bytes: Uint8Array, binary: boolean): void
  /** So many bytes of a message have come that is not whole yet. */
  arriving(bytes: number): void
  /** Takes no more frames; settles when those that came before are answered. */
  finish(): Promise<void>
  /** The socket is gone, whichever side ended it. */
  closed(): void
}
