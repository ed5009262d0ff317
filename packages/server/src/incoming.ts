import type { MaybePromise } from '@openenv-ts/core'
import { parseScanned, scanJson, type JsonShape } from '@openenv-ts/core/wire'

/** Texts up to this are read at once: it takes less than a millisecond. */
const SMALL_BYTES = 64 * 1024

/**
 * Reads JSON that came in. A large text is bounded, decoded and parsed in turns, with everybody else's work between,
 * so that no one of them keeps others waiting for all three [OE-10].
 *
 * @throws OpenEnvError `VALIDATION_ERROR` for a shape out of bounds, `INVALID_JSON`, and what `decode` throws.
 */
export function readIncoming(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => string,
  shape: JsonShape,
): MaybePromise<unknown> {
  if (bytes.length > SMALL_BYTES) return readInTurns(bytes, decode, shape)
  scanJson(bytes, shape)
  return parseScanned(decode(bytes))
}

async function readInTurns(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => string,
  shape: JsonShape,
): Promise<unknown> {
  scanJson(bytes, shape)
  await othersTurn()
  const text = decode(bytes)
  await othersTurn()
  const value = parseScanned(text)
  await othersTurn()
  return value
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve)
  })
}
