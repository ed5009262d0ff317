import { printable } from '@openenv-ts/core/printable'

/** Characters that a POSIX shell takes as they are. */
const PLAIN = /^[\w./:@%+,-]+$/
const MAX_WORD = 500

/**
 * A command as a line to copy into a shell, which reads it as exactly these words. A word may be a stranger's: it is quoted
 * where a shell would split or expand it, and its control characters are escaped.
 */
export function shellLine(...words: readonly string[]): string {
  return words.map(quoted).join(' ')
}

function quoted(word: string): string {
  const text = printable(word, MAX_WORD)
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
