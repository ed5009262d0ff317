import type { Node } from 'web-tree-sitter'
import { present } from '../python/expression.ts'

/** What a `setup.py` or a `setup.cfg` states. */
export interface SetupNeeds {
  /** Null where it states none, or not literally. */
  readonly requirements: readonly string[] | null
  readonly requiresPython: string | null
  readonly description: string | null
  /** Keywords that are computed, so that only running the file would tell. */
  readonly computed: readonly string[]
}

/** Reads the keywords of `setup(…)` off the syntax tree of a `setup.py`, as far as they are written out. Runs nothing. */
export function setupCall(root: Node): SetupNeeds {
  const call = present(root.descendantsOfType('call')).find((node) =>
    /^(?:setuptools\.)?setup$/.test(node.childForFieldName('function')?.text ?? ''),
  )
  const given = new Map(
    present(call?.childForFieldName('arguments')?.namedChildren ?? [])
      .filter(({ type }) => type === 'keyword_argument')
      .map((node) => [node.childForFieldName('name')?.text ?? '', node.childForFieldName('value')] as const),
  )
  const computed: string[] = []
  const read = <T>(keyword: string, as: (node: Node) => T | null): T | null => {
    const value = given.get(keyword) ?? null
    if (value === null) return null
    const literal = as(value.type === 'identifier' ? (assigned(root, value.text) ?? value) : value)
    if (literal === null) computed.push(keyword)
    return literal
  }
  return {
    requirements: read('install_requires', strings),
    requiresPython: read('python_requires', string),
    description: read('description', string),
    computed,
  }
}

/** Reads `[options]` and `[metadata]` of a `setup.cfg`. */
export function setupConfig(text: string): SetupNeeds {
  const values = new Map<string, string[]>()
  let section = ''
  let key: string | null = null
  for (const line of text.split(/\r\n|\r|\n/)) {
    const header = /^\[([^\]]*)\]/.exec(line)?.[1]
    const [, name, first = ''] = /^([A-Za-z_.-]+)\s*[=:]\s*(.*)$/.exec(line) ?? []
    if (header !== undefined) {
      section = header.trim()
      key = null
    } else if (/^\s*[#;]/.test(line) || line.trim() === '') continue
    else if (name !== undefined) {
      key = `${section}.${name.toLowerCase().replaceAll('-', '_')}`
      values.set(key, first === '' ? [] : [first])
    } else if (key !== null && /^\s/.test(line)) values.get(key)?.push(line.trim())
  }
  const one = (name: string): string | null => values.get(name)?.join(' ').trim() ?? null
  const list = values.get('options.install_requires')
  // `file: requirements.txt` names a list, which is read where it has a usual name.
  const named = list?.some((each) => each.startsWith('file:')) === true
  return {
    requirements: list === undefined || named ? null : list.flatMap((each) => splitEntries(each)),
    requiresPython: one('options.python_requires'),
    description: one('metadata.description'),
    computed: named ? ['install_requires'] : [],
  }
}

/** Entries on one line are separated by semicolons in old files; with a marker behind it, a semicolon is part of one. */
function splitEntries(line: string): readonly string[] {
  return /;\s*(?:\(|['"]|[a-z_.]+\s*(?:[=<>!~]|in\b|not\b))/.test(line)
    ? [line]
    : line.split(';').filter((each) => each.trim() !== '')
}

function assigned(root: Node, name: string): Node | null {
  const values = present(root.namedChildren).flatMap((statement) => {
    const assignment = statement.type === 'expression_statement' ? statement.namedChild(0) : null
    if (assignment?.type !== 'assignment' || assignment.childForFieldName('left')?.text !== name) return []
    return present([assignment.childForFieldName('right')])
  })
  return values.at(-1) ?? null
}

function strings(node: Node): readonly string[] | null {
  if (node.type !== 'list' && node.type !== 'tuple') return null
  const found = present(node.namedChildren)
    .filter(({ type }) => type !== 'comment')
    .map(string)
  return found.every((each) => each !== null) ? found : null
}

/** A string literal's text, escapes as they are written; null for anything else. */
function string(node: Node): string | null {
  if (node.type !== 'string' || !/^['"]/.test(node.text)) return null
  return present(node.namedChildren)
    .filter(({ type }) => type === 'string_content')
    .map(({ text }) => text)
    .join('')
}
