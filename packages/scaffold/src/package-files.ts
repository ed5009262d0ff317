import { DEPENDENCIES, DEV_DEPENDENCIES } from './versions.ts'
import { dockerfile } from './dockerfile.ts'
import { yamlText } from './yaml.ts'

/** What is particular about an environment package. */
export interface PackagePlan {
  /** Lower-case words joined by hyphens; see `checkName`. */
  readonly name: string
  /** One sentence. */
  readonly description: string
  readonly version: string
  /** npm packages beside core and zod, with their versions. */
  readonly dependencies?: Readonly<Record<string, string>>
  /** Folders and files that belong to the package beside `dist`, `src` and `openenv.yaml`. */
  readonly contents?: readonly string[]
  /** The Python that its image gets, for example `3.11`; absent where the environment needs none. */
  readonly python?: string
}

/** Files by their path, `/` between names. */
export type Files = ReadonlyMap<string, string>

const PORT = 8000

/** The files that all environment packages share, whatever they do; `src/` and README.md are not among them. */
export function packageFiles(plan: PackagePlan): Files {
  return new Map([
    ['openenv.yaml', manifest(plan)],
    ['package.json', npmManifest(plan)],
    ['tsconfig.json', json(TYPE_CHECK)],
    ['tsconfig.build.json', json(BUILD)],
    ['eslint.config.js', ESLINT_CONFIG],
    ['vitest.config.js', VITEST_CONFIG],
    ['.gitignore', ignored('/')],
    // Not what was installed or run here: the image installs its own.
    ['.dockerignore', ['.git', ignored('')].join('\n')],
    ['Dockerfile', dockerfile({ port: PORT, ...(plan.python === undefined ? {} : { python: plan.python }) })],
  ])
}

function manifest({ name, description, version }: PackagePlan): string {
  return [
    'spec_version: 1',
    `name: ${yamlText(name)}`,
    // Always quoted: 1.0 would be a number.
    `version: '${version}'`,
    `description: ${yamlText(description)}`,
    'type: space',
    'runtime: node',
    `app: ${yamlText(name)}`,
    `port: ${String(PORT)}`,
    '',
  ].join('\n')
}

function npmManifest({ name, description, version, dependencies = {}, contents = [] }: PackagePlan): string {
  return json({
    name,
    version,
    description,
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    exports: {
      '.': {
        '@openenv-ts/source': './src/index.ts',
        types: './dist/index.d.ts',
        default: './dist/index.js',
      },
      './package.json': './package.json',
    },
    files: ['dist', 'src', '!src/**/*.test.ts', 'openenv.yaml', ...contents],
    scripts: {
      start: 'openenv serve .',
      test: 'vitest run',
      lint: 'eslint .',
      types: 'tsc',
      build: 'tsc -p tsconfig.build.json',
      prepack: 'npm run build',
    },
    dependencies: sorted({ ...DEPENDENCIES, ...dependencies }),
    devDependencies: DEV_DEPENDENCIES,
  })
}

const TYPE_CHECK = {
  compilerOptions: {
    target: 'ES2023',
    module: 'NodeNext',
    lib: ['ES2023', 'ESNext.Disposable'],
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    erasableSyntaxOnly: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['src'],
}

const BUILD = {
  extends: './tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: 'src', outDir: 'dist', declaration: true },
  exclude: ['src/**/*.test.ts'],
}

const ESLINT_CONFIG = `import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

export default defineConfig(
  globalIgnores(['dist/', 'runs/', 'vendor/', '.venv/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  },
  {
    // What an agent sees is made of files that have no way to the right answers.
    files: ['src/**/*.ts'],
    ignores: ['src/grade.ts', 'src/oracle.ts', 'src/**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '/gold([.]|/|$)', message: 'Only grade.ts and oracle.ts see right answers.' }] },
      ],
    },
  },
)
`

const VITEST_CONFIG = `import { defineConfig } from 'vitest/config'

// A configuration of its own: Vitest would take one from a folder above.
export default defineConfig({ test: { dir: 'src' } })
`

function ignored(root: string): string {
  return [
    'node_modules/',
    ...['dist/', 'runs/', '.venv/', '.venv.lock'].map((folder) => root + folder),
    '',
  ].join('\n')
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
