import type { ImportLock } from './import-lock.ts'
import type { Lacking } from './messages.ts'

/** Where things are changed in the package whose source lacks something. */
export interface AdviceContext {
  /** The requirements file, as people know it. */
  readonly requirements: string
  /** Names of the environment variables that reach Python. */
  readonly variables: readonly string[]
  readonly notFollowed: ImportLock['not_followed']
  /** The interpreter of the virtual environment. */
  readonly interpreter: string
  readonly env?: NodeJS.ProcessEnv
}

const WRAPPER = 'src/index.ts'

/** What to do about what a source lacks, a sentence or two; null where nothing is known. */
export function adviceFor(lacking: Lacking, context: AdviceContext): string | null {
  const { variables = [], hub, nltk, module, imported_from: importedFrom } = lacking
  if (variables.length > 0) return aboutVariables(variables, context)
  if (nltk !== undefined) {
    return `Its data for NLTK is missing: run ${context.interpreter} -m nltk.downloader ${nltk}, or name a folder that has it in NLTK_DATA.`
  }
  if (hub !== undefined) return aboutHub(hub)
  const name = module ?? importedFrom
  if (name === undefined) return lacking.package === undefined ? null : addition(lacking.package, context)
  return aboutModule(name, module !== undefined, lacking.package, context)
}

function aboutVariables(names: readonly string[], { variables, env = process.env }: AdviceContext): string {
  const unset = names.filter((name) => (env[name] ?? '') === '')
  const undeclared = names.filter((name) => !variables.includes(name))
  const steps = [
    ...(unset.length === 0 ? [] : [`set ${unset.join(', ')}`]),
    ...(undeclared.length === 0
      ? []
      : [
          `add ${undeclared.map((name) => `'${name}'`).join(', ')} to \`variables\` in ${WRAPPER}, or Python does not get it`,
        ]),
  ]
  return steps.length === 0 ? `It asks for ${names.join(', ')}.` : `To go on, ${steps.join(' and ')}.`
}

function aboutHub(name: string): string {
  const what = name === '' ? 'What it loads' : name
  return (
    `${what} comes from the Hugging Face Hub: start it once where the Hub can be reached, or name a cache that has it in HF_HOME. ` +
    `If it is private or gated, set HF_TOKEN and add 'HF_TOKEN' to \`variables\` in ${WRAPPER}.`
  )
}

function aboutModule(
  module: string,
  missing: boolean,
  install: string | undefined,
  context: AdviceContext,
): string | null {
  const [top = ''] = module.split('.')
  const { notFollowed, requirements } = context
  // A package is often imported by another name than its own, so where none fits all are named.
  const fitting = notFollowed.filter(({ name }) => name !== null && normal(name) === normal(top))
  const named = fitting.length > 0 ? fitting : missing && top !== 'verifiers' ? notFollowed : []
  if (named.length > 0) {
    return (
      `The source has requirements that an import does not follow: ${named.map(({ requirement }) => requirement).join(', ')}. ` +
      `Read what they bring, then add them to ${requirements} (as: name @ git+https://…@commit) and start once with --build; ` +
      `or install them into a virtual environment of yours and name it in python.environment in ${WRAPPER}.`
    )
  }
  if (top === 'verifiers') {
    return 'The installed version of verifiers does not have it: set another bound on verifiers in the dependencies of the source, and import it again.'
  }
  if (install !== undefined) return addition(install, context)
  return missing ? `No requirement brings it: add the package that has ${top} to ${requirements}.` : null
}

function addition(name: string, { requirements }: AdviceContext): string {
  return `Add ${name} to ${requirements}.`
}

/** A name of a package or module, as two of them are compared. */
function normal(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-')
}
