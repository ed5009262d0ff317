import type { MaybePromise } from '@openenv-ts/core'
import { yieldToEventLoop } from '../limits/time-slice.ts'

/** Texts from here on are long enough to keep others waiting. */
const LARGE_CHARACTERS = 64 * 1024
/** How deep the parts of a value are written one by one: a reply, its result, and what that holds. */
const DEPTH = 2
/** Characters that are encoded in one piece. */
const PIECE = 256 * 1024

/**
 * Writes a value as JSON, as `JSON.stringify` does. The parts of a large one are written in turns, with everybody else's
 * work between them, and a part that stands in several places is written once [OE-10].
 *
 * @param value - Plain data: objects, arrays, texts, numbers, booleans and null.
 * @param large - Whether it holds a large text, as far as that is known; a value that does not is written at once.
 */
export function jsonInTurns(value: unknown, large: boolean): MaybePromise<string> {
  return large ? writeParts(value, DEPTH, new Map()) : JSON.stringify(value)
}

async function writeParts(value: unknown, depth: number, written: Map<object, string>): Promise<string> {
  if (typeof value !== 'object' || value === null) return writeOne(value)
  const known = written.get(value)
  if (known !== undefined) return known
  let text: string
  if (depth === 0 || Array.isArray(value)) text = await writeOne(value)
  else {
    const parts: string[] = []
    for (const [key, part] of Object.entries(value)) {
      if (part !== undefined)
        parts.push(`${JSON.stringify(key)}:${await writeParts(part, depth - 1, written)}`)
    }
    text = `{${parts.join(',')}}`
  }
  written.set(value, text)
  return text
}

async function writeOne(value: unknown): Promise<string> {
  const text = JSON.stringify(value)
  if (text.length > LARGE_CHARACTERS) await yieldToEventLoop()
  return text
}

/** A text as a stream of bytes that is encoded as it is read. */
export function encodedInTurns(text: string): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let at = 0
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) => {
        if (at >= text.length) {
          controller.close()
          return
        }
        let end = Math.min(text.length, at + PIECE)
        // Two halves of one character are encoded together.
        if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end += 1
        controller.enqueue(encoder.encode(text.slice(at, end)))
        at = end
      },
    },
    { highWaterMark: 0 },
  )
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

/** Whether the result of a tool call holds a text that is large. */
export function isLargeContent(content: readonly unknown[]): boolean {
  return content.some((block) => {
    const { text } = block as { readonly text?: unknown }
    return typeof text === 'string' && text.length > LARGE_CHARACTERS
  })
}
