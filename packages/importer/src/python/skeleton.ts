/**
 * A module's text without what its functions do: classes, names and imports stay, each on its line; of the body of a function
 * only its import statements do. A tenth of the text, and all that a module's scope is read from.
 *
 * The text must be Python. A quote inside a nested f-string may end a string early here, and then what comes out may be no
 * Python: the caller looks, and takes the whole text.
 */
export function skeleton(text: string): string {
  const out: string[] = []
  /** The indentation of the function whose body is left out; null outside of functions. */
  let within: number | null = null
  let empty = false
  for (const lines of logicalLines(text)) {
    const [first = '', ...rest] = lines
    const indent = indentOf(first)
    // Blank lines and comments belong to no block.
    if (indent === null) {
      out.push(...lines)
      continue
    }
    if (within !== null && indent > within) {
      const kept = /^\s*(?:import|from)\b/.test(first)
      const margin = ' '.repeat(within + 1)
      if (kept) out.push(margin + first.trimStart(), ...rest)
      else out.push(empty ? `${margin}pass` : '', ...rest.map(() => ''))
      empty = false
      continue
    }
    out.push(...lines)
    const opens = /^\s*(?:async\s+)?def\b/.test(first) && endsInColon(lines.at(-1) ?? '')
    within = opens ? indent : null
    empty = opens
  }
  return out.join('\n')
}

/** Whether a colon comes last in a line, but for a comment. */
function endsInColon(line: string): boolean {
  const text = line.trimEnd()
  // Python ends a line, and a comment, at a lone carriage return too.
  return text.endsWith(':') || /:\s*#/.test(text.slice(text.lastIndexOf('\r') + 1))
}

/** Columns before a line's first word; null where it has none. */
function indentOf(line: string): number | null {
  let columns = 0
  for (const char of line) {
    if (char === ' ') columns += 1
    else if (char === '\t') columns += 8 - (columns % 8)
    else if (char !== '\f') return char === '#' || char === '\r' ? null : columns
  }
  return null
}

/** A text's lines, those together that brackets, strings and backslashes join. */
function* logicalLines(text: string): Generator<readonly string[]> {
  let lines: string[] = []
  let depth = 0
  let quote = ''
  let start = 0
  for (let at = 0; at <= text.length; at += 1) {
    const char = text[at]
    if (char === undefined || char === '\n') {
      lines.push(text.slice(start, at))
      start = at + 1
      const joined = depth > 0 || quote.length === 3 || (char !== undefined && text[at - 1] === '\\')
      // A short string ends with its line at the latest.
      if (quote.length === 1 && text[at - 1] !== '\\') quote = ''
      if (joined && char !== undefined) continue
      yield lines
      lines = []
    } else if (quote !== '') {
      if (char === '\\' && text[at + 1] !== '\n') at += 1
      else if (text.startsWith(quote, at)) {
        at += quote.length - 1
        quote = ''
      }
    } else if (char === '"' || char === "'") {
      quote = text.startsWith(char.repeat(3), at) ? char.repeat(3) : char
      at += quote.length - 1
    } else if (char === '#') {
      const end = text.indexOf('\n', at)
      at = (end === -1 ? text.length : end) - 1
    } else if (char === '(' || char === '[' || char === '{') depth += 1
    else if (char === ')' || char === ']' || char === '}') depth = Math.max(0, depth - 1)
  }
}
