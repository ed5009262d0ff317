/**
 * How deep brackets are nested in a Python text, at most. Strings and comments do not count.
 *
 * Close enough to tell hundreds from tens: a quote inside a nested f-string of Python 3.12 ends the string early.
 */
export function bracketDepth(text: string): number {
  let depth = 0
  let deepest = 0
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case '(':
      case '[':
      case '{':
        depth += 1
        deepest = Math.max(deepest, depth)
        break
      case ')':
      case ']':
      case '}':
        depth = Math.max(0, depth - 1)
        break
      case '#':
        at = endOfLine(text, at)
        break
      case '"':
      case "'":
        at = endOfString(text, at)
        break
      default:
    }
  }
  return deepest
}

function endOfLine(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end === -1 ? text.length : end
}

/** Where the string that begins at a quote has its last character: the line's end where a short one is not closed. */
function endOfString(text: string, start: number): number {
  const quote = text.charAt(start)
  const long = text.startsWith(quote.repeat(3), start)
  for (let at = start + (long ? 3 : 1); at < text.length; at += 1) {
    const char = text[at]
    if (char === '\\') at += 1
    else if (char === '\n' && !long) return at
    else if (char === quote) {
      if (!long) return at
      if (text.startsWith(quote.repeat(3), at)) return at + 2
    }
  }
  return text.length
}
