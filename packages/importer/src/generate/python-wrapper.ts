import type { VariablePlan } from '../sessions/variables.ts'
import { OWN_VERSION } from '@openenv-ts/scaffold'
import { literal, type Literal } from './literal.ts'

/** What the wrapper of a Python source says. */
export interface PythonWrapper {
  /** Of the package. */
  readonly name: string
  /** One sentence. */
  readonly description: string
  readonly source: {
    /** Which adapter of the bridge it is for: `ors`, `verifiers` or `verifiers-v1`. */
    readonly kind: string
    /** Where the source lies in the package: `vendor/…`. */
    readonly path: string
    readonly module: string
    /** A class, or `load_environment`. */
    readonly attribute: string
  }
  /** A Python version specifier. */
  readonly requires: string
  readonly sessions: 'shared' | 'process' | 'single'
  /** Names of the secrets that reach the source, and no others. */
  readonly secrets?: readonly string[]
  /** Names of environment variables that the source reads: `held` ones stand in a comment, `refused` ones nowhere. */
  readonly variables?: VariablePlan
  /** Arguments without which the entry point cannot be called: they stand in a comment. */
  readonly requiredArguments?: readonly string[]
  /** Further options of `openPythonEnvironment`, in their order. */
  readonly more?: Readonly<Record<string, Literal>>
}

/** What a wrapper imports beside core, with its version. */
export const WRAPPER_DEPENDENCIES = { '@openenv-ts/python-bridge': `^${OWN_VERSION}` }

/** Where the requirements of a package lie: as the source states them, and as they were resolved. */
export const REQUIREMENTS = {
  stated: 'python/requirements.in',
  resolved: 'python/requirements.lock',
} as const

/** The version that every imported package starts with. */
export const FIRST_VERSION = '0.1.0'

const SESSIONS = {
  shared: 'Many in one Python process',
  process: 'Each in a process of its own, forked from one that has loaded the source',
  single: 'One at a time',
}

const NO_VARIABLES: VariablePlan = { passed: [], held: [], refused: [] }

/** The text of `src/index.ts` for a Python source: short, to be read and edited. */
export function pythonWrapper(wrapper: PythonWrapper): string {
  const { name, description, source, requires, sessions, secrets = [], more = {} } = wrapper
  const { variables = NO_VARIABLES, requiredArguments = [] } = wrapper
  const { kind, path, module, attribute } = source
  const options = [
    ['name', literal(name)],
    ['description', literal(description)],
    ['version', literal(FIRST_VERSION)],
    ['package', "new URL('..', import.meta.url)"],
    ['source', literal({ kind, path, module, attribute }, 1)],
    ['python', literal({ requires, requirements: REQUIREMENTS.resolved }, 1)],
    ['sessions', literal(sessions)],
    ...(secrets.length === 0 ? [] : [['secrets', literal(secrets, 1)]]),
    ...listed('variables', variables.passed.map(quotedLine), variables.held.map(quotedLine), '[]'),
    ...listed(
      'arguments',
      [],
      requiredArguments.map((each) => `${propertyName(each)}: …,`),
      '{}',
    ),
    ...Object.entries(more).map(([key, value]) => [key, literal(value, 1)]),
  ]
  const lines = options.flatMap(([key = '', value = '']) => [
    ...(key === 'sessions' ? [`  // ${SESSIONS[sessions]}; why stands in import.lock.json.`] : []),
    ...(key === 'secrets' ? ['  // No other secret reaches the source.'] : []),
    ...(key === 'variables'
      ? [
          '  // Environment variables that it gets beside the ordinary ones. It asks for those in comments too: they may hold secrets.',
        ]
      : []),
    ...(key === 'arguments' ? [`  // ${attribute} needs these.`] : []),
    `  ${key}: ${value},`,
  ])
  return [
    "import { openPythonEnvironment } from '@openenv-ts/python-bridge'",
    '',
    'export default await openPythonEnvironment({',
    ...lines,
    '})',
    '',
  ].join('\n')
}

/** An option whose entries stand one a line, those in comments last; nothing where there are none. */
function listed(
  key: string,
  entries: readonly string[],
  comments: readonly string[],
  brackets: '[]' | '{}',
): readonly (readonly [string, string])[] {
  if (entries.length + comments.length === 0) return []
  const lines = [...entries, ...comments.map((each) => `// ${each}`)].map((line) => `    ${line}\n`)
  return [[key, `${brackets.charAt(0)}\n${lines.join('')}  ${brackets.charAt(1)}`]]
}

function quotedLine(name: string): string {
  return `${literal(name)},`
}

function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)
}
