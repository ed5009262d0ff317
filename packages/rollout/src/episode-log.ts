import { createReadStream } from 'node:fs'
import { checkLine, type LineFault } from './chain.ts'
import type { EpisodeRecord } from './record.ts'
import { RolloutError } from './rollout-error.ts'

/** A line that proved to be what was written, and where it ends. */
export interface CheckedLine {
  readonly record: EpisodeRecord
  /** Line number, from 1. */
  readonly line: number
  /** Bytes up to and with its newline. */
  readonly end: number
  /** Whether the newline is there: only the last line can lack it. */
  readonly whole: boolean
}

/** A line that did not. */
export interface FaultyLine {
  readonly fault: LineFault
  readonly line: number
  /** Whether it is the end of the file without a newline: what a kill in the middle of a write leaves. */
  readonly torn: boolean
}

/**
 * Reads `episodes.jsonl` line by line and proves each; stops after the first that is not as it was written.
 *
 * A file that does not exist has no lines.
 */
export async function* checkedLines(path: string): AsyncGenerator<CheckedLine | FaultyLine, void> {
  let prevHash: string | null = null
  let line = 0
  let end = 0
  for await (const { bytes, whole } of splitLines(path)) {
    line += 1
    const checked = checkLine(bytes, prevHash)
    if ('fault' in checked) {
      yield { fault: checked.fault, line, torn: !whole }
      return
    }
    end += bytes.length + (whole ? 1 : 0)
    yield { record: checked.record, line, end, whole }
    prevHash = checked.record.hash
  }
}

/** A fault as an error that names the file and the line. */
export function brokenLine(path: string, { line, fault }: FaultyLine): RolloutError {
  return new RolloutError('BROKEN_RUN', `${path}, line ${String(line)}: ${faultText(fault)}`)
}

/** A fault in words. */
export function faultText({ field, expected, found }: LineFault): string {
  return `${field} is not as it was written: expected ${expected}, found ${found}.`
}

const NEWLINE = 0x0a

async function* splitLines(
  path: string,
): AsyncGenerator<{ readonly bytes: Buffer; readonly whole: boolean }, void> {
  // Pieces of the line that is being read; joined once, because a line may be large.
  let pieces: Buffer[] = []
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
        yield { bytes: Buffer.concat([...pieces, chunk.subarray(start, at)]), whole: true }
        pieces = []
        start = at + 1
      }
      if (start < chunk.length) pieces.push(chunk.subarray(start))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (pieces.length > 0) yield { bytes: Buffer.concat(pieces), whole: false }
}
