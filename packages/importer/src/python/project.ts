import { isAscii, isUtf8 } from 'node:buffer'
import type { Node } from 'web-tree-sitter'
import type { Finding } from '../source/finding.ts'
import type { SourceTree } from '../source/tree.ts'
import { importWords } from './import-words.ts'
import { readScope, type ModuleRef, type ModuleScope } from './module.ts'
import { modulePaths, type ModulePaths } from './module-path.ts'
import { loadParsers, type Parsers } from './parsers.ts'
import { skeleton } from './skeleton.ts'

/** A module of a source, parsed. */
export interface PythonModule {
  /** Relative to the source. */
  readonly file: string
  /** As it is imported with the source's root, or its `src/`, on the path. */
  readonly name: string
  readonly scope: ModuleScope
}

/** The Python of a source. Files are parsed when they are asked for, each once; nothing is ever run. */
export interface PythonProject {
  readonly paths: ModulePaths
  /** A file's module; null where it is not Python, or not the source's. Why is among the findings. */
  module(file: string): PythonModule | null
  /**
   * The modules that import one of the libraries, themselves or through modules of the source. Sorted by file.
   *
   * @param libraries - Top-level module names, for example `verifiers`.
   */
  modulesUsing(libraries: readonly string[]): readonly PythonModule[]
  /** The modules whose text has a name in it. Sorted by file. */
  modulesNaming(name: string): readonly PythonModule[]
  /** The files of the source that a module imports, straight. */
  importsOf(module: PythonModule): ReadonlySet<string>
  /** A module and all of the source that it imports, straight or not. */
  reachedFrom(module: PythonModule): ReadonlySet<PythonModule>
  /** Looks at a module's syntax tree, which is gone afterwards; null where there is none. */
  look<T>(file: string, at: (root: Node) => T): T | null
  /** What was found while reading so far, sorted by file. */
  findings(): readonly Finding[]
  /** Reports syntax errors also in modules that no library's user reaches; where there is too much of them, says so. */
  checkTheRest(): void
}

/** Nobody writes a larger module by hand; generated ones hold data. */
const MOST_BYTES = 4 * 1024 * 1024
/** How much of what detection has no need of is checked for syntax errors: a few seconds' worth. */
const CHECKED_REST_BYTES = 32 * 1024 * 1024

/** Opens a source's Python: reads each file once to sieve it, and loads the parsers. */
export async function openProject(tree: SourceTree): Promise<PythonProject> {
  return projectOf(tree, await loadParsers())
}

function projectOf(tree: SourceTree, parsers: Parsers): PythonProject {
  const findings: Finding[] = []
  const report = (file: string, message: string, line: number | null = null): void => {
    findings.push({ file, line, message })
  }
  /** Readable Python files with their sizes and the words of their imports. */
  const sieved = new Map<string, { readonly bytes: number; readonly words: ReadonlySet<string> }>()
  const byWord = new Map<string, string[]>()
  const python = tree.files.filter(({ path }) => path.endsWith('.py'))
  for (const { path, bytes } of python) {
    const text = bytes > MOST_BYTES ? tooLarge(path, bytes) : textOf(path)
    if (text === null) continue
    const words = importWords(text)
    sieved.set(path, { bytes, words })
    for (const word of words) {
      const files = byWord.get(word)
      if (files === undefined) byWord.set(word, [path])
      else files.push(path)
    }
  }
  const paths = modulePaths(new Set(python.map(({ path }) => path)))
  const modules = new Map<string, PythonModule | null>()
  const imports = new Map<PythonModule, ReadonlySet<string>>()

  const project: PythonProject = {
    paths,
    module: (file) => {
      const known = modules.get(file)
      if (known !== undefined) return known
      const parsed = sieved.has(file) ? parse(file) : null
      modules.set(file, parsed)
      return parsed
    },
    modulesUsing: (libraries) => {
      const using = new Map<string, PythonModule>()
      const seeds = new Set(libraries.flatMap((library) => byWord.get(library) ?? []))
      const pending: PythonModule[] = []
      const add = (module: PythonModule): void => {
        using.set(module.file, module)
        pending.push(module)
      }
      for (const file of seeds) {
        const module = project.module(file)
        if (module?.scope.imports.some((each) => namesLibrary(each, libraries, file)) === true) add(module)
      }
      for (let used = pending.pop(); used !== undefined; used = pending.pop()) {
        for (const file of mayImport(used.file)) {
          if (using.has(file)) continue
          const module = project.module(file)
          if (module !== null && project.importsOf(module).has(used.file)) add(module)
        }
      }
      for (const module of using.values()) project.reachedFrom(module)
      return [...using.values()].sort((one, other) => (one.file < other.file ? -1 : 1))
    },
    modulesNaming: (name) => {
      const files = [...sieved.keys()].filter((file) => textOf(file)?.includes(name) === true)
      return files.sort().flatMap((file) => project.module(file) ?? [])
    },
    importsOf: (module) => {
      const known = imports.get(module)
      if (known !== undefined) return known
      const found = new Set(module.scope.imports.flatMap((each) => filesOf(each, module.file)))
      imports.set(module, found)
      return found
    },
    reachedFrom: (start) => {
      const reached = new Set([start])
      // Grows while it is walked.
      for (const module of reached) {
        for (const file of project.importsOf(module)) {
          const imported = project.module(file)
          if (imported !== null) reached.add(imported)
        }
      }
      return reached
    },
    look: (file, at) => {
      const text = sieved.has(file) ? textOf(file) : null
      const syntax = text === null ? null : parsers.treeOf(text)
      try {
        return syntax === null ? null : at(syntax.rootNode)
      } finally {
        syntax?.delete()
      }
    },
    findings: () =>
      [...findings].sort((one, other) =>
        one.file === other.file ? (one.line ?? 0) - (other.line ?? 0) : one.file < other.file ? -1 : 1,
      ),
    checkTheRest: () => {
      const rest = [...sieved].filter(([file]) => !modules.has(file))
      let checked = 0
      for (const [at, [file, { bytes }]] of rest.entries()) {
        checked += bytes
        if (checked > CHECKED_REST_BYTES) {
          report(
            file,
            `This file and ${String(rest.length - at - 1)} more were not checked for syntax errors: there is too much.`,
          )
          return
        }
        const text = textOf(file)
        const fault = text === null ? null : parsers.faultOf(text)
        if (fault !== null) reportFault(file, fault)
      }
    },
  }
  return project

  function tooLarge(file: string, bytes: number): null {
    const size = `${(bytes / 1024 / 1024).toFixed(0)} MB`
    report(file, `${size}: modules of more than ${String(MOST_BYTES / 1024 / 1024)} MB are not read.`)
    return null
  }

  function textOf(file: string): string | null {
    let bytes: Buffer
    try {
      bytes = tree.read(file)
    } catch (error) {
      report(file, `It cannot be read (${error instanceof Error ? error.message : String(error)}).`)
      return null
    }
    if (isAscii(bytes)) return bytes.toString('latin1')
    if (isUtf8(bytes)) return bytes.toString('utf8').replace(/^\uFEFF/, '')
    report(file, 'Not UTF-8, so it is not read.')
    return null
  }

  function parse(file: string): PythonModule | null {
    const text = textOf(file)
    if (text === null) return null
    const fault = parsers.faultOf(text)
    if (fault !== null) {
      reportFault(file, fault)
      return null
    }
    // What functions do says nothing about a module's names, and is nine tenths of its text.
    let syntax = parsers.treeOf(skeleton(text))
    if (syntax?.rootNode.hasError === true) {
      syntax.delete()
      syntax = parsers.treeOf(text)
    }
    if (syntax === null) {
      report(file, 'Its structure cannot be read.')
      return null
    }
    try {
      if (syntax.rootNode.hasError)
        report(file, 'Parts of it could not be read: newer syntax than the parser knows.')
      return { file, name: paths.nameOf(file), scope: readScope(syntax.rootNode) }
    } finally {
      syntax.delete()
    }
  }

  function reportFault(
    file: string,
    fault: { readonly line: number | null; readonly message: string },
  ): void {
    report(file, `Not Python that can be read: ${fault.message}`, fault.line)
  }

  function namesLibrary(
    { module, names }: ModuleScope['imports'][number],
    libraries: readonly string[],
    from: string,
  ): boolean {
    const [head = ''] = module.path
    if (module.level > 0 || !libraries.includes(head)) return false
    const spelled =
      names.length === 0 ? [module] : names.map((name) => ({ level: 0, path: [...module.path, name] }))
    return spelled.some((each) => !paths.shadows(each, from)) && !paths.shadows(module, from)
  }

  /** The files that an import statement loads: the packages on the way, the module, and submodules that it names. */
  function filesOf({ module, names }: ModuleScope['imports'][number], from: string): string[] {
    const steps: ModuleRef[] = module.path.map((_, at) => ({ ...module, path: module.path.slice(0, at + 1) }))
    if (module.path.length === 0) steps.push(module)
    for (const name of names) steps.push({ ...module, path: [...module.path, name] })
    return steps.flatMap((step) => paths.find(step, from) ?? [])
  }

  /** Files whose imports say a word by which this one can be imported. */
  function mayImport(file: string): readonly string[] {
    const parts = file.slice(0, -'.py'.length).split('/')
    if (parts.at(-1) !== '__init__') return byWord.get(parts.at(-1) ?? '') ?? []
    return [...(byWord.get(parts.at(-2) ?? '') ?? []), ...(byWord.get('.') ?? [])]
  }
}
