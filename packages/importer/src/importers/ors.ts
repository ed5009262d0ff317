import { OpenEnvError } from '@openenv-ts/core'
import { firstSentence } from '@openenv-ts/core/host'
import { pythonWrapper, WRAPPER_DEPENDENCIES } from '../generate/python-wrapper.ts'
import type { Detection, EntryPoint, EnvironmentImporter, GeneratedEnvironment, Source } from '../importer.ts'
import { NameResolver, type LocalClass } from '../python/resolve.ts'
import { needsOf } from '../requirements/needs.ts'
import { statedNeeds } from '../requirements/stated.ts'
import { secretNames, variableNames } from '../sessions/named.ts'
import { sessionPlan } from '../sessions/plan.ts'
import { variablePlan } from '../sessions/variables.ts'
import { isImportable } from './importable.ts'

/** Where libraries have, or had, their base class [IM-5]. */
const BASES: ReadonlySet<string> = new Set(
  [
    ...['ors', 'ors.environment', 'openreward.environments', 'openreward.environments.environment'],
    ...['openreward', 'openreward.environment', 'openrewardstandard', 'openrewardstandard.environment'],
  ].map((module) => `${module}.Environment`),
)
/** Bases that bring no tasks, splits or prompt. */
const EMPTY_BASES: ReadonlySet<string> = new Set([
  'abc.ABC',
  'typing.Generic',
  'typing.Protocol',
  'pydantic.BaseModel',
])
const LIBRARIES = ['ors', 'openreward', 'openrewardstandard']

/** ORS and OpenReward: classes that inherit `Environment`. */
export const orsImporter: EnvironmentImporter = {
  sourceType: 'ors',
  version: '1',
  detect: (source) => Promise.resolve(detect(source)),
  generate: (source, entryPoint, request) => Promise.resolve(generate(source, entryPoint, request)),
}

function detect({ python }: Source): Detection {
  const resolver = new NameResolver(python)
  const found: LocalClass[] = []
  for (const module of python.modulesUsing(LIBRARIES)) {
    for (const each of resolver.classesOf(module)) {
      if ([...resolver.ancestryOf(each).libraries].some((base) => BASES.has(base))) found.push(each)
    }
  }
  const inherited = new Set(
    found.flatMap((each) => resolver.ancestryOf(each).classes.map(({ statement }) => statement)),
  )
  const entryPoints: EntryPoint[] = []
  const bases: (EntryPoint & { readonly why: string })[] = []
  const findings: Detection['findings'][number][] = []
  for (const each of found) {
    const entryPoint: EntryPoint = {
      module: each.module.name,
      name: each.statement.name,
      file: each.module.file,
      line: each.statement.line,
      kind: 'ors',
    }
    if (!isImportable(entryPoint.module)) {
      findings.push({
        file: entryPoint.file,
        line: entryPoint.line,
        message: `${entryPoint.name} is in a module whose name cannot be imported.`,
      })
      continue
    }
    const lacking = lackingMembers(resolver, each)
    if (inherited.has(each.statement)) bases.push({ ...entryPoint, why: 'other classes inherit from it' })
    else if (lacking.length > 0) bases.push({ ...entryPoint, why: `it has no ${lacking.join(', no ')}` })
    else entryPoints.push(entryPoint)
  }
  return { entryPoints, bases, findings }
}

/** Of what an environment needs, own or inherited, what a class lacks for sure [IM-25]. */
function lackingMembers(resolver: NameResolver, found: LocalClass): readonly string[] {
  const { classes, libraries, open } = resolver.ancestryOf(found)
  // What comes from elsewhere is not seen, so it is not said to be lacking.
  if (open || [...libraries].some((base) => !BASES.has(base) && !EMPTY_BASES.has(base))) return []
  const members = new Set([found, ...classes].flatMap(({ statement }) => [...statement.members]))
  const has = (...names: readonly string[]): boolean => names.some((name) => members.has(name))
  return [
    ...(has('list_splits') ? [] : ['list_splits']),
    ...(has('list_tasks', 'get_task') ? [] : ['list_tasks']),
    ...(has('get_prompt', 'get_messages') ? [] : ['get_prompt']),
  ]
}

function generate(
  source: Source,
  entryPoint: EntryPoint,
  { name, vendored }: { readonly name: string; readonly vendored: string },
): GeneratedEnvironment {
  const { python } = source
  const entry = python.module(entryPoint.file)
  if (entry === null) throw new OpenEnvError('VALIDATION_ERROR', `${entryPoint.file} cannot be read.`)
  const resolver = new NameResolver(python)
  const statement = resolver.classesOf(entry).find((each) => each.statement.name === entryPoint.name)
  const bases = statement === undefined ? [] : [...resolver.ancestryOf(statement).libraries]
  const newer = bases.some((base) => base.startsWith('openreward.'))
  const stated = statedNeeds(source, entry.file)
  const needs = needsOf(source, entry, stated, {
    package: newer ? 'openreward' : 'ors-sdk',
    bounds: '',
    requiresPython: newer ? '>=3.11' : '>=3.10',
  })
  const reached = [...python.reachedFrom(entry)]
  const sessions = sessionPlan(source, reached, { shared: [] })
  const secrets = secretNames(source, reached)
  const variables = variablePlan(variableNames(source, reached))
  const description =
    (stated.description === null ? null : firstSentence(stated.description)) ??
    `${entryPoint.name}, an environment of Open Reward Standard.`
  const wrapper = pythonWrapper({
    name,
    description,
    source: { kind: 'ors', path: vendored, module: entryPoint.module, attribute: entryPoint.name },
    requires: needs.python.requires,
    sessions: sessions.mode,
    secrets,
    variables,
  })
  return {
    description,
    wrapper,
    python: needs.python,
    dependencies: WRAPPER_DEPENDENCIES,
    sessions,
    secrets,
    variables,
    notes: [
      'The tools are those of the class, those that it adds for a task, and its terminal tool, if it has one: that takes the last words of an agent, and can be called like the others. Rewards come from the class, call by call; none is made up.',
    ],
    findings: needs.findings,
  }
}
