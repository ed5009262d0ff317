import { OpenEnvError } from '../errors.ts'

/** What a JSON text may look like before it is parsed [OE-10]. */
export interface JsonShape {
  /** Objects and arrays inside each other. */
  readonly maxDepth: number
  /** Values of every kind, containers included. */
  readonly maxValues: number
}

/** 200 deep, 100,000 values. */
export const DEFAULT_SHAPE: JsonShape = { maxDepth: 200, maxValues: 100_000 }

/**
 * Bytes outside texts: a value needs far fewer, and a parser is slowest there. Eight MiB of blanks would hold
 * everybody up for as long as they take to skip.
 */
const MIN_BARE_BYTES = 4 * 1024 * 1024
const BARE_BYTES_PER_VALUE = 40

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * Bounds nesting and number of values in one pass over the bytes, before a parser recurses or allocates.
 *
 * Says nothing about validity: the parser does.
 *
 * @param bytes - JSON text as UTF-8; bytes of longer characters never look like the ones counted here.
 * @throws OpenEnvError `VALIDATION_ERROR`.
 */
export function checkShape(bytes: Uint8Array, { maxDepth, maxValues }: JsonShape): void {
  const { length } = bytes
  // A text this short cannot break either bound.
  if (length <= maxDepth && length <= maxValues) return
  let depth = 0
  let values = 1
  let justOpened = false
  let textBytes = 0
  const maxBareBytes = Math.max(MIN_BARE_BYTES, BARE_BYTES_PER_VALUE * maxValues)
  for (let at = 0; at < length; at += 1) {
    if (at - textBytes > maxBareBytes) {
      throw badShape(`mostly blanks or digits, more than ${String(maxBareBytes)} bytes of them`)
    }
    const byte = bytes[at] as number
    if (byte <= 0x20) continue
    const closes = byte === CLOSE_ARRAY || byte === CLOSE_OBJECT
    if (justOpened) {
      // Whatever follows an opening is its first value, unless it is the end of an empty container.
      justOpened = false
      if (!closes) values += 1
    }
    if (byte === QUOTE) {
      const end = endOfString(bytes, at)
      textBytes += end - at
      at = end
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth += 1
      justOpened = true
      if (depth > maxDepth) throw badShape(`nested more than ${String(maxDepth)} deep`)
    } else if (closes) {
      depth -= 1
    } else if (byte === COMMA) {
      values += 1
    }
    if (values > maxValues) throw badShape(`made of more than ${String(maxValues)} values`)
  }
}

/** The place of the quote that ends the string begun at `start`; the text's end when there is none. */
function endOfString(bytes: Uint8Array, start: number): number {
  const quote = bytes.indexOf(QUOTE, start + 1)
  if (quote === -1) return bytes.length
  if (bytes[quote - 1] !== BACKSLASH) return quote
  // Where there are escapes there may be millions: byte by byte is faster than a search for each.
  let at = start + 1
  for (;;) {
    const byte = bytes[at]
    if (byte === QUOTE || byte === undefined) return at
    at += byte === BACKSLASH ? 2 : 1
  }
}

function badShape(how: string): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', `The message is ${how}.`, {
    issues: [{ type: 'too_big', loc: [], msg: `JSON is ${how}` }],
  })
}

/**
 * Parses JSON text strictly: `NaN` and `Infinity` are no JSON.
 *
 * @throws OpenEnvError `INVALID_JSON`.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw new OpenEnvError('INVALID_JSON', `Invalid JSON: ${reasonOf(error)}`)
  }
}

/** The parser's reason without the input that it quotes. */
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : ''
  const at = /at position (\d+)/.exec(message)
  if (at !== null) return `unexpected text at position ${at[1] ?? '?'}.`
  return message.includes('end of JSON') ? 'the text ends too early.' : 'this is not JSON.'
}
