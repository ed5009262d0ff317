import { printable } from '@openenv-ts/core/host'
import { markdown } from './markdown.ts'
import type { EntryPoint, GeneratedEnvironment } from '../importer.ts'

/** What the README of an imported package is about. */
export interface ReadmePlan {
  readonly name: string
  readonly sourceType: string
  readonly entryPoint: EntryPoint
  readonly generated: GeneratedEnvironment
  /** `vendor/…`. */
  readonly vendored: string
}

const SESSIONS = {
  shared: 'Many sessions share one Python process: what an episode knows is kept on its own object.',
  process:
    'Each session has a Python process of its own, forked from one that has loaded the source: the source keeps something in its modules.',
  single: 'One session at a time: the source keeps something outside of its process.',
}

/** The README of an imported package. */
export function readme({ name, sourceType, entryPoint, generated, vendored }: ReadmePlan): string {
  const { sessions, secrets, notes, python, description } = generated
  const entry = `${entryPoint.module}:${entryPoint.name}`
  const sections = [
    `# ${name}`,
    markdown(description),
    `Imported from Python (\`${sourceType}\`, \`${entry}\`). The source lies unchanged in \`${vendored}/\`; \`import.lock.json\` says what it was and what was left out. \`src/index.ts\` is the wrapper: read it, edit it.`,
    fenced(
      '$ npm install',
      python === undefined
        ? '$ npm test'
        : '$ npm test                      # the first run installs the Python packages',
      '$ npx openenv tasks .',
      '$ npm start                     # serve it on http://127.0.0.1:8000',
    ),
    '## How it runs',
    ...notes,
    `${SESSIONS[sessions.mode]} Why is in \`import.lock.json\`; \`sessions\` in \`src/index.ts\` decides.`,
    ...(python === undefined
      ? []
      : [
          `It needs Python ${python.requires.replaceAll(',', ' and ')}, on the path or named by \`OPENENV_PYTHON\`; its packages go into a virtual environment that is shared with others of equal requirements, in the user's cache or where \`OPENENV_VENVS\` says. Packages without a wheel are built only with \`--build\` or \`OPENENV_BUILD=1\`.`,
        ]),
    secrets.length === 0
      ? 'No secret reaches the source.'
      : `Of an orchestrator's secrets these reach the source, and no others: ${secrets.map((secret) => `\`${secret}\``).join(', ')}.`,
    ...variableSection(generated),
    ...argumentSection(generated),
    ...notFollowedSection(generated),
    '## The source again',
    'When the source has changed, `--check` says what differs, and `--update` imports it again. Files that you edited are kept. Where an import writes another now, the file is named and nothing is written; `--force` replaces it.',
    fenced(
      `$ npx openenv import SOURCE --name ${name} --output-dir DIR --check`,
      `$ npx openenv import SOURCE --name ${name} --output-dir DIR --update`,
    ),
  ]
  return `${sections.join('\n\n')}\n`
}

function fenced(...lines: readonly string[]): string {
  return ['```console', ...lines, '```'].join('\n')
}

function variableSection({ variables }: GeneratedEnvironment): readonly string[] {
  if (variables === undefined) return []
  const { passed, held, refused } = variables
  const sentences = [
    ...(passed.length > 0 ? [`Passed on: ${codes(passed)}.`] : []),
    ...(held.length > 0
      ? [
          `Not passed on, since they may hold secrets: ${codes(held)}. Take away the slashes before one in \`variables\` of \`src/index.ts\` to pass it on.`,
        ]
      : []),
    ...(refused.length > 0
      ? [
          `Never passed on by an import: ${codes(refused)}. Write one into \`variables\` yourself if the source may have it.`,
        ]
      : []),
  ]
  return sentences.length === 0 ? [] : [`The source reads environment variables. ${sentences.join(' ')}`]
}

function argumentSection({ requiredArguments = [] }: GeneratedEnvironment): readonly string[] {
  return requiredArguments.length === 0
    ? []
    : [`It needs values for ${codes(requiredArguments)}: give them in \`arguments\` of \`src/index.ts\`.`]
}

function notFollowedSection({ python }: GeneratedEnvironment): readonly string[] {
  const { notFollowed = [] } = python ?? {}
  if (notFollowed.length === 0) return []
  return [
    '## Not installed',
    'The source has these from elsewhere than the package index. They were neither looked up nor installed: names on the index may be others’. What you trust, add as a line to `python/requirements.lock`.',
    notFollowed.map(({ requirement }) => `- ${markdown(printable(requirement))}`).join('\n'),
  ]
}

function codes(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
