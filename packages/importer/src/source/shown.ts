import { printable } from '@openenv-ts/core'

/** A name or a piece of a source as it may stand in one line of a terminal, 200 characters at most. */
export const shown = (text: string): string => printable(text)

/** Names in one line, the first ones by name and the rest by number. */
export function someOf(names: readonly string[], most = 10): string {
  const first = names.slice(0, most).map(shown).join(', ')
  return names.length > most ? `${first} and ${String(names.length - most)} more` : first
}
