import { Console } from 'node:console'
import { styleText } from 'node:util'
import { escapeControls, printable } from '@openenv-ts/core/printable'
import Table from 'cli-table3'

// The one file that writes to stdout and stderr; the linter refuses every other. What it writes may be a stranger's: the
// name of a server's environment, a record, an error. Controls are escaped here, so that none reaches a terminal.

type Emphasis = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

/** A text with emphasis. Only this makes escape sequences, and only on a terminal. */
export interface Styled {
  readonly emphasis: Emphasis
  readonly text: string
}

/** What can be printed: text of anybody, or text with emphasis. */
export type Printable = string | Styled

/** Emphasis for a person; plain where the stream is no terminal or NO_COLOR is set. */
export function style(emphasis: Emphasis, text: string): Styled {
  return { emphasis, text }
}

/** A line, or lines, of the answer: stdout. */
export function print(...parts: readonly Printable[]): void {
  new Output(process.stdout).line(...parts)
}

/** A line about the work (progress, warnings, faults): stderr, so that the answer can be piped. */
export function note(...parts: readonly Printable[]): void {
  progressOutput().line(...parts)
}

/** Where the work is shown while it goes on: stderr. */
export function progressOutput(): Output {
  return new Output(process.stderr)
}

/** Columns that a line of the answer has on a terminal; without a limit where the answer goes to a file or a program. */
export function outputWidth(): number {
  return new Output(process.stdout).width
}

/** A stream that is written to by lines. */
export class Output {
  readonly #stream: NodeJS.WriteStream

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  /** Whether a person looks at it, and one line can be drawn again. */
  get isTerminal(): boolean {
    return this.#stream.isTTY
  }

  /** Columns of the terminal; without a limit where there is none, or where it does not say. */
  get width(): number {
    const { isTTY, columns } = this.#stream
    return isTTY && columns > 0 ? columns : Infinity
  }

  line(...parts: readonly Printable[]): void {
    this.#stream.write(`${this.#rendered(parts)}\n`)
  }

  /** Draws a line in place of the one that was drawn last. Only for a terminal. */
  redraw(...parts: readonly Printable[]): void {
    this.#stream.write(`\r\x1b[K${this.#rendered(parts)}`)
  }

  #rendered(parts: readonly Printable[]): string {
    return parts
      .map((part) => {
        if (typeof part === 'string') return escapeControls(part)
        const text = escapeControls(part.text)
        return this.#hasColors() ? styleText(part.emphasis, text, { validateStream: false }) : text
      })
      .join('')
  }

  #hasColors(): boolean {
    return this.isTerminal && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb'
  }
}

/** A table as text: the first column to the left, numbers to the right. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const table = new Table({
    head: head.map((cell) => printable(cell)),
    colAligns: head.map((_, at) => (at === 0 ? 'left' : 'right')),
    // cli-table3 writes its colors whatever the stream is.
    style: { head: [], border: [], compact: true },
  })
  table.push(...rows.map((row) => row.map((cell) => printable(cell, 80))))
  return table.toString()
}

/** Makes the streams of this process those of a command. */
export function prepareStreams(): void {
  // `openenv tasks … | head` closes the pipe early: that is no failure of this command.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  // What a loaded module prints is no part of the answer: a URL in the first line, or one JSON object.
  globalThis.console = new Console(process.stderr)
}

/** Ends the process once everything is written, whatever a module left open (a timer, a pool). */
export function exitWhenWritten(code: number): void {
  process.stdout.write('', () => process.exit(code))
}
