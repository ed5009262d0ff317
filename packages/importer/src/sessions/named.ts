import type { Node } from 'web-tree-sitter'
import type { Source } from '../importer.ts'
import { present, stringsIn } from '../python/expression.ts'
import type { PythonModule } from '../python/project.ts'

const SECRET = /\bsecrets(?:\.get\(|\[)\s*(['"])([A-Za-z_]\w{0,100})\1/g
const READING = /(?:^|\.)(?:getenv|environ\.(?:get|pop|setdefault|__getitem__))$/
const ENVIRON = /(?:^|\.)environ$/
/** What a name is called that says which variable holds a key: `judge_api_key_var`, `token_env`. */
const NAMES_A_VARIABLE = /(?:^|_)(?:var|env|env_?var|variable)(?:_name)?$|(?:key|token|secret)(?:_name)?$/i
/** How variables are written everywhere: capitals, with at least one underscore. */
const LIKE_A_VARIABLE = /^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/
const ANY_VARIABLE = /^[A-Za-z_]\w{0,100}$/
const MOST_NAMES = 200

/** Names of the secrets that modules ask for: `secrets["NAME"]`, `self.secrets.get("NAME")`. Sorted. */
export function secretNames({ tree }: Source, modules: readonly PythonModule[]): readonly string[] {
  const found = modules.flatMap(({ file }) =>
    Array.from(tree.read(file).toString('utf8').matchAll(SECRET), ([, , name = '']) => name),
  )
  return [...new Set(found)].filter((name) => name !== '').sort()
}

/**
 * Names of the environment variables that modules read: written where they are read, in `ensure_keys([…])`, or as the value
 * of an argument, a field or a constant that says which variable it is (`judge_api_key_var: str = "PRIME_API_KEY"`). Sorted.
 */
export function variableNames({ python }: Source, modules: readonly PythonModule[]): readonly string[] {
  const read: Read = { names: new Set(), through: new Set(), values: new Map() }
  for (const { file } of modules)
    python.look(file, (root) => {
      readVariables(root, read)
    })
  for (const identifier of read.through)
    for (const value of read.values.get(identifier) ?? []) if (ANY_VARIABLE.test(value)) read.names.add(value)
  for (const [identifier, values] of read.values)
    if (NAMES_A_VARIABLE.test(identifier))
      for (const value of values) if (LIKE_A_VARIABLE.test(value)) read.names.add(value)
  return [...read.names].sort().slice(0, MOST_NAMES)
}

interface Read {
  readonly names: Set<string>
  /** Identifiers through which variables are read: `os.getenv(judge_api_key_var)`. */
  readonly through: Set<string>
  /** The texts that identifiers stand for: defaults, constants, fields, keyword arguments. */
  readonly values: Map<string, Set<string>>
}

function readVariables(root: Node, read: Read): void {
  for (const call of present(root.descendantsOfType('call'))) {
    const called = call.childForFieldName('function')?.text ?? ''
    const given = call.childForFieldName('arguments')
    if (given === null) continue
    if (/(?:^|\.)ensure_keys$/.test(called)) {
      for (const name of stringsIn(given)) if (ANY_VARIABLE.test(name)) read.names.add(name)
      for (const node of present(given.descendantsOfType('identifier'))) read.through.add(node.text)
    } else if (READING.test(called)) readThrough(given.namedChild(0), read)
  }
  for (const subscript of present(root.descendantsOfType('subscript')))
    if (ENVIRON.test(subscript.childForFieldName('value')?.text ?? ''))
      readThrough(subscript.childForFieldName('subscript'), read)
  for (const comparison of present(root.descendantsOfType('comparison_operator'))) {
    const last = comparison.namedChild(comparison.namedChildCount - 1)
    if (/\bin\s/.test(comparison.text) && ENVIRON.test(last?.text ?? ''))
      readThrough(comparison.namedChild(0), read)
  }
  for (const node of present(root.descendantsOfType([...VALUED]))) {
    const name = node.childForFieldName('name') ?? node.childForFieldName('left') ?? node.namedChild(0)
    const value = node.childForFieldName('value') ?? node.childForFieldName('right')
    const texts = value === null ? [] : textsOf(value)
    if (name === null || texts.length === 0) continue
    const identifier = name.type === 'string' ? (stringsIn(name)[0] ?? '') : lastName(name)
    const known = read.values.get(identifier) ?? new Set()
    for (const text of texts) known.add(text)
    read.values.set(identifier, known)
  }
}

const VALUED = new Set([
  'default_parameter',
  'typed_default_parameter',
  'assignment',
  'keyword_argument',
  'pair',
])

/** What a call or a subscript names: a text, or identifiers that stand for one. */
function readThrough(node: Node | null, read: Read): void {
  if (node === null) return
  for (const name of textsOf(node)) if (ANY_VARIABLE.test(name)) read.names.add(name)
  if (node.type === 'identifier' || node.type === 'attribute') read.through.add(lastName(node))
}

/** The texts that an expression may be: a string, both sides of `or` and of a choice, the entries of a list. */
function textsOf(node: Node): readonly string[] {
  if (node.type === 'string') return stringsIn(node)
  if (
    !['boolean_operator', 'conditional_expression', 'parenthesized_expression', 'list', 'tuple'].includes(
      node.type,
    )
  )
    return []
  return present(node.namedChildren).flatMap((child) => (child.type === 'string' ? stringsIn(child) : []))
}

function lastName(node: Node): string {
  return node.type === 'attribute' ? (node.childForFieldName('attribute')?.text ?? '') : node.text
}
