import { OpenEnvError } from '@openenv-ts/core'
import { firstSentence } from '@openenv-ts/core/host'
import { pythonWrapper, WRAPPER_DEPENDENCIES } from '../generate/python-wrapper.ts'
import type { Detection, EntryPoint, EnvironmentImporter, GeneratedEnvironment, Source } from '../importer.ts'
import { present } from '../python/expression.ts'
import type { PythonModule, PythonProject } from '../python/project.ts'
import { libraryUses } from '../python/library-uses.ts'
import { NameResolver, type LocalClass } from '../python/resolve.ts'
import { needsOf } from '../requirements/needs.ts'
import { projectFolder, statedNeeds } from '../requirements/stated.ts'
import { textTask } from '../requirements/text-tasks.ts'
import { verifiersRelease } from '../requirements/verifiers-release.ts'
import { variableNames } from '../sessions/named.ts'
import { sessionPlan } from '../sessions/plan.ts'
import { variablePlan } from '../sessions/variables.ts'
import { isImportable } from './importable.ts'

const LOAD = 'load_environment'
const TASKSETS: ReadonlySet<string> = new Set(['verifiers.v1.Taskset', 'verifiers.v1.taskset.Taskset'])

/** Prime Intellect's Verifiers: `load_environment` functions, and Tasksets of `verifiers.v1`. */
export const verifiersImporter: EnvironmentImporter = {
  sourceType: 'verifiers',
  version: '1',
  detect: (source) => Promise.resolve(detect(source)),
  generate: (source, entryPoint, request) => Promise.resolve(generate(source, entryPoint, request)),
}

function detect(source: Source): Detection {
  const { python } = source
  const using = python.modulesUsing(['verifiers'])
  const { loaders, inner } = loadersOf(source, using)
  const resolver = new NameResolver(python)
  // Before 0.2, `verifiers.v1` was another library, whose Tasksets are reached through a load_environment.
  const older = [...loaders, ...inner].some((loader) => {
    const module = python.module(loader.file)
    return (
      module !== null && [...python.reachedFrom(module)].some((each) => importsVerifiers(each, python, 'v1'))
    )
  })
  const tasksets = older ? [] : tasksetsOf(using, resolver)
  const inherited = new Set(
    tasksets.flatMap(({ found }) => resolver.ancestryOf(found).classes.map(({ statement }) => statement)),
  )
  const bases = tasksets.filter(({ found }) => inherited.has(found.statement))
  const own = tasksets.filter(({ found }) => !inherited.has(found.statement))
  const importable = [...loaders, ...own.map(({ entryPoint }) => entryPoint)].filter(({ module }) =>
    isImportable(module),
  )
  const hidden = loaders.filter(({ module }) => !isImportable(module))
  return {
    entryPoints: importable,
    bases: [
      ...bases.map(({ entryPoint }) => ({ ...entryPoint, why: 'other classes inherit from it' })),
      ...inner
        .filter(({ module }) => isImportable(module))
        .map((loader) => ({ ...loader, why: 'another load_environment calls it' })),
    ],
    findings: hidden.map(({ file, line }) => ({
      file,
      line,
      message: `${LOAD} is in a module whose name cannot be imported.`,
    })),
  }
}

/**
 * The `load_environment` functions of a source: in modules that import the library, be it through other modules of the source,
 * and in those of a project that requires it, where it may come by a package from elsewhere. One that another calls is inner.
 */
function loadersOf(
  source: Source,
  using: readonly PythonModule[],
): { readonly loaders: readonly EntryPoint[]; readonly inner: readonly EntryPoint[] } {
  const { python } = source
  const users = new Set(using)
  const required = new Map<string, boolean>()
  const isRequired = ({ file }: PythonModule): boolean => {
    const folder = projectFolder(source.tree, file)
    const known = required.get(folder)
    if (known !== undefined) return known
    const { requirements, notFollowed } = statedNeeds(source, file)
    const names = [...requirements.map((each) => each.package), ...notFollowed.map(({ name }) => name)]
    const found =
      names.includes('verifiers') && !python.paths.shadows({ level: 0, path: ['verifiers'] }, file)
    required.set(folder, found)
    return found
  }
  const found = python.modulesNaming(LOAD).flatMap((module) => {
    const loader = loaderIn(source, module)
    return loader !== null && (users.has(module) || isRequired(module)) ? [{ module, loader }] : []
  })
  const calledBy = (one: PythonModule, other: PythonModule): boolean =>
    one !== other &&
    python.reachedFrom(other).has(one) &&
    // Each may use the other's helpers: only the way that leads to its load_environment counts.
    !python.reachedFrom(one).has(other) &&
    namesLoader(source, other, one)
  const inner = found.filter(({ module }) => found.some((other) => calledBy(module, other.module)))
  const outer = found.filter((each) => !inner.includes(each))
  return { loaders: outer.map(({ loader }) => loader), inner: inner.map(({ loader }) => loader) }
}

/** Whether a module calls the `load_environment` of another: by the name that it imports it under, or as its attribute. */
function namesLoader({ tree, python }: Source, module: PythonModule, of: PythonModule): boolean {
  const imported = module.scope.imports.some(({ module: ref, names }) => {
    const file = python.paths.find(ref, module.file)
    return names.includes(LOAD) && file !== null && (file === of.file || reexports(python, file, of))
  })
  return imported || new RegExp(`\\.${LOAD}\\s*\\(`).test(tree.read(module.file).toString('utf8'))
}

function reexports(python: PythonProject, file: string, of: PythonModule): boolean {
  const module = python.module(file)
  return module !== null && python.reachedFrom(module).has(of)
}

/** What a module's `load_environment` is: a function, or a name that it gives to one. */
function loaderIn({ tree, python }: Source, module: PythonModule): EntryPoint | null {
  const last = module.scope.bindings.findLast(({ name }) => name === LOAD)
  if (last === undefined) return null
  const entryPoint = (line: number): EntryPoint => ({
    module: module.name,
    name: LOAD,
    file: module.file,
    line,
    kind: 'verifiers',
  })
  const { meaning } = last
  switch (meaning.kind) {
    case 'function':
      return meaning.statement.unreachable ? null : entryPoint(meaning.statement.line)
    case 'member':
      // One of the source's own is found where it is defined; one from elsewhere is offered here alone.
      return python.paths.find(meaning.module, module.file) === null &&
        meaning.module.level === 0 &&
        meaning.module.path[0] !== 'verifiers'
        ? entryPoint(lineOf(tree.read(module.file).toString('utf8')))
        : null
    case 'alias':
      return meaning.of.some(([name]) => isFunction(module, name))
        ? entryPoint(lineOf(tree.read(module.file).toString('utf8')))
        : null
    case 'other': {
      const text = tree.read(module.file).toString('utf8')
      return MADE.test(text) ? entryPoint(lineOf(text)) : null
    }
    case 'class':
    case 'module':
      return null
  }
}

const MADE = new RegExp(`^${LOAD}\\s*(?::[^=\\n]+)?=\\s*(?:lambda\\b|(?:functools\\.)?partial\\()`, 'm')

function isFunction({ scope }: PythonModule, name: string): boolean {
  const { kind } = scope.bindings.findLast((binding) => binding.name === name)?.meaning ?? { kind: 'other' }
  return kind === 'function' || kind === 'member'
}

function lineOf(text: string): number {
  return text.slice(0, Math.max(0, text.search(new RegExp(`\\b${LOAD}\\b`)))).split('\n').length
}

/** Whether a module itself imports the library, or a part of it. */
function importsVerifiers({ scope, file }: PythonModule, { paths }: PythonProject, part?: string): boolean {
  return scope.imports.some(({ module, names }) => {
    if (module.level > 0 || module.path[0] !== 'verifiers' || paths.shadows(module, file)) return false
    return part === undefined || module.path[1] === part || (module.path.length === 1 && names.includes(part))
  })
}

interface FoundTaskset {
  readonly found: LocalClass
  readonly entryPoint: EntryPoint
}

/** Taskset classes that some module names in `__all__`: each once, under the module nearest to the root. */
function tasksetsOf(modules: readonly PythonModule[], resolver: NameResolver): readonly FoundTaskset[] {
  const byClass = new Map<LocalClass['statement'], FoundTaskset>()
  const depth = (name: string): number => name.split('.').length
  for (const module of [...modules].sort((one, other) => depth(one.name) - depth(other.name))) {
    for (const name of module.scope.exported ?? []) {
      for (const target of resolver.resolve([name], module)) {
        if (target.kind !== 'class' || byClass.has(target.class.statement)) continue
        const { libraries } = resolver.ancestryOf(target.class)
        if (![...libraries].some((base) => TASKSETS.has(base))) continue
        const { statement, module: at } = target.class
        byClass.set(statement, {
          found: target.class,
          entryPoint: {
            module: module.name,
            name,
            file: at.file,
            line: statement.line,
            kind: 'verifiers-v1',
          },
        })
      }
    }
  }
  return [...byClass.values()]
}

function generate(
  source: Source,
  entryPoint: EntryPoint,
  { name, vendored }: { readonly name: string; readonly vendored: string },
): GeneratedEnvironment {
  const { python } = source
  const entry = python.module(entryPoint.file)
  if (entry === null) throw new OpenEnvError('VALIDATION_ERROR', `${entryPoint.file} cannot be read.`)
  const reached = [...python.reachedFrom(entry)]
  const taskset = entryPoint.kind === 'verifiers-v1'
  const older = !taskset && reached.some((module) => importsVerifiers(module, python, 'v1'))
  const stated = statedNeeds(source, entry.file)
  const release = verifiersRelease({
    generation: taskset ? 'tasksets' : older ? 'first' : 'classic',
    stated: stated.requirements.flatMap((each) => (each.package === 'verifiers' ? each.parsed.clauses : [])),
    uses: libraryUses(source, reached, 'verifiers'),
    textTask: taskset ? null : textTask(source, reached),
  })
  const needs = needsOf(source, entry, stated, release)
  const shared = taskset ? ['Taskset', 'Task', 'Env'] : ['Env', 'Environment', 'Rubric']
  const sessions = sessionPlan(source, reached, { shared })
  const judges =
    reached.some(({ scope }) =>
      scope.imports.some(({ names }) => names.some((each) => /Judge/.test(each))),
    ) || mentionsJudge(source, reached)
  const variables = variablePlan([
    ...variableNames(source, reached),
    ...(judges ? ['OPENAI_API_KEY', 'OPENAI_BASE_URL'] : []),
    ...(readsHub(reached) ? ['HF_TOKEN', 'HF_ENDPOINT'] : []),
  ])
  const description =
    (stated.description === null ? null : firstSentence(stated.description)) ??
    `${entryPoint.module}, an environment of Verifiers.`
  const requiredArguments = entryPoint.kind === 'verifiers' && !older ? requiredOf(source, entry) : []
  const wrapper = pythonWrapper({
    name,
    description,
    source: { kind: entryPoint.kind, path: vendored, module: entryPoint.module, attribute: entryPoint.name },
    requires: needs.python.requires,
    sessions: sessions.mode,
    variables,
    requiredArguments,
  })
  return {
    description,
    wrapper,
    python: needs.python,
    dependencies: WRAPPER_DEPENDENCIES,
    sessions,
    secrets: [],
    variables,
    requiredArguments,
    notes: [
      'There is one tool, `submit`: it takes what the assistant says next, as `completion` or as `messages`, plays it through the library’s own loop, and answers with what follows; at the end with reward, metrics and stop condition. Turn limits, tools and stop rules are the library’s.',
      ...(judges
        ? [
            'Its rubric asks a judge model: put `OPENAI_API_KEY` into `variables` of `src/index.ts`; `OPENAI_BASE_URL`, for another endpoint, is passed on. Without a key an episode is not started.',
          ]
        : []),
    ],
    findings: [...needs.findings, ...release.findings],
  }
}

function mentionsJudge({ tree }: Source, modules: readonly PythonModule[]): boolean {
  return modules.some(({ file }) => /\bJudgeRubric\b/.test(tree.read(file).toString('utf8')))
}

/** Whether the source asks Hugging Face for data, of which some is for those with a token. */
function readsHub(modules: readonly PythonModule[]): boolean {
  return modules.some(({ scope }) =>
    scope.imports.some(
      ({ module: { path, level } }) =>
        level === 0 && (path[0] === 'datasets' || path[0] === 'huggingface_hub'),
    ),
  )
}

/** The parameters of a module's `load_environment` that have no default. */
function requiredOf({ python }: Source, { file }: PythonModule): readonly string[] {
  return (
    python.look(file, (root) => {
      const definition = present(root.descendantsOfType('function_definition')).findLast(
        (node) => node.childForFieldName('name')?.text === LOAD,
      )
      const parameters = present(definition?.childForFieldName('parameters')?.namedChildren ?? [])
      return parameters.flatMap((node) => {
        if (node.type === 'identifier') return [node.text]
        const name = node.type === 'typed_parameter' ? node.namedChild(0) : null
        return name?.type === 'identifier' ? [name.text] : []
      })
    }) ?? []
  )
}
