import type { SocketHandler, SocketLike } from '../src/socket/socket-like.ts'

/** A socket that keeps what is sent over it, for behavior that a kernel's buffers would blur. */
export class FakeSocket implements SocketLike {
  readonly sent: string[] = []
  closedWith: number | null = null
  cutOffWith: number | null = null
  paused = false

  send(text: string): void {
    this.sent.push(text)
  }

  decode(bytes: Uint8Array): string {
    return Buffer.from(bytes).toString('utf8')
  }

  close(code: number): void {
    this.closedWith = code
  }

  cutOff(code: number): void {
    this.cutOffWith = code
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }
}

/** Hands a message to a handler as a listener does. */
export function deliver(handler: SocketHandler, type: string, data?: unknown): void {
  handler.message(Buffer.from(JSON.stringify({ type, data })), false)
}
