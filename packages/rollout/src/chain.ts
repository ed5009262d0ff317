import { createHash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import { EpisodeRecord, type UnchainedRecord } from './record.ts'

/** SHA-256 of a text in UTF-8: 64 lower-case hex digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}

/** Gives a record its place in the chain: after the line whose hash is `prevHash`, or first. Pure. */
export function chained(record: UnchainedRecord, prevHash: string | null): EpisodeRecord {
  const linked = { ...record, prev_hash: prevHash }
  return { ...linked, hash: sha256(canonicalJson(linked)) }
}

const FIELDS = Object.keys(EpisodeRecord.shape) as (keyof EpisodeRecord)[]

/** The one text of a record: its fields in the order of the format, each in canonical form; no newline. */
export function lineOf(record: EpisodeRecord): string {
  return `{${FIELDS.map((field) => `${JSON.stringify(field)}:${canonicalJson(record[field])}`).join(',')}}`
}

/** What is wrong with a line, in words for a person. */
export interface LineFault {
  readonly field: string
  readonly expected: string
  readonly found: string
  /** The record's id, where the line could be read so far. */
  readonly episodeId: string | null
}

/**
 * Reads one line and proves that it is the one that was written after `prevHash`. Pure.
 *
 * @param bytes - The line without its newline.
 */
export function checkLine(
  bytes: Uint8Array,
  prevHash: string | null,
): { readonly record: EpisodeRecord } | { readonly fault: LineFault } {
  if (nestsBeyond(bytes, MAX_DEPTH)) {
    const expected = `at most ${String(MAX_DEPTH)} levels of nesting`
    return { fault: { field: 'line', expected, found: 'more', episodeId: null } }
  }
  let text: string
  let found: unknown
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    found = JSON.parse(text)
  } catch {
    return {
      fault: { field: 'line', expected: 'a JSON object in UTF-8', found: excerpt(bytes), episodeId: null },
    }
  }
  const parsed = EpisodeRecord.safeParse(found)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? ''
    return {
      fault: {
        field: field === '' ? 'line' : field,
        expected: 'an episode',
        found: issue?.message ?? '',
        episodeId: null,
      },
    }
  }
  // The parsed object as it came, not as zod rebuilt it: `__proto__` keys and the like must take part.
  const record = found as EpisodeRecord
  const episodeId = record.episode_id
  if (record.prev_hash !== prevHash) {
    return {
      fault: { field: 'prev_hash', expected: String(prevHash), found: String(record.prev_hash), episodeId },
    }
  }
  const { hash, ...rest } = record
  const expected = sha256(canonicalJson(rest))
  if (hash !== expected) return { fault: { field: 'hash', expected, found: hash, episodeId } }
  if (lineOf(record) !== text) {
    return {
      fault: {
        field: 'line',
        expected: 'the text as it was written',
        found: 'the same values, written otherwise',
        episodeId,
      },
    }
  }
  return { record }
}

function excerpt(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, 80))
  return text === '' ? 'an empty line' : JSON.stringify(text)
}

/** An observation may nest 200 deep; around it stand the record, its steps and the step. */
const MAX_DEPTH = 250
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether objects and arrays of a JSON text nest deeper. Looked at before what recurses: parsers and schemas. */
function nestsBeyond(bytes: Uint8Array, most: number): boolean {
  let depth = 0
  let quoted = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (quoted) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) quoted = false
    } else if (byte === QUOTE) quoted = true
    // `[` and `{`, `]` and `}`.
    else if (byte === 0x5b || byte === 0x7b) depth += 1
    else if (byte === 0x5d || byte === 0x7d) depth -= 1
    if (depth > most) return true
  }
  return false
}
