/** A text as a YAML scalar on one line: plain where nobody could read it as something else, quoted otherwise. */
export function yamlText(text: string): string {
  const plain = /^[A-Za-z][\w ,.;/()'-]*$/.test(text) && !/ $/.test(text) && !RESERVED.test(text)
  // What JSON escapes, YAML's double quotes read alike, apart from these, which YAML may take for the end of a line.
  return plain
    ? text
    : JSON.stringify(text).replaceAll(
        /[\u007f-\u009f\u2028\u2029\ufeff]/g,
        (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
}

/** Words that YAML 1.1 reads as something else than a text. */
const RESERVED = /^(?:y|n|yes|no|on|off|true|false|null)$/i
