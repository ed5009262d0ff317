import type { PythonNeeds, Source } from '../importer.ts'
import type { PythonModule } from '../python/project.ts'
import type { Finding } from '../source/finding.ts'
import { KNOWN_PACKAGES, TRAPS } from './known-packages.ts'
import { normalName } from './pep508.ts'
import { lineOf, type Requirement } from './requirement-lines.ts'
import { STANDARD_LIBRARY } from './standard-library.ts'
import type { Stated } from './stated.ts'

/** The library that runs a source: what is required of it beside what the source says. */
export interface LibraryNeed {
  readonly package: string
  /** Added to the source's own bounds: `<0.4`; empty for any version. */
  readonly bounds: string
  /** Versions of Python that the library runs on. */
  readonly requiresPython: string
}

/** What a package needs of Python, and what was found on the way. */
export interface Needs {
  readonly python: PythonNeeds
  readonly findings: readonly Finding[]
}

/**
 * What the modules that an entry point reaches need: what the source states, the library within its bounds, and packages that
 * are imported, not stated, and known by name. What the source has from elsewhere is never asked of the index by its name.
 */
export function needsOf(source: Source, entry: PythonModule, stated: Stated, library: LibraryNeed): Needs {
  const found: Finding[] = [...stated.findings]
  const kept: Requirement[] = []
  for (const requirement of stated.requirements) {
    const trap = TRAPS[requirement.package]
    if (trap === undefined) kept.push(requirement)
    else found.push({ file: 'pyproject.toml', line: null, message: trap })
  }
  // The library is the index's own, wherever the source has it from.
  const notFollowed = stated.notFollowed.filter(({ name }) => name !== library.package)
  const named = new Set([...kept.map((each) => each.package), ...notFollowed.map(({ name }) => name)])
  const texts = kept.map(lineOf)
  // Beside the source's own: the resolver takes what both allow.
  if (library.bounds !== '' || !named.has(library.package)) texts.push(library.package + library.bounds)
  named.add(library.package)
  for (const module of source.python.reachedFrom(entry)) {
    for (const name of foreignImports(module, source.python)) {
      const known = KNOWN_PACKAGES[name]
      if (known !== undefined && !named.has(known)) {
        named.add(known)
        texts.push(known)
      } else if (known === undefined && !named.has(normalName(name)) && TRAPS[name] === undefined) {
        named.add(normalName(name))
        const message = `It imports ${name}, which no requirement of the source names: add it to python/requirements.lock if it is needed.`
        found.push({ file: module.file, line: null, message })
      }
    }
  }
  const requires = [
    ...new Set([...clauses(stated.requiresPython ?? ''), ...clauses(library.requiresPython)]),
  ].join(',')
  return {
    python: {
      requires,
      requirements: [...new Set(texts)].sort(),
      ...(notFollowed.length > 0 && { notFollowed }),
    },
    findings: found,
  }
}

/** Top-level names that a module imports from outside the source and Python's own library. */
function foreignImports(module: PythonModule, { paths }: Source['python']): readonly string[] {
  const names = module.scope.imports.flatMap(({ module: ref }) => {
    const [head] = ref.path
    return ref.level > 0 ||
      head === undefined ||
      paths.shadows(ref, module.file) ||
      paths.find({ level: 0, path: [head] }, module.file) !== null
      ? []
      : [head]
  })
  return [...new Set(names)].filter((name) => !STANDARD_LIBRARY.has(name) && name !== '__future__').sort()
}

function clauses(specifier: string): string[] {
  return specifier.split(',').filter((clause) => clause !== '')
}
