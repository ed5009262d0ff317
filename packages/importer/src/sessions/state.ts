import type { Node } from 'web-tree-sitter'
import { present } from '../python/expression.ts'

/** A place where code changes something that outlives an episode. */
export interface StatePlace {
  /** From 1. */
  readonly line: number
  readonly message: string
}

/** What state is looked for in. */
export interface StateQuestion {
  /** Names that the module binds to values or classes. */
  readonly names: ReadonlySet<string>
  /** What the names of base classes end in whose instances all sessions share. */
  readonly shared: readonly string[]
}

const CHANGING = new Set([
  ...['append', 'extend', 'insert', 'remove', 'pop', 'popitem', 'clear', 'sort', 'reverse'],
  ...['add', 'discard', 'update', 'setdefault', 'appendleft', 'popleft', 'put', 'put_nowait', 'push'],
])
const WRITING = new Set(['write_text', 'write_bytes', 'mkdir', 'touch', 'unlink', 'rmdir', 'symlink_to'])
const WRITING_CALLS =
  /^(?:os\.(?:makedirs|mkdir|remove|unlink|rename|replace|rmdir|chdir|putenv|symlink)|shutil\.\w+|sqlite3\.connect|dbm\.open|shelve\.open)$/
/** Methods in which an object is made, before any session has it. */
const MAKING = new Set(['__init__', '__post_init__', '__new__', '__init_subclass__'])

/** The places in a module's functions where they change names of the module, classes, shared objects, or the disk. */
export function stateIn(root: Node, question: StateQuestion): readonly StatePlace[] {
  const found: StatePlace[] = []
  for (const definition of present(root.descendantsOfType('function_definition'))) {
    const body = definition.childForFieldName('body')
    if (body === null) continue
    const inside = scopeOf(definition, question)
    for (const node of ownNodes(body)) {
      const message = changeIn(node, inside)
      if (message !== null) found.push({ line: node.startPosition.row + 1, message })
    }
  }
  return found
}

interface Inside {
  /** Names of the module that this function has not bound itself. */
  readonly outer: ReadonlySet<string>
  /** Names that it declares global. */
  readonly global: ReadonlySet<string>
  /** What the first parameter is called where it stands for something that sessions share. */
  readonly sharedSelf: string | null
  readonly classSelf: string | null
}

function scopeOf(definition: Node, { names, shared }: StateQuestion): Inside {
  const body = definition.childForFieldName('body')
  const global = new Set(
    present(body?.descendantsOfType('global_statement') ?? []).flatMap((node) =>
      present(node.namedChildren).map(({ text }) => text),
    ),
  )
  const own = new Set<string>()
  for (const node of present(
    definition.childForFieldName('parameters')?.descendantsOfType('identifier') ?? [],
  ))
    own.add(node.text)
  for (const node of present(
    body?.descendantsOfType(['assignment', 'for_statement', 'with_item', 'named_expression']) ?? [],
  )) {
    const target =
      node.childForFieldName('left') ?? node.childForFieldName('name') ?? node.childForFieldName('alias')
    if (target?.type === 'identifier' && !global.has(target.text)) own.add(target.text)
  }
  const first = present(definition.childForFieldName('parameters')?.namedChildren ?? [])[0]
  const self = first?.type === 'identifier' ? first.text : null
  const owner = ownerOf(definition)
  const name = definition.childForFieldName('name')?.text ?? ''
  const decorators =
    definition.parent?.type === 'decorated_definition' ? definition.parent.text.split('def ')[0] : ''
  const isClassMethod = /@classmethod\b/.test(decorators ?? '')
  const isShared =
    owner !== null &&
    !MAKING.has(name) &&
    !isClassMethod &&
    basesOf(owner).some((base) => shared.some((end) => base.endsWith(end)))
  return {
    outer: new Set([...names].filter((each) => !own.has(each))),
    global,
    sharedSelf: isShared ? self : null,
    classSelf: isClassMethod ? self : null,
  }
}

/** What a node changes that outlives the episode, in words; null for everything else. */
function changeIn(node: Node, inside: Inside): string | null {
  switch (node.type) {
    case 'assignment':
    case 'augmented_assignment': {
      const target = node.childForFieldName('left')
      return target === null || isCache(node) ? null : changedTarget(target, inside)
    }
    case 'delete_statement': {
      const target = node.namedChild(0)
      return target === null ? null : changedTarget(target, inside)
    }
    case 'call':
      return changingCall(node, inside)
    default:
      return null
  }
}

function changedTarget(target: Node, inside: Inside): string | null {
  if (target.type === 'identifier') {
    return inside.global.has(target.text) ? `It changes ${target.text}, which belongs to the module.` : null
  }
  if (target.type !== 'subscript' && target.type !== 'attribute') return null
  if (/^os\.environ\[/.test(target.text)) return 'It changes the environment variables of the process.'
  return holderIn(target.childForFieldName(target.type === 'subscript' ? 'value' : 'object'), target, inside)
}

function changingCall(node: Node, inside: Inside): string | null {
  const called = node.childForFieldName('function')
  if (called === null) return null
  const given = node.childForFieldName('arguments')?.text ?? ''
  if (called.text === 'open' || called.text.endsWith('.open')) {
    // A path's own `open` has the mode first.
    const first = called.text === 'open' ? undefined : /^\(\s*['"]([wax][bt+]{0,2})['"]\s*\)/.exec(given)?.[1]
    const mode = first ?? /,\s*(?:mode\s*=\s*)?['"]([rwaxbt+]{1,4})['"]/.exec(given)?.[1] ?? 'r'
    return /[wax+]/.test(mode) ? 'It writes a file.' : null
  }
  if (WRITING_CALLS.test(called.text)) {
    if (called.text === 'sqlite3.connect' && given.includes(':memory:')) return null
    return called.text === 'os.chdir' ? 'It changes the working directory.' : 'It changes files.'
  }
  if (called.type !== 'attribute') return null
  const method = called.childForFieldName('attribute')?.text ?? ''
  if (WRITING.has(method)) return 'It changes files.'
  if (!CHANGING.has(method)) return null
  return holderIn(called.childForFieldName('object'), called, inside)
}

/** Whether the thing at the bottom of `a.b[c].d` belongs to the module, to a class, or to an object that sessions share. */
function holderIn(from: Node | null, whole: Node, inside: Inside): string | null {
  let node = from
  let last: Node = whole
  while (node?.type === 'attribute' || node?.type === 'subscript') {
    last = node
    node = node.childForFieldName(node.type === 'subscript' ? 'value' : 'object')
  }
  if (node?.type !== 'identifier') return null
  const name = node.text
  const member = last.type === 'attribute' ? (last.childForFieldName('attribute')?.text ?? '') : ''
  if (name === inside.sharedSelf) return `It changes self.${member}, and all sessions share that object.`
  if (name === inside.classSelf) return `It changes ${name}.${member}, which belongs to the class.`
  if (inside.outer.has(name) || inside.global.has(name))
    return `It changes ${name}, which belongs to the module.`
  return null
}

/** `if cache is None: cache = …`, `if key not in cache: cache[key] = …`: kept to be quick, the same for every session. */
function isCache(node: Node): boolean {
  for (let at: Node | null = node.parent; at !== null && at.type !== 'function_definition'; at = at.parent) {
    if (at.type !== 'if_statement') continue
    const condition = at.childForFieldName('condition')?.text ?? ''
    if (/\bis\s+None\b|^not\s|\bnot\s+in\b|\bnot\s+hasattr\b/.test(condition)) return true
  }
  return false
}

/** The nodes of a function's body, without those of functions inside it. */
function ownNodes(body: Node): readonly Node[] {
  const found: Node[] = []
  const pending: Node[] = [body]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node !== body && (node.type === 'function_definition' || node.type === 'class_definition')) continue
    found.push(node)
    for (const child of present(node.namedChildren).reverse()) pending.push(child)
  }
  return found
}

function ownerOf(definition: Node): Node | null {
  let at = definition.parent
  if (at?.type === 'decorated_definition') at = at.parent
  const owner = at?.type === 'block' ? at.parent : null
  return owner?.type === 'class_definition' ? owner : null
}

function basesOf(owner: Node): readonly string[] {
  return present(owner.childForFieldName('superclasses')?.namedChildren ?? []).map(({ text }) =>
    text.replace(/\[.*$/s, ''),
  )
}
