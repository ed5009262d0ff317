import type { Node } from 'web-tree-sitter'
import type { Source } from '../importer.ts'
import { present } from '../python/expression.ts'
import type { PythonModule } from '../python/project.ts'

/** What else a row of a data set has, beside its `task`. */
const ROW = new Set(['question', 'prompt', 'answer', 'info', 'example_id'])

/**
 * The first place where a source writes rows with a text in the column `task`; null where it does not. Later releases of
 * verifiers refuse such rows.
 */
export function textTask(
  { python }: Source,
  modules: readonly PythonModule[],
): { readonly file: string; readonly line: number } | null {
  for (const { file } of modules) {
    const line = python.look(file, (root) => {
      const at = present(root.descendantsOfType(['dictionary', 'call', 'assignment'])).find((node) =>
        writesTextTask(node, root),
      )
      return at === undefined ? null : at.startPosition.row + 1
    })
    if (line !== null) return { file, line }
  }
  return null
}

function writesTextTask(node: Node, root: Node): boolean {
  if (node.type === 'assignment') {
    const left = node.childForFieldName('left')
    const value = node.childForFieldName('right')
    return left?.type === 'subscript' &&
      keyOf(left.childForFieldName('subscript')) === 'task' &&
      isText(value, root)
      ? rowLike(left.childForFieldName('value'))
      : false
  }
  if (node.type === 'call') {
    const called = node.childForFieldName('function')?.text ?? ''
    const [first, second] = present(node.childForFieldName('arguments')?.namedChildren ?? [])
    if (/\.add_column$/.test(called)) return keyOf(first ?? null) === 'task' && isText(second ?? null, root)
    if (called !== 'dict') return false
  }
  const pairs = new Map(
    present(
      node.type === 'dictionary'
        ? node.namedChildren
        : (node.childForFieldName('arguments')?.namedChildren ?? []),
    ).map((pair) => [
      pair.type === 'keyword_argument'
        ? (pair.childForFieldName('name')?.text ?? '')
        : keyOf(pair.childForFieldName('key')),
      pair.childForFieldName('value'),
    ]),
  )
  return isText(pairs.get('task') ?? null, root) && [...ROW].some((column) => pairs.has(column))
}

/** `row["task"] = …`: rows and examples are called so. */
function rowLike(holder: Node | null): boolean {
  return /^(?:x|ex|row|example|item|entry|record|sample|data|d|r|result|output|new_row|new_example)$/.test(
    holder?.text ?? '',
  )
}

/** Whether a value is a text, or a list of them, as far as that is written down; JSON of an object is none of these. */
function isText(value: Node | null, root: Node, steps = 3): boolean {
  if (value === null || steps === 0) return false
  switch (value.type) {
    case 'string':
    case 'concatenated_string':
      return !/^[a-z]*['"]{1,3}\s*\{/i.test(value.text) || /^f/i.test(value.text)
    case 'call':
      return value.childForFieldName('function')?.text === 'str'
    case 'list':
    case 'tuple':
    case 'list_comprehension':
    case 'parenthesized_expression':
      return isText(value.namedChild(0), root, steps - 1)
    case 'binary_operator':
      return isText(value.childForFieldName('left'), root, steps - 1)
    case 'conditional_expression':
    case 'boolean_operator':
      return present(value.namedChildren).some((each) => isText(each, root, steps - 1))
    case 'identifier':
      return valuesOf(value.text, root).some((each) => isText(each, root, steps - 1))
    default:
      return false
  }
}

/** What a name is given anywhere in a file: constants, and defaults of parameters. */
function valuesOf(name: string, root: Node): readonly Node[] {
  return present(
    root.descendantsOfType(['assignment', 'default_parameter', 'typed_default_parameter']),
  ).flatMap((node) => {
    const target = node.childForFieldName('name') ?? node.childForFieldName('left')
    const value = node.childForFieldName('value') ?? node.childForFieldName('right')
    return target?.text === name && value !== null && value.type !== 'identifier' ? [value] : []
  })
}

function keyOf(node: Node | null): string {
  return /^(['"])(\w+)\1$/.exec(node?.text ?? '')?.[2] ?? ''
}
