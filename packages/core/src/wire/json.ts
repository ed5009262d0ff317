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
const COLON = 0x3a
const PLUS = 0x2b
const MINUS = 0x2d
const DOT = 0x2e
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39
const CAPITAL_E = 0x45
const CAPITAL_I = 0x49
const CAPITAL_N = 0x4e
const SMALL_E = 0x65

const MAX_KEY_CHARACTERS = 200
/** Escaped, a character has six bytes. */
const MAX_KEY_BYTES = 6 * MAX_KEY_CHARACTERS

/**
 * Looks at JSON text in one pass over its bytes, before a parser recurses or allocates: bounds nesting and number of
 * values, and refuses the numbers that a parser would change in silence [OE-24]:
 *
 * - a whole number written in digits alone beyond 2^53 − 1, which would be rounded;
 * - a number too large for a double, such as `1e400`, which would be infinite;
 * - the words NaN, Infinity and -Infinity, which JSON does not have.
 *
 * A number with a fraction or an exponent is a double as IEEE 754 has it, so `9007199254740993.0`, `1e22` and `-0` are
 * accepted. Anything else about validity is for the parser to say.
 *
 * @param bytes - JSON text as UTF-8; bytes of longer characters never look like the ones looked for here.
 * @throws OpenEnvError `VALIDATION_ERROR`, or `INVALID_JSON` for NaN and Infinity; a number is named with its place.
 */
export function scanJson(bytes: Uint8Array, { maxDepth, maxValues }: JsonShape): void {
  const { length } = bytes
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
    } else if ((byte >= DIGIT_0 && byte <= DIGIT_9) || byte === MINUS) {
      at = endOfNumber(bytes, at) - 1
    } else if (byte === CAPITAL_I || byte === CAPITAL_N) {
      refuseWord(bytes, at)
    }
    if (values > maxValues) throw badShape(`made of more than ${String(maxValues)} values`)
  }
}

/** 2^53 - 1, digit by digit. */
const LARGEST_WHOLE = Array.from('9007199254740991', (digit) => digit.charCodeAt(0))
/** No double needs as many as a thousand, and reading one of millions of digits would hold everybody up. */
const MAX_NUMBER_BYTES = 4096
/** A number below 10 to this power is finite: the largest double is 1.8e308. */
const SAFE_EXPONENT = 308

/** The place behind the number that begins at `start`. Throws where a parser would change it. */
function endOfNumber(bytes: Uint8Array, start: number): number {
  let at = start + 1
  /** Where its fraction and its exponent begin; -1 where there is none. */
  let dot = -1
  let exponent = -1
  for (;;) {
    const byte = bytes[at] as number
    if (byte >= DIGIT_0 && byte <= DIGIT_9) at += 1
    else if (byte === DOT || byte === SMALL_E || byte === CAPITAL_E || byte === PLUS || byte === MINUS) {
      if (byte === DOT) dot = at
      else if (exponent === -1) exponent = at
      at += 1
    } else break
    if (at - start > MAX_NUMBER_BYTES) {
      throw badShape(`made of a number of more than ${String(MAX_NUMBER_BYTES)} characters`)
    }
  }
  const digits = bytes[start] === MINUS ? start + 1 : start
  if (dot === -1 && exponent === -1) {
    if (at === digits && bytes[at] === CAPITAL_I) refuseWord(bytes, at, start)
    if (at - digits >= LARGEST_WHOLE.length) requireWhole(bytes, start, digits, at)
  } else if (mayOverflow(bytes, digits, dot, exponent, at)) requireFinite(bytes, start, at)
  return at
}

/** Throws for a whole number beyond 2^53 - 1. */
function requireWhole(bytes: Uint8Array, start: number, digits: number, end: number): void {
  // What begins with 0 is not a number of JSON, which is for the parser to say.
  if (bytes[digits] === DIGIT_0) return
  requireFinite(bytes, start, end)
  if (end - digits === LARGEST_WHOLE.length) {
    const differs = LARGEST_WHOLE.findIndex((digit, at) => bytes[digits + at] !== digit)
    if (differs === -1 || (bytes[digits + differs] as number) < (LARGEST_WHOLE[differs] as number)) return
  }
  throw badNumber(
    bytes,
    start,
    asciiOf(bytes, start, end),
    'which is a whole number beyond 2^53 - 1: it would be rounded. Send it as a text',
  )
}

/** Whether a number is so large that it has to be read to know. Most are not, and reading takes long. */
function mayOverflow(bytes: Uint8Array, digits: number, dot: number, exponent: number, end: number): boolean {
  const whole = (dot !== -1 && (exponent === -1 || dot < exponent) ? dot : exponent) - digits
  if (exponent === -1) return whole > SAFE_EXPONENT
  const byte = bytes[exponent + 1]
  if (byte === MINUS) return whole > SAFE_EXPONENT
  let power = 0
  for (let at = byte === PLUS ? exponent + 2 : exponent + 1; at < end && power <= SAFE_EXPONENT; at += 1) {
    power = power * 10 + (bytes[at] as number) - DIGIT_0
  }
  return whole + power > SAFE_EXPONENT
}

/** Throws for a number that would be infinite. What is not a number at all is for the parser to say. */
function requireFinite(bytes: Uint8Array, start: number, end: number): void {
  if (end - start <= SAFE_EXPONENT && !isExponent(bytes, start, end)) return
  const text = asciiOf(bytes, start, end)
  const value = Number(text)
  if (Number.isFinite(value) || Number.isNaN(value)) return
  throw badNumber(bytes, start, text, 'which is too large for a number: it would become Infinity')
}

function isExponent(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] === SMALL_E || bytes[at] === CAPITAL_E) return true
  return false
}

function asciiOf(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end))
}

const WORDS = ['NaN', 'Infinity'] as const

/** Throws where one of the words that some writers put in place of a number begins at `at`. */
function refuseWord(bytes: Uint8Array, at: number, start = at): void {
  for (const word of WORDS) {
    if (asciiOf(bytes, at, at + word.length) !== word) continue
    const text = start === at ? word : `-${word}`
    const place = placeOf(bytes, start)
    const where = place.length === 0 ? '' : ` at ${place.join('.')}`
    throw new OpenEnvError(
      'INVALID_JSON',
      `Invalid JSON: ${text}${where}. JSON has no NaN and no Infinity.`,
      {
        issues: [{ type: 'invalid_type', loc: place, msg: `JSON has no ${text}` }],
      },
    )
  }
}

function badNumber(bytes: Uint8Array, start: number, text: string, why: string): OpenEnvError {
  const place = placeOf(bytes, start)
  const short = text.length <= 40 ? text : `${text.slice(0, 39)}…`
  const where = place.length === 0 ? '' : ` at ${place.join('.')}`
  return new OpenEnvError('VALIDATION_ERROR', `The message has ${short}${where}, ${why}.`, {
    issues: [{ type: 'too_big', loc: place, msg: `The number ${why.slice('which '.length)}`, input: short }],
  })
}

/** Where in the value the byte at `target` stands: the keys and indices that lead to it. */
function placeOf(bytes: Uint8Array, target: number): (string | number)[] {
  /** Of each container around it: the index, or where the key begins and ends. */
  const around: (number | readonly [from: number, to: number])[] = []
  /** The last text: a key, when a colon follows. */
  let text: readonly [number, number] = [0, 0]
  for (let at = 0; at < target; at += 1) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      const end = endOfString(bytes, at)
      text = [at, end]
      at = end
    } else if (byte === COLON && around.length > 0) around[around.length - 1] = text
    else if (byte === OPEN_OBJECT) around.push(text)
    else if (byte === OPEN_ARRAY) around.push(0)
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) around.pop()
    else if (byte === COMMA) {
      const last = around.at(-1)
      if (typeof last === 'number') around[around.length - 1] = last + 1
    }
  }
  return around.map((each) => (typeof each === 'number' ? each : keyOf(bytes, ...each)))
}

/** A key as it is told: whoever sent it chose it, of any length. */
function keyOf(bytes: Uint8Array, from: number, to: number): string {
  const text = new TextDecoder().decode(bytes.subarray(from, Math.min(to + 1, from + MAX_KEY_BYTES)))
  try {
    return (JSON.parse(text) as string).slice(0, MAX_KEY_CHARACTERS)
  } catch {
    return text.slice(1, MAX_KEY_CHARACTERS + 1)
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
 * Parses JSON text strictly, and refuses what a parser would change in silence: see {@link scanJson}.
 *
 * @throws OpenEnvError `INVALID_JSON`; `VALIDATION_ERROR` for a number that would be rounded or infinite, by its place.
 */
export function parseJson(text: string): unknown {
  // Most texts hold nothing that could be such a number, and need no second look.
  if (MAY_CHANGE.test(text)) scanJson(new TextEncoder().encode(text), NO_BOUNDS)
  return parseScanned(text)
}

/** Sixteen digits outside a fraction, an exponent, or one of the words that some writers put in place of a number. */
const MAY_CHANGE = /(?:^|[^\d.])\d{16}|\d[eE]|NaN|Infinity/
const NO_BOUNDS: JsonShape = { maxDepth: Infinity, maxValues: Infinity }

/**
 * Parses JSON text that {@link scanJson} has let through.
 *
 * @throws OpenEnvError `INVALID_JSON`.
 */
export function parseScanned(text: string): unknown {
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
