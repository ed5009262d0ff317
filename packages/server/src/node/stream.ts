import type { Duplex } from 'node:stream'

/** Answering waits for a client that leaves this many bytes of answers unread. */
export const MAX_UNREAD_BYTES = 4 * 1024 * 1024
/** How long clients have to take leave. */
export const CLOSE_GRACE_MS = 500
/** How long a client that is cut off has to read why. */
export const CUT_OFF_GRACE_MS = 100

/** Settles when bytes have gone out. It is apart from the text that they were made of, which is not kept meanwhile. */
export function written(stream: Duplex, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    stream.write(bytes, () => {
      resolve()
    })
  })
}

/** Listens to the errors of a connection that is closing. */
export function ignore(): void {
  // Nothing to do: the close event comes next.
}

/** Writes an HTTP answer to a connection that has no response object, and ends it. */
export async function writeAndClose(stream: Duplex, answer: Response): Promise<void> {
  stream.on('error', ignore)
  // A peer that never closes its half would keep the connection.
  stream.once('finish', () => stream.destroy())
  const body = await answer.text()
  stream.end(
    `HTTP/1.1 ${String(answer.status)} Refused\r\n` +
      'Connection: close\r\nContent-Type: application/json\r\n' +
      `Content-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`,
  )
}
