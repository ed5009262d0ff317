/** A final frame of text (RFC 6455, section 5.2). */
const FINAL_TEXT = 0x81
/** Lengths up to this stand in the second byte; longer ones in the two, or eight, bytes behind it. */
const SHORT = 125
const TWO_BYTES = 126
const EIGHT_BYTES = 127

/**
 * A text as one unmasked WebSocket frame in one piece.
 *
 * `ws` writes head and text apart, which costs a step over a tenth of its time.
 */
export function textFrame(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const head = length <= SHORT ? 2 : length <= 0xffff ? 4 : 10
  const frame = Buffer.allocUnsafe(head + length)
  frame[0] = FINAL_TEXT
  if (head === 2) frame[1] = length
  else if (head === 4) {
    frame[1] = TWO_BYTES
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = EIGHT_BYTES
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  frame.write(text, head)
  return frame
}
