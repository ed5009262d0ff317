import type { MaybePromise } from '@openenv-ts/core'
import { parseScanned, scanJson, type JsonShape } from '@openenv-ts/core/wire'
import { SMALL_BYTES } from '../limits/incoming-bytes.ts'
import { yieldToEventLoop } from '../limits/time-slice.ts'

/** Turns bytes into text: a socket, or what reads bodies. */
export interface Decoder {
  /** Throws where the bytes are not UTF-8. */
  decode(bytes: Uint8Array): string
}

/**
 * Reads JSON that came in. A text of up to 64 KiB is read at once, which takes less than a millisecond. A larger one
 * is bounded, decoded and parsed in turns, with everybody else's work between them [OE-10].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` for a shape out of bounds, `INVALID_JSON`, and what the decoder throws.
 */
export function readIncoming(bytes: Uint8Array, decoder: Decoder, shape: JsonShape): MaybePromise<unknown> {
  if (bytes.length > SMALL_BYTES) return readInTurns(bytes, decoder, shape)
  scanJson(bytes, shape)
  return parseScanned(decoder.decode(bytes))
}

async function readInTurns(bytes: Uint8Array, decoder: Decoder, shape: JsonShape): Promise<unknown> {
  scanJson(bytes, shape)
  await yieldToEventLoop()
  const text = decoder.decode(bytes)
  await yieldToEventLoop()
  const value = parseScanned(text)
  await yieldToEventLoop()
  return value
}
