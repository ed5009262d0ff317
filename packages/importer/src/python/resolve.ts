import type { Dotted } from './expression.ts'
import type { Binding, ClassStatement, ModuleRef } from './module.ts'
import type { PythonModule, PythonProject } from './project.ts'

/** A class of the source, where it is defined. */
export interface LocalClass {
  readonly module: PythonModule
  readonly statement: ClassStatement
}

/** What a name may stand for: a class of the source, or something of an installed library by its full name. */
export type Target =
  { readonly kind: 'class'; readonly class: LocalClass } | { readonly kind: 'library'; readonly path: string }

/** What a class inherits, over the whole of the source. */
export interface Ancestry {
  /** Full names of the libraries' classes at the ends. */
  readonly libraries: ReadonlySet<string>
  /** Classes of the source in between, nearest first; without the class itself. */
  readonly classes: readonly LocalClass[]
  /** Whether some base could not be made out, so that there may be members that nobody sees. */
  readonly open: boolean
}

/** How deep aliases of aliases are followed; who writes more means harm. */
const MOST_STEPS = 200

/** Follows names through a source as Python would when it imports it. Runs nothing. */
export class NameResolver {
  readonly #project: PythonProject
  readonly #ancestries = new Map<ClassStatement, Ancestry>()
  readonly #bases = new Map<ClassStatement, Bases>()

  constructor(project: PythonProject) {
    this.#project = project
  }

  /** What a dotted name means at the end of a module, or before one of its bindings. */
  resolve(dotted: Dotted, module: PythonModule, before = Infinity): readonly Target[] {
    const walk: Walk = { steps: 0, seen: new Set() }
    return distinct(this.#resolve(dotted, module, before, walk))
  }

  /** What a class of the source inherits. */
  ancestryOf(found: LocalClass): Ancestry {
    const known = this.#ancestries.get(found.statement)
    if (known !== undefined) return known
    const libraries = new Set<string>()
    const classes: LocalClass[] = []
    const seen = new Set([found.statement])
    let open = false
    // Grows while it is walked.
    const chain = [found]
    for (const each of chain) {
      const bases = this.#basesOf(each)
      open ||= bases.open
      for (const target of bases.targets) {
        if (target.kind === 'library') libraries.add(target.path)
        else if (!seen.has(target.class.statement)) {
          seen.add(target.class.statement)
          classes.push(target.class)
          chain.push(target.class)
        }
      }
    }
    const ancestry = { libraries, classes, open }
    this.#ancestries.set(found.statement, ancestry)
    return ancestry
  }

  /** What stands in a class statement's brackets. */
  #basesOf({ module, statement }: LocalClass): Bases {
    const known = this.#bases.get(statement)
    if (known !== undefined) return known
    const at = module.scope.bindings.findIndex(
      ({ meaning }) => meaning.kind === 'class' && meaning.statement === statement,
    )
    const before = at === -1 ? Infinity : at
    const resolved = statement.bases.map((base) => ({ base, targets: this.resolve(base, module, before) }))
    const unknown = resolved.some(
      ({ base, targets }) => targets.length === 0 && !HARMLESS_BASES.has(base.at(-1) ?? ''),
    )
    const bases = {
      targets: resolved.flatMap(({ targets }) => targets),
      open: statement.hasOtherBases || unknown,
    }
    this.#bases.set(statement, bases)
    return bases
  }

  /** The classes of a module's own scope that its names still mean when it has been imported. */
  classesOf(module: PythonModule): readonly LocalClass[] {
    const names = new Set(
      module.scope.bindings.flatMap(({ name, meaning }) => (meaning.kind === 'class' ? [name] : [])),
    )
    return [...names].flatMap((name) =>
      this.#meanings(name, module, Infinity).flatMap(({ meaning }) =>
        meaning.kind === 'class' && !meaning.statement.unreachable
          ? [{ module, statement: meaning.statement }]
          : [],
      ),
    )
  }

  #resolve([head, ...rest]: Dotted, module: PythonModule, before: number, walk: Walk): readonly Target[] {
    const key = `${module.file}:${[head, ...rest].join('.')}:${String(before)}`
    walk.steps += 1
    if (walk.steps > MOST_STEPS || walk.seen.has(key)) return []
    walk.seen.add(key)
    return this.#meanings(head, module, before).flatMap(({ meaning, at, name }) => {
      switch (meaning.kind) {
        case 'class':
          return rest.length > 0 || meaning.statement.unreachable
            ? []
            : [{ kind: 'class' as const, class: { module, statement: meaning.statement } }]
        case 'alias':
          return meaning.of.flatMap((of) =>
            this.#resolve([...of, ...rest] as unknown as Dotted, module, at, walk),
          )
        case 'module':
          // A star stands for all that a module exports; everything else for the module itself.
          return this.#member(meaning.module, name === '*' ? [head, ...rest] : rest, module, walk)
        case 'member':
          return this.#member(meaning.module, [meaning.name, ...rest], module, walk)
        case 'function':
        case 'other':
          return []
      }
    })
  }

  /** A name inside a module: one of the source, or a library's. */
  #member(ref: ModuleRef, names: readonly string[], from: PythonModule, walk: Walk): readonly Target[] {
    const [name, ...rest] = names
    if (name === undefined) return []
    const { paths } = this.#project
    const file = paths.find(ref, from.file)
    if (file !== null) {
      const target = this.#project.module(file)
      const found = target === null ? [] : this.#resolve([name, ...rest], target, Infinity, walk)
      return found.length > 0 ? found : this.#member({ ...ref, path: [...ref.path, name] }, rest, from, walk)
    }
    if (ref.level > 0) return []
    const own = paths.shadows(ref, from.file)
    // A folder without __init__.py: its modules are the source's own all the same.
    const deeper = paths.find({ ...ref, path: [...ref.path, name] }, from.file)
    if (deeper !== null) return this.#member({ ...ref, path: [...ref.path, name] }, rest, from, walk)
    return own ? [] : [{ kind: 'library', path: [...ref.path, ...names].join('.') }]
  }

  /** The bindings that may give a name its meaning at a place: the last one for sure, and those in branches after it. */
  #meanings(
    name: string,
    { scope, file }: PythonModule,
    before: number,
  ): readonly (Binding & { readonly at: number })[] {
    const found: (Binding & { readonly at: number })[] = []
    for (let at = Math.min(before, scope.bindings.length) - 1; at >= 0; at -= 1) {
      const binding = scope.bindings[at]
      if (binding === undefined || (binding.name !== name && !this.#starGives(binding, name, file))) continue
      found.push({ ...binding, at })
      if (!binding.conditional) break
    }
    return found
  }

  /** Whether a star import brings a name: of the source's own modules what they bind, of libraries what is looked for. */
  #starGives({ name: bound, meaning }: Binding, name: string, file: string): boolean {
    if (bound !== '*' || meaning.kind !== 'module' || name.startsWith('_')) return false
    const own = this.#project.paths.find(meaning.module, file)
    if (own === null) return LIBRARY_NAMES.has(name) && !this.#project.paths.shadows(meaning.module, file)
    const module = this.#project.module(own)
    if (module === null) return false
    const { exported, bindings } = module.scope
    return exported?.includes(name) ?? bindings.some((each) => each.name === name || each.name === '*')
  }
}

interface Bases {
  readonly targets: readonly Target[]
  readonly open: boolean
}

interface Walk {
  steps: number
  readonly seen: Set<string>
}

/** What of libraries is looked for by name, and may come by a star import. */
const LIBRARY_NAMES: ReadonlySet<string> = new Set(['Environment', 'Taskset'])
/** Bases that add no members of interest. */
const HARMLESS_BASES: ReadonlySet<string> = new Set(['object', 'ABC', 'Protocol', 'Generic'])

function distinct(targets: readonly Target[]): readonly Target[] {
  const seen = new Set<unknown>()
  return targets.filter((target) => {
    const key = target.kind === 'class' ? target.class.statement : target.path
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
