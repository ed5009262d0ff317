/** A name or a piece of a source as it may stand in one line of a terminal: control characters escaped, 200 characters at most. */
export function shown(text: string): string {
  const line = text.length > MOST ? `${text.slice(0, MOST)}…` : text
  return line.replaceAll(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const MOST = 200
// C0, DEL, C1, the separators of lines, and what turns the direction of writing.
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Names in one line, the first ones by name and the rest by number. */
export function someOf(names: readonly string[], most = 10): string {
  const first = names.slice(0, most).map(shown).join(', ')
  return names.length > most ? `${first} and ${String(names.length - most)} more` : first
}
