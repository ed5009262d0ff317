/** A value that can be written down in TypeScript. */
export type Literal =
  string | number | boolean | null | readonly Literal[] | { readonly [key: string]: Literal }

const WIDTH = 110

/**
 * A value as TypeScript, laid out as Prettier would: on one line where it fits, else one entry a line.
 *
 * @param depth - How deep the line is indented that it stands in, in steps of two.
 */
export function literal(value: Literal, depth = 1): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const [open, close, entries] = Array.isArray(value)
    ? (['[', ']', (value as readonly Literal[]).map((item) => literal(item, depth + 1))] as const)
    : (['{', '}', Object.entries(value).map((entry) => property(entry, depth + 1))] as const)
  if (entries.length === 0) return open + close
  const space = open === '{' ? ' ' : ''
  const line = open + space + entries.join(', ') + space + close
  // A key stands before it, and a comma behind it.
  if (!line.includes('\n') && line.length + depth * 2 + 20 <= WIDTH) return line
  const indent = '  '.repeat(depth)
  return `${open}\n${entries.map((entry) => `${indent}  ${entry},\n`).join('')}${indent}${close}`
}

function property([key, value]: [string, Literal], depth: number): string {
  // As a plain key this one would set the prototype.
  const name = key === '__proto__' ? `['__proto__']` : /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key)
  return `${name}: ${literal(value, depth)}`
}

/** A text between single quotes, or double ones where that saves escapes. */
function quoted(text: string): string {
  const inside = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(
      /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  if (text.includes("'") && !text.includes('"')) return `"${inside}"`
  return `'${inside.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
