import { printable } from '@openenv-ts/core/host'

/** Something that a person should know about a source: reported, never fatal. */
export interface Finding {
  /** Relative to the source, `/` between names. */
  readonly file: string
  /** From 1; null where it concerns the whole file. */
  readonly line: number | null
  readonly message: string
}

/** A finding as one line: `file:line: message`. */
export function findingLine({ file, line, message }: Finding): string {
  return `${printable(file)}${line === null ? '' : `:${String(line)}`}: ${printable(message)}`
}
