import type { Node } from 'web-tree-sitter'
import type { Source } from '../importer.ts'
import { present } from './expression.ts'
import type { PythonModule } from './project.ts'

/** Something of a library that a source uses, by its full name, and the first place where it does. */
export interface LibraryUse {
  /** `verifiers.envs.tool_env.ToolEnv`. */
  readonly name: string
  readonly file: string
  /** From 1. */
  readonly line: number
}

/**
 * What modules import from a library, and which attributes of it they name. What stands in a `try` or in a branch on
 * `TYPE_CHECKING` is no use: the source goes on without it.
 */
export function libraryUses(
  { python }: Source,
  modules: readonly PythonModule[],
  library: string,
): readonly LibraryUse[] {
  const found = new Map<string, LibraryUse>()
  for (const module of modules) {
    const aliases = aliasesOf(
      module,
      library,
      python.paths.shadows({ level: 0, path: [library] }, module.file),
    )
    const add = (name: string, node: Node): void => {
      if (!found.has(name)) found.set(name, { name, file: module.file, line: node.startPosition.row + 1 })
    }
    if (aliases.size === 0) continue
    python.look(module.file, (root) => {
      for (const node of present(root.descendantsOfType(['import_statement', 'import_from_statement'])))
        if (!isOptional(node)) for (const name of importedFrom(node, library)) add(name, node)
      for (const node of present(root.descendantsOfType('attribute'))) {
        if (node.parent?.type === 'attribute' || isOptional(node)) continue
        const [head = '', ...rest] = node.text.split('.')
        const full = aliases.get(head)
        if (full !== undefined && rest.every((part) => /^\w+$/.test(part)))
          add([full, ...rest].join('.'), node)
      }
    })
  }
  return [...found.values()]
}

/** What the names of a module stand for, as far as that is the library or a part of it. */
function aliasesOf({ scope }: PythonModule, library: string, shadowed: boolean): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>()
  for (const { name, meaning } of shadowed ? [] : scope.bindings) {
    if (meaning.kind !== 'module' && meaning.kind !== 'member') continue
    const { level, path } = meaning.module
    if (level > 0 || path[0] !== library) continue
    aliases.set(name, (meaning.kind === 'member' ? [...path, meaning.name] : path).join('.'))
  }
  return aliases
}

function importedFrom(node: Node, library: string): readonly string[] {
  const names = present(node.childrenForFieldName('name')).map(
    (name) =>
      (name.type === 'aliased_import' ? name.childForFieldName('name') : name)?.text.replaceAll(/\s/g, '') ??
      '',
  )
  if (node.type === 'import_statement')
    return names.filter((name) => name === library || name.startsWith(`${library}.`))
  const from = node.childForFieldName('module_name')?.text.replaceAll(/\s/g, '') ?? ''
  if (from !== library && !from.startsWith(`${library}.`)) return []
  return names.length === 0 ? [from] : names.map((name) => `${from}.${name}`)
}

function isOptional(node: Node): boolean {
  for (let at = node.parent; at !== null; at = at.parent) {
    if (
      at.type === 'try_statement' &&
      present(at.namedChildren).some(({ type }) => type.startsWith('except'))
    )
      return true
    if (
      at.type === 'if_statement' &&
      /\b(?:TYPE_CHECKING|hasattr)\b/.test(at.childForFieldName('condition')?.text ?? '')
    )
      return true
  }
  return false
}
