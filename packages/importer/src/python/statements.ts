import type { Node } from 'web-tree-sitter'
import { present } from './expression.ts'

/** A statement that runs in a block's own scope. */
export interface ScopedStatement {
  readonly node: Node
  /** In a branch or a loop of that scope. */
  readonly conditional: boolean
  /** In a branch that an import does not take. */
  readonly unreachable: boolean
}

const COMPOUND = new Set([
  ...['if_statement', 'elif_clause', 'else_clause', 'for_statement', 'while_statement', 'with_statement'],
  ...[
    'try_statement',
    'except_clause',
    'except_group_clause',
    'finally_clause',
    'match_statement',
    'case_clause',
  ],
  // What the grammar could not place still holds whole statements.
  ...['block', 'ERROR'],
])
const NOT_AT_IMPORT = /^(?:__name__\s*==|['"]__main__['"]\s*==|(?:typing\.)?TYPE_CHECKING$)/

/** The statements of a block and of the branches in it, in source order; nothing from inside functions and classes. */
export function statementsOf(block: Node): readonly ScopedStatement[] {
  const found: ScopedStatement[] = []
  const pending = scoped(block, false, false)
  for (let statement = pending.pop(); statement !== undefined; statement = pending.pop()) {
    const { node, conditional, unreachable } = statement
    if (!COMPOUND.has(node.type)) found.push(statement)
    else for (const inner of scoped(node, conditional, unreachable)) pending.push(inner)
  }
  return found
}

/** A node's children, last first: what is popped comes in source order. */
function scoped(node: Node, conditional: boolean, unreachable: boolean): ScopedStatement[] {
  const branch = node.type !== 'module' && node.type !== 'block' && node.type !== 'with_statement'
  const consequence = isNotAtImport(node) ? node.childForFieldName('consequence') : null
  return present(node.namedChildren)
    .map((child) => ({
      node: child,
      conditional: conditional || branch,
      unreachable: unreachable || (consequence !== null && child.id === consequence.id),
    }))
    .reverse()
}

function isNotAtImport(node: Node): boolean {
  return node.type === 'if_statement' && NOT_AT_IMPORT.test(node.childForFieldName('condition')?.text ?? '')
}
