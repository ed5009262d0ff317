import { checkLine, type LineFault } from './chain.ts'
import type { EpisodeRecord } from './record.ts'
import { RolloutError } from './rollout-error.ts'
import { openRunFile } from './run-file.ts'

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
 * A file that does not exist has no lines. A line longer than 64 MiB is at fault, and is not read further.
 *
 * @throws RolloutError `BROKEN_RUN` when the path is not a plain file.
 */
export async function* checkedLines(path: string): AsyncGenerator<CheckedLine | FaultyLine, void> {
  let prevHash: string | null = null
  let line = 0
  let end = 0
  for await (const { bytes, whole } of splitLines(path)) {
    line += 1
    if (bytes === null) {
      const expected = `at most ${String(MAX_LINE_BYTES)} bytes`
      yield { fault: { field: 'line', expected, found: 'more', episodeId: null }, line, torn: false }
      return
    }
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

/** Bytes of one line without its newline, at most: neither written nor read beyond. */
export const MAX_LINE_BYTES = 64 * 1024 * 1024
const NEWLINE = 0x0a

/** The lines of a file; the bytes are null, and the end, where a line is too long. */
async function* splitLines(
  path: string,
): AsyncGenerator<{ readonly bytes: Buffer | null; readonly whole: boolean }, void> {
  // Pieces of the line that is being read; joined once, because a line may be large.
  let pieces: Buffer[] = []
  let length = 0
  let file: Awaited<ReturnType<typeof openRunFile>>
  try {
    file = await openRunFile(path, 'read')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Buffer>) {
      let start = 0
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
        if (length + at - start > MAX_LINE_BYTES) {
          yield { bytes: null, whole: true }
          return
        }
        yield { bytes: Buffer.concat([...pieces, chunk.subarray(start, at)]), whole: true }
        pieces = []
        length = 0
        start = at + 1
      }
      if (start < chunk.length) {
        pieces.push(chunk.subarray(start))
        length += chunk.length - start
      }
      if (length > MAX_LINE_BYTES) {
        yield { bytes: null, whole: false }
        return
      }
    }
  } finally {
    await file.close()
  }
  if (pieces.length > 0) yield { bytes: Buffer.concat(pieces), whole: false }
}
