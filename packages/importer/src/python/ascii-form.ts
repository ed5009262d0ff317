const NAME_PART = /[\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]/u

/**
 * A Python text in ASCII that is Python if and only if the text is, with the same lines: letters of other languages become
 * names of ASCII, each its own; everything else a `$`, which is fine in strings and comments and nowhere else, as they are.
 *
 * The syntax checker counts in bytes and in characters, and breaks down over the difference.
 */
export function asciiForm(text: string): string {
  return text.replaceAll(/[^\0-\x7f]/gu, (char) =>
    NAME_PART.test(char) ? `_u${(char.codePointAt(0) ?? 0).toString(16)}_` : '$',
  )
}
