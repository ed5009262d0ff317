import type { Readable } from 'node:stream'

/** Bytes that an executor may print in a second; what is more is dropped. */
const BYTES_A_SECOND = 64 * 1024

/**
 * Drops what this thread prints beyond a bound: text that is printed in a loop would pile up in memory until the
 * loop ends, and then fall upon the server in one piece.
 */
export function boundOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
    let since = -Infinity
    let left = 0
    stream.write = (text: string | Uint8Array, ...rest: unknown[]) => {
      const now = performance.now()
      if (now - since >= 1000) {
        since = now
        left = BYTES_A_SECOND
      }
      if (left > 0) {
        left -= text.length
        if (left > 0) return write(text, ...rest)
        return write('[more was printed in this second than is shown]\n')
      }
      const written = rest.at(-1)
      if (typeof written === 'function') (written as (error: null) => void)(null)
      return true
    }
  }
}

/**
 * Passes on what an executor prints. Beyond the bound it is not read any more for the rest of the second, and who
 * prints waits.
 */
export function passOn(stream: Readable, take: (text: string) => void): void {
  let left = BYTES_A_SECOND
  let timer: NodeJS.Timeout | null = null
  const again = (): void => {
    timer = null
    left = BYTES_A_SECOND
    stream.resume()
  }
  stream.setEncoding('utf8').on('data', (text: string) => {
    take(text)
    left -= text.length
    timer ??= setTimeout(again, 1000).unref()
    if (left <= 0) stream.pause()
  })
}
