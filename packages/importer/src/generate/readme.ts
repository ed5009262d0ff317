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
    description,
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
          `It needs Python ${python.requires.replaceAll(',', ' and ')}, on the path or named by \`OPENENV_PYTHON\`; its packages go into \`.venv\` in this folder.`,
        ]),
    secrets.length === 0
      ? 'No secret reaches the source.'
      : `Of an orchestrator's secrets these reach the source, and no others: ${secrets.map((secret) => `\`${secret}\``).join(', ')}.`,
    '## The source again',
    `When the source has changed, import it anew; \`--check\` in place of an import says what would differ:`,
    fenced(`$ npx openenv import SOURCE --name ${name} --output-dir DIR --check`),
  ]
  return `${sections.join('\n\n')}\n`
}

function fenced(...lines: readonly string[]): string {
  return ['```console', ...lines, '```'].join('\n')
}
