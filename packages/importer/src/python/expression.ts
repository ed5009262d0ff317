import type { Node } from 'web-tree-sitter'

/** A dotted name as it is written: `x.environment.Environment` is its three names. */
export type Dotted = readonly [head: string, ...rest: string[]]

/**
 * The names that an expression may stand for: its own, those on both sides of a choice, without subscripts (`Base[T]`).
 * Empty where it is something else. Loops, never recurses: a source may nest as deep as it likes.
 */
export function dottedNames(expression: Node): readonly Dotted[] {
  const found: Dotted[] = []
  const pending: Node[] = [expression]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    switch (node.type) {
      case 'parenthesized_expression':
        pending.push(...present([node.namedChild(0)]))
        break
      case 'named_expression':
        pending.push(...present([node.childForFieldName('value')]))
        break
      case 'conditional_expression':
        pending.push(...present([node.namedChild(2), node.namedChild(0)]))
        break
      default: {
        const name = dotted(node)
        if (name !== null) found.push(name)
      }
    }
  }
  return found
}

/** The text of every string literal in an expression, in order; nothing of f-strings' holes. */
export function stringsIn(expression: Node): readonly string[] {
  return present(expression.descendantsOfType('string')).map((string) =>
    present(string.descendantsOfType('string_content'))
      .map(({ text }) => text)
      .join(''),
  )
}

/** Without the nulls that the parser's types allow. */
export function present<T>(nodes: readonly (T | null)[]): T[] {
  return nodes.filter((node) => node !== null)
}

function dotted(expression: Node): Dotted | null {
  const rest: string[] = []
  for (let node: Node | null = expression; node !== null;) {
    if (node.type === 'identifier') return [node.text, ...rest.reverse()]
    if (node.type === 'subscript') node = node.childForFieldName('value')
    else if (node.type === 'attribute') {
      const name = node.childForFieldName('attribute')
      if (name === null) return null
      rest.push(name.text)
      node = node.childForFieldName('object')
    } else return null
  }
  return null
}
