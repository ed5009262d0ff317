import { printable } from '@openenv-ts/core/host'

/** Names in one line, the first ones by name and the rest by number. */
export function someOf(names: readonly string[], most = 10): string {
  const first = names
    .slice(0, most)
    .map((name) => printable(name))
    .join(', ')
  return names.length > most ? `${first} and ${String(names.length - most)} more` : first
}
