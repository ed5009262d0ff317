import { firstSentence, OpenEnvError } from '@openenv-ts/core'
import { pythonWrapper } from '../generate/python-wrapper.ts'
import type { Detection, EntryPoint, EnvironmentImporter, GeneratedEnvironment, Source } from '../importer.ts'
import type { PythonModule, PythonProject } from '../python/project.ts'
import { NameResolver, type LocalClass } from '../python/resolve.ts'
import type { LibraryNeed } from '../requirements/needs.ts'
import { needsOf } from '../requirements/needs.ts'
import { statedNeeds } from '../requirements/stated.ts'
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

function detect({ python }: Source): Detection {
  const using = python.modulesUsing(['verifiers'])
  const loaders = using.flatMap((module) => (importsVerifiers(module, python) ? loaderOf(module) : []))
  const resolver = new NameResolver(python)
  // Before 0.2, `verifiers.v1` was another library, whose Tasksets are reached through a load_environment.
  const older = loaders.some((loader) => {
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
    bases: bases.map(({ entryPoint }) => ({ ...entryPoint, why: 'other classes inherit from it' })),
    findings: hidden.map(({ file, line }) => ({
      file,
      line,
      message: `${LOAD} is in a module whose name cannot be imported.`,
    })),
  }
}

function loaderOf(module: PythonModule): readonly EntryPoint[] {
  const last = module.scope.bindings.findLast(({ name }) => name === LOAD)
  if (last?.meaning.kind !== 'function' || last.meaning.statement.unreachable) return []
  return [
    {
      module: module.name,
      name: LOAD,
      file: module.file,
      line: last.meaning.statement.line,
      kind: 'verifiers',
    },
  ]
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
  const needs = needsOf(source, entry, stated, libraryNeed(taskset, older))
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
  const wrapper = pythonWrapper({
    name,
    description,
    source: { kind: entryPoint.kind, path: vendored, module: entryPoint.module, attribute: entryPoint.name },
    requires: needs.python.requires,
    sessions: sessions.mode,
    variables,
  })
  return {
    description,
    wrapper,
    python: needs.python,
    dependencies: {},
    sessions,
    secrets: [],
    variables,
    notes: [
      'There is one tool, `submit`: it takes what the assistant says next, as `completion` or as `messages`, plays it through the library’s own loop, and answers with what follows; at the end with reward, metrics and stop condition. Turn limits, tools and stop rules are the library’s.',
      ...(judges
        ? [
            'Its rubric asks a judge model: put `OPENAI_API_KEY` into `variables` of `src/index.ts`; `OPENAI_BASE_URL`, for another endpoint, is passed on. Without a key an episode is not started.',
          ]
        : []),
    ],
    findings: needs.findings,
  }
}

/** Bounds on the library: `load_environment` is gone since 0.4, and `verifiers.v1` became another library with 0.2 [IM-21]. */
function libraryNeed(taskset: boolean, older: boolean): LibraryNeed {
  if (taskset) return { package: 'verifiers', bounds: '>=0.2', requiresPython: '>=3.11,<3.15' }
  if (older) return { package: 'verifiers', bounds: '==0.1.14', requiresPython: '>=3.10,<3.14' }
  return { package: 'verifiers', bounds: '<0.4', requiresPython: '>=3.11,<3.14' }
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
