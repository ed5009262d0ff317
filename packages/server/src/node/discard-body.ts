import type { IncomingMessage } from 'node:http'
import { SMALL_BYTES } from '../limits/incoming-bytes.ts'

/** Bytes that are read of a body that is too large, so that a client that sends it reads the answer afterwards. */
const MAX_DISCARDED_BYTES = 32 * 1024 * 1024
/** How long a client may take to send the rest of a body that is not wanted. */
const DISCARD_MS = 500

/**
 * Ends a request that has been answered before its body was read: nothing is read of a large body that somebody was
 * not admitted with, for it costs the server and its neighbors time and memory.
 */
export function discardBody(request: IncomingMessage, status: number): void {
  const length = Number(request.headers['content-length'] ?? Infinity)
  if (request.complete || length <= SMALL_BYTES) return
  if (status !== 413) {
    request.socket.destroy()
    return
  }
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_DISCARDED_BYTES) request.socket.destroy()
  })
  setTimeout(() => {
    if (!request.complete) request.socket.destroy()
  }, DISCARD_MS).unref()
}
