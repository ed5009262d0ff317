import type { Node } from 'web-tree-sitter'
import { dottedNames, present, stringsIn, type Dotted } from './expression.ts'
import { statementsOf } from './statements.ts'

/** A module as an import statement names it. */
export interface ModuleRef {
  /** Dots before the name: 0 for an absolute import. */
  readonly level: number
  /** Empty for `from . import x`. */
  readonly path: readonly string[]
}

/** A class statement of a module's own scope. */
export interface ClassStatement {
  readonly name: string
  /** From 1. */
  readonly line: number
  readonly bases: readonly Dotted[]
  /** Whether there is a base that is no name: a call, for one. */
  readonly hasOtherBases: boolean
  /** Names that its body binds, abstract methods apart. */
  readonly members: ReadonlySet<string>
  /** In a branch that an import does not take: `if __name__ == '__main__'`, `if TYPE_CHECKING`. */
  readonly unreachable: boolean
}

/** A function statement of a module's own scope. */
export interface FunctionStatement {
  readonly name: string
  /** From 1. */
  readonly line: number
  readonly unreachable: boolean
}

/** What gives a name its meaning. */
export type Meaning =
  | { readonly kind: 'module'; readonly module: ModuleRef }
  | { readonly kind: 'member'; readonly module: ModuleRef; readonly name: string }
  | { readonly kind: 'class'; readonly statement: ClassStatement }
  | { readonly kind: 'function'; readonly statement: FunctionStatement }
  | { readonly kind: 'alias'; readonly of: readonly Dotted[] }
  | { readonly kind: 'other' }

/** One statement that binds a name, or, with the name `*`, all that a module exports. */
export interface Binding {
  readonly name: string
  readonly meaning: Meaning
  /** In a branch, so that what the name meant before may still hold. */
  readonly conditional: boolean
}

/** What a module binds and imports, read off its syntax tree. */
export interface ModuleScope {
  /** In source order. */
  readonly bindings: readonly Binding[]
  /** Every import statement, those inside functions too. */
  readonly imports: readonly { readonly module: ModuleRef; readonly names: readonly string[] }[]
  /** What `__all__` names, as far as it is written out; null where there is none. */
  readonly exported: readonly string[] | null
}

const OTHER: Meaning = { kind: 'other' }

/** Reads a module's scope off its tree. Never throws, whatever the tree. */
export function readScope(root: Node): ModuleScope {
  const bindings: Binding[] = []
  const exported: string[] = []
  let hasAll = false
  for (const { node, conditional, unreachable } of statementsOf(root)) {
    const bind = (name: string, meaning: Meaning): void => {
      bindings.push({ name, meaning, conditional })
    }
    const definition = node.type === 'decorated_definition' ? node.childForFieldName('definition') : node
    switch (definition?.type) {
      case 'import_statement':
      case 'import_from_statement':
        for (const { name, meaning } of importBindings(definition)) bind(name, meaning)
        break
      case 'class_definition': {
        const statement = classStatement(definition, unreachable)
        bind(statement.name, { kind: 'class', statement })
        break
      }
      case 'function_definition': {
        const name = textOf(definition, 'name')
        const line = definition.startPosition.row + 1
        bind(name, { kind: 'function', statement: { name, line, unreachable } })
        break
      }
      case 'expression_statement': {
        const names = allNames(definition)
        if (names !== null) {
          hasAll = true
          for (const each of names) exported.push(each)
        }
        for (const { name, meaning } of assignments(definition)) bind(name, meaning)
        break
      }
      default:
    }
  }
  const imports = present(root.descendantsOfType(['import_statement', 'import_from_statement'])).flatMap(
    importsOf,
  )
  return { bindings, imports, exported: hasAll ? exported : null }
}

function classStatement(node: Node, unreachable: boolean): ClassStatement {
  const given = present(node.childForFieldName('superclasses')?.namedChildren ?? []).filter(
    ({ type }) => type !== 'keyword_argument' && type !== 'comment',
  )
  const bases = given.map(dottedNames)
  return {
    name: textOf(node, 'name'),
    line: node.startPosition.row + 1,
    bases: bases.flat(),
    hasOtherBases: bases.some((names) => names.length === 0),
    members: membersOf(node.childForFieldName('body')),
    unreachable,
  }
}

function membersOf(body: Node | null): Set<string> {
  const members = new Set<string>()
  for (const { node } of body === null ? [] : statementsOf(body)) {
    if (node.type === 'function_definition') members.add(textOf(node, 'name'))
    else if (node.type === 'decorated_definition') {
      const decorators = present(node.namedChildren).filter(({ type }) => type === 'decorator')
      const abstract = decorators.some(({ text }) =>
        /\babstract(?:class|static)?(?:method|property)\s*$/.test(text),
      )
      const definition = node.childForFieldName('definition')
      if (!abstract && definition !== null) members.add(textOf(definition, 'name'))
    } else if (node.type === 'expression_statement') {
      for (const { name } of assignments(node)) members.add(name)
    }
  }
  return members
}

/** `a = b = value`, `a: T = value`, `a, b = …`: each name with what it is given. */
function assignments(statement: Node): readonly { readonly name: string; readonly meaning: Meaning }[] {
  const targets: Node[] = []
  let value = statement.namedChild(0)
  while (value?.type === 'assignment') {
    targets.push(...present([value.childForFieldName('left')]))
    value = value.childForFieldName('right')
  }
  const names = value === null ? [] : dottedNames(value)
  return targets.flatMap((target) => {
    if (target.type !== 'identifier') {
      return present(target.descendantsOfType('identifier')).map(({ text }) => ({
        name: text,
        meaning: OTHER,
      }))
    }
    // A mere annotation (`a: T`) binds nothing.
    if (value === null) return []
    return [
      { name: target.text, meaning: names.length === 0 ? OTHER : { kind: 'alias' as const, of: names } },
    ]
  })
}

/** The strings of `__all__ = […]`, `__all__ += […]`, `__all__.extend([…])`; null where the statement is another. */
function allNames(statement: Node): readonly string[] | null {
  const first = statement.namedChild(0)
  if (first?.type === 'assignment' || first?.type === 'augmented_assignment') {
    const value = first.childForFieldName('right')
    return first.childForFieldName('left')?.text === '__all__' && value !== null ? stringsIn(value) : null
  }
  if (first?.type !== 'call') return null
  const called = first.childForFieldName('function')?.text
  const given = first.childForFieldName('arguments')
  return given !== null && (called === '__all__.extend' || called === '__all__.append')
    ? stringsIn(given)
    : null
}

function importBindings(node: Node): readonly { readonly name: string; readonly meaning: Meaning }[] {
  if (node.type === 'import_statement') {
    return importedNames(node).flatMap(({ path, alias }) => {
      const [head] = path
      if (head === undefined) return []
      const bound = alias === null ? [head] : path
      return [
        { name: alias ?? head, meaning: { kind: 'module' as const, module: { level: 0, path: bound } } },
      ]
    })
  }
  const module = fromModule(node)
  if (hasStar(node)) return [{ name: '*', meaning: { kind: 'module', module } }]
  return importedNames(node).map(({ path, alias }) => {
    const name = path.join('.')
    return { name: alias ?? name, meaning: { kind: 'member', module, name } }
  })
}

function importsOf(node: Node): ModuleScope['imports'] {
  if (node.type === 'import_statement') {
    return importedNames(node).map(({ path }) => ({ module: { level: 0, path }, names: [] }))
  }
  return [{ module: fromModule(node), names: importedNames(node).map(({ path }) => path.join('.')) }]
}

function importedNames(
  node: Node,
): readonly { readonly path: readonly string[]; readonly alias: string | null }[] {
  return present(node.childrenForFieldName('name')).map((name) =>
    name.type === 'aliased_import'
      ? { path: pathOf(name.childForFieldName('name')), alias: textOf(name, 'alias') }
      : { path: pathOf(name), alias: null },
  )
}

function fromModule(node: Node): ModuleRef {
  const module = node.childForFieldName('module_name')
  if (module?.type !== 'relative_import') return { level: 0, path: pathOf(module) }
  const parts = present(module.namedChildren)
  const dots = parts.find(({ type }) => type === 'import_prefix')?.text ?? ''
  const path = pathOf(parts.find(({ type }) => type === 'dotted_name') ?? null)
  return { level: dots.replaceAll(/[^.]/g, '').length, path }
}

function hasStar(node: Node): boolean {
  return node.namedChildren.some((child) => child.type === 'wildcard_import')
}

function pathOf(name: Node | null): readonly string[] {
  return present(name?.namedChildren ?? [])
    .filter(({ type }) => type === 'identifier')
    .map(({ text }) => text)
}

function textOf(node: Node, field: string): string {
  return node.childForFieldName(field)?.text ?? ''
}
