import { skipBlanks, unexpected } from './specifier.ts'

/** A condition under which a requirement holds (PEP 508): a comparison, or several joined by `and` or `or`. */
export type Marker =
  | { readonly kind: 'compare'; readonly left: Operand; readonly operator: string; readonly right: Operand }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Marker[] }

/** A side of a comparison: a variable of Python's, or a text. */
export type Operand =
  { readonly kind: 'variable'; readonly name: string } | { readonly kind: 'text'; readonly text: string }

/** Why a text is no marker, and where. */
export class MarkerError extends Error {
  override readonly name = 'MarkerError'
  /** From 0. */
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

const VARIABLES: ReadonlySet<string> = new Set([
  ...['python_version', 'python_full_version', 'os_name', 'sys_platform', 'platform_release'],
  ...['platform_system', 'platform_version', 'platform_machine', 'platform_python_implementation'],
  ...['implementation_name', 'implementation_version', 'extra', 'extras', 'dependency_groups'],
])
/** Spellings of an earlier standard. */
const OLDER: Readonly<Record<string, string>> = {
  'os.name': 'os_name',
  'sys.platform': 'sys_platform',
  'platform.version': 'platform_version',
  'platform.machine': 'platform_machine',
  'platform.python_implementation': 'platform_python_implementation',
  python_implementation: 'platform_python_implementation',
}
const WORD = /[a-z_][a-z_.]*/y
const OPERATOR = /===|==|~=|!=|<=|>=|<|>|not[ \t]+in\b|in\b/y
/** What the standard allows in a text, but for `#` and `$`: in a list of requirements they begin a comment or a variable. */
const NOT_TEXT = /[^A-Za-z0-9 \t'().{}_*:;,/?[\]!~`@%^&=+|<>-]/
const NOT_TEXT_IN_SINGLE = /[^A-Za-z0-9 \t"().{}_*:;,/?[\]!~`@%^&=+|<>-]/
/** Nobody writes more of them; each costs a step on the stack. */
const MOST_BRACKETS = 50

/**
 * Reads a marker from a place to the end of a text.
 *
 * @throws MarkerError
 */
export function parseMarker(text: string, from: number): Marker {
  const reader = { text, at: from }
  const marker = either(reader, 0)
  reader.at = skipBlanks(text, reader.at)
  if (reader.at < text.length) throw new MarkerError(unexpected(text, reader.at), reader.at)
  return marker
}

/** A marker as it is written: every text in quotes, brackets only where they are needed. */
export function markerText(marker: Marker): string {
  if (marker.kind === 'compare')
    return `${operandText(marker.left)} ${marker.operator} ${operandText(marker.right)}`
  const parts = marker.of.map((each) =>
    marker.kind === 'and' && each.kind === 'or' ? `(${markerText(each)})` : markerText(each),
  )
  return parts.join(` ${marker.kind} `)
}

interface Reader {
  readonly text: string
  at: number
}

function either(reader: Reader, depth: number): Marker {
  return joined(reader, 'or', () => both(reader, depth))
}

function both(reader: Reader, depth: number): Marker {
  return joined(reader, 'and', () => single(reader, depth))
}

/** One or more of something, with a word between. */
function joined(reader: Reader, kind: 'and' | 'or', next: () => Marker): Marker {
  const first = next()
  const of = [first]
  for (;;) {
    const at = skipBlanks(reader.text, reader.at)
    if (wordAt(reader.text, at) !== kind) break
    reader.at = at + kind.length
    of.push(next())
  }
  return of.length === 1 ? first : { kind, of: of.flatMap((each) => (each.kind === kind ? each.of : [each])) }
}

function single(reader: Reader, depth: number): Marker {
  reader.at = skipBlanks(reader.text, reader.at)
  if (reader.text[reader.at] !== '(') return comparison(reader)
  if (depth === MOST_BRACKETS) throw new MarkerError('the brackets are nested too deeply', reader.at)
  reader.at += 1
  const marker = either(reader, depth + 1)
  reader.at = skipBlanks(reader.text, reader.at)
  if (reader.text[reader.at] !== ')')
    throw new MarkerError(
      reader.at < reader.text.length ? unexpected(reader.text, reader.at) : 'a bracket is not closed',
      reader.at,
    )
  reader.at += 1
  return marker
}

function comparison(reader: Reader): Marker {
  const left = operand(reader)
  reader.at = skipBlanks(reader.text, reader.at)
  OPERATOR.lastIndex = reader.at
  const operator = OPERATOR.exec(reader.text)?.[0]
  if (operator === undefined) throw new MarkerError('a comparison such as == or in is expected', reader.at)
  reader.at += operator.length
  const right = operand(reader)
  return { kind: 'compare', left, operator: operator.replace(/[ \t]+/, ' '), right }
}

function operand(reader: Reader): Operand {
  const { text } = reader
  const at = skipBlanks(text, reader.at)
  const quote = text[at]
  if (quote === '"' || quote === "'") {
    const end = text.indexOf(quote, at + 1)
    if (end === -1) throw new MarkerError('a text is not closed', at)
    const inside = text.slice(at + 1, end)
    // The other kind of quote may stand inside.
    const odd = inside.search(quote === '"' ? NOT_TEXT : NOT_TEXT_IN_SINGLE)
    if (odd !== -1) throw new MarkerError(unexpected(text, at + 1 + odd), at + 1 + odd)
    reader.at = end + 1
    return { kind: 'text', text: inside }
  }
  const word = wordAt(text, at)
  if (word === undefined) throw new MarkerError(unexpected(text, at), at)
  const name = OLDER[word] ?? word
  if (!VARIABLES.has(name)) throw new MarkerError(`${word} is no variable of a marker`, at)
  reader.at = at + word.length
  return { kind: 'variable', name }
}

function wordAt(text: string, at: number): string | undefined {
  WORD.lastIndex = at
  return WORD.exec(text)?.[0]
}

function operandText(operand: Operand): string {
  if (operand.kind === 'variable') return operand.name
  return operand.text.includes("'") ? `"${operand.text}"` : `'${operand.text}'`
}
