import type { Reply } from '@openenv-ts/core'
import { errorToSocket, replyToWire } from '@openenv-ts/core/wire'

/** A message of the server as text. */
export function frame(type: string, data: unknown): string {
  return `{"type":"${type}","data":${JSON.stringify(data)}}`
}

/** The answer to a reset or a step as text. */
export function replyFrame(reply: Reply<unknown>): string {
  return frame('observation', replyToWire(reply))
}

/** An error as text. */
export function errorFrame(error: unknown): string {
  return frame('error', errorToSocket(error))
}
