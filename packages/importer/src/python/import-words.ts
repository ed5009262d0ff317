/**
 * The words in and around a text's import statements: every module and name that it may import, and more.
 *
 * A sieve before parsing, a hundred times faster than it. It never misses a word of an import statement; it may give
 * words of comments and strings. `.` stands for a relative import that names no module (`from . import x`).
 */
export function importWords(text: string): Set<string> {
  const words = new Set<string>()
  /** Up to where words have been taken: each part of a text is read once, however many imports it is part of. */
  let taken = 0
  for (const { index } of text.matchAll(/\bimport\b/g)) {
    const start = index < taken ? taken : statementStart(text, index, taken)
    const end = statementEnd(text, index + 'import'.length, taken)
    const statement = text.slice(start, end)
    taken = Math.max(taken, end)
    for (const [word] of statement.matchAll(/[\p{L}\p{Nl}_][\p{L}\p{N}\p{M}_]*/gu)) words.add(word)
    if (/\bfrom[\s\\]*\.[.\s\\]*import\b/.test(statement)) words.add('.')
  }
  return words
}

/** The line's beginning, and those of the lines that a backslash joins to it; not before what has been taken. */
function statementStart(text: string, at: number, taken: number): number {
  let start = text.lastIndexOf('\n', at) + 1
  while (start > Math.max(1, taken) && /\\\r?$/.test(text.slice(Math.max(0, start - 3), start - 1))) {
    start = text.lastIndexOf('\n', start - 2) + 1
  }
  return Math.max(start, taken)
}

/**
 * The closing bracket of a list of names, or the end of the line and of those that a backslash joins to it. For a
 * statement that begins in what has been taken, it is looked for behind that: the end may come late, and never early.
 */
function statementEnd(text: string, from: number, taken: number): number {
  const opening = /[\s\\]*\(/y
  opening.lastIndex = from
  if (opening.test(text)) return endOfNames(text, Math.max(opening.lastIndex, taken))
  if (from < taken && text[taken] === '\n') return taken
  let end = Math.max(from, taken)
  do end = lineEnd(text, end + 1)
  while (end < text.length && /\\\r?$/.test(text.slice(Math.max(from, end - 2), end)))
  return end
}

/** A bracket in a comment between the names does not close the list. */
function endOfNames(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '#') at = lineEnd(text, at)
    else if (text[at] === ')') return at
  }
  return text.length
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}
