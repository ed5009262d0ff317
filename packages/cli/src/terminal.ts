import { styleText } from 'node:util'

/** A line of the answer: stdout. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** A line about the work (progress, warnings, faults): stderr, so that the answer can be piped. */
export function note(line = ''): void {
  process.stderr.write(`${line}\n`)
}

/** Emphasis for a person; plain where stdout is no terminal or NO_COLOR is set. */
export function style(format: 'bold' | 'dim' | 'green' | 'red' | 'yellow', text: string): string {
  return coloured(process.stdout) ? styleText(format, text) : text
}

/** Whether a stream shows colours to a person. */
export function coloured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb'
}
