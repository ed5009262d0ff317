/**
 * What acts on a terminal, an editor or a reader instead of being read: C0, DEL and C1 (escape sequences begin there),
 * separators of lines, controls of direction and of zero width, fillers that show nothing, and lone surrogates.
 */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]/gu

/**
 * A text with its control characters as `\u001b`; line feeds stay. Escaping twice changes nothing more, and JSON stays
 * JSON of the same value.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(CONTROLS, (character) => (character === '\n' ? character : escaped(character)))
}

/**
 * A name or another short text that somebody else wrote, as it may stand in one line of a terminal or a file.
 *
 * @param maxLength - Characters after which it is cut off and ends in `…`, counted before escaping.
 */
export function printable(text: string, maxLength = 200): string {
  return truncated(text, maxLength).replaceAll(CONTROLS, escaped)
}

/**
 * The first sentence of a description that somebody else wrote, in one line and without Markdown's code marks and
 * HTML's brackets.
 *
 * @param maxLength - As of {@link printable}.
 */
export function firstSentence(text: string, maxLength = 200): string {
  // A long text has its first sentence at its beginning; the rest is not looked at.
  const line = text
    .slice(0, 20 * maxLength)
    .replaceAll(/[`<>]+|~{3,}/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const end = /[.!?](?= )|[。！？]/.exec(line)
  return printable(end === null ? line : line.slice(0, end.index + 1), maxLength)
}

function escaped(character: string): string {
  let text = ''
  for (let at = 0; at < character.length; at += 1) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
  }
  return text
}

function truncated(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text
  const characters = Array.from(text.slice(0, 2 * maxLength))
  return characters.length <= maxLength && text.length <= 2 * maxLength
    ? text
    : `${characters.slice(0, maxLength).join('')}…`
}
