import { readFileSync } from 'node:fs'
import { defineConfig, globalIgnores } from 'eslint/config'
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript'
import importX from 'eslint-plugin-import-x'
import jsdoc from 'eslint-plugin-jsdoc'
import tseslint from 'typescript-eslint'

const ours = (...names) => names.map((name) => `@openenv-ts/${name}`)

/**
 * Who may import whom: the one table. Arrows point at core, and nothing imports cli.
 *
 * `imports`: packages allowed everywhere in the room. `node`: the files that may use Node's own modules (`node:`) and
 * the packages of `nodeImports`. Root entries run in browsers, so what is Node-only is what tsconfig.node.json lists.
 */
const ROOMS = {
  'packages/core': {
    imports: ['zod', 'pure-rand', 'fastest-levenshtein'],
    node: nodeOnlyFiles('packages/core'),
  },
  'packages/client': {
    imports: ['zod', 'eventsource-parser', '@modelcontextprotocol/client', ...ours('core')],
    node: nodeOnlyFiles('packages/client'),
    nodeImports: ['ws'],
  },
  'packages/server': {
    imports: ['zod', 'hono', '@modelcontextprotocol/server', ...ours('core')],
    node: nodeOnlyFiles('packages/server'),
    nodeImports: ['ws', '@hono/node-server'],
  },
  'packages/rollout': {
    imports: [
      ...['zod', 'openai', 'p-limit', 'undici', 'es-module-lexer', 'ignore'],
      ...ours('core', 'client'),
    ],
    node: ['src/**'],
  },
  'packages/scaffold': { imports: [], node: ['src/**'] },
  'packages/importer': {
    imports: [
      ...['ignore', 'smol-toml', 'web-tree-sitter', '@astral-sh/ruff-wasm-nodejs', '@renovatebot/pep440'],
      ...ours('core', 'scaffold'),
    ],
    node: ['src/**'],
  },
  'packages/python-bridge': {
    imports: ['zod', '@renovatebot/pep440', ...ours('core')],
    node: ['src/**'],
  },
  'packages/cli': {
    imports: [
      ...['zod', 'cli-table3', 'commander', 'fastest-levenshtein', 'jiti'],
      ...ours(
        'core',
        'client',
        'server',
        'rollout',
        'scaffold',
        'importer',
        'python-bridge',
        'echo',
        'email-triage',
      ),
    ],
    node: ['src/**'],
  },
  'environments/*': {
    imports: ['zod', ...ours('core')],
    node: ['*.ts'],
    nodeImports: ['openai', ...ours('client', 'rollout')],
  },
}

/** Of an environment's sources only these, files or folders, may import its gold data (`gold*`): what an agent sees comes from others. */
const MAY_SEE_GOLD = ['gold', 'grad', 'oracle', 'reward', 'rubric', 'task'].flatMap((start) => [
  `environments/*/src/**/${start}*.ts`,
  `environments/*/src/**/${start}*/**/*.ts`,
])

const TESTS = [
  '**/*.test.ts',
  '**/scripted-server.ts',
  '**/test/**',
  'bench/**',
  'examples/**',
  '**/*.config.*',
]
const FORBIDDEN_SYNTAX = [
  { selector: 'ExportAllDeclaration', message: 'Name what is exported: an index is a list of promises.' },
]
/** What strangers wrote is printed by one file, which escapes controls: nothing else writes to a terminal. */
const TERMINAL = [
  'MemberExpression[object.name="process"][property.name=/^(stdout|stderr)$/]',
  'MemberExpression[object.name="process"][property.value=/^(stdout|stderr)$/]',
  'VariableDeclarator[init.name="process"] Property[key.name=/^(stdout|stderr)$/]',
  'ImportDeclaration[source.value=/^(node:)?(process|console|tty)$/]',
  'ImportDeclaration[source.value="cli-table3"]',
  'CallExpression[callee.name=/^(writeSync|writeFileSync)$/][arguments.0.raw=/^[12]$/]',
  'NewExpression[callee.name="WriteStream"]',
].map((selector) => ({ selector, message: 'Print by terminal.ts, which escapes what strangers wrote.' }))
/** These write what they have escaped, or the output of the user's own code. */
const MAY_WRITE = [
  'packages/cli/src/terminal.ts',
  'packages/python-bridge/src/build-consent.ts',
  'packages/python-bridge/src/host.ts',
  'packages/server/src/isolation/isolation.ts',
  'packages/server/src/isolation/output.ts',
]
const GOLD = {
  regex: '(^|/)gold([^/]*$|/)',
  message: 'Gold data stays out of what agents see: only grading code imports it (MAY_SEE_GOLD).',
}

export default defineConfig(
  globalIgnores([
    '**/dist/**',
    '**/runs/**',
    '**/fixtures/**',
    '**/.made/**',
    '.mutations/**',
    'test/lint-fixtures/**',
    // Sources of a package that is not here: it is linted by its own rules where it has been made.
    'packages/scaffold/template/**',
    '**/.venvs/**',
    'coverage/**',
  ]),
  { files: ['**/*.{js,mjs}'], extends: [tseslint.configs.recommended] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      // One program over everything: type-aware rules need a type for each file, and one parse of it.
      parserOptions: { project: ['tsconfig.test.json'], tsconfigRootDir: import.meta.dirname },
    },
    plugins: {
      'import-x': importX,
      jsdoc,
      openenv: { rules: { 'disable-with-reason': disableWithReason(), 'test-asserts': testAsserts() } },
    },
    settings: {
      ...importX.flatConfigs.typescript.settings,
      'import-x/resolver-next': [
        createTypeScriptImportResolver({
          conditionNames: ['@openenv-ts/source', 'types', 'import', 'node', 'default'],
        }),
      ],
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX],
      'import-x/no-default-export': 'error',
      'import-x/no-relative-packages': 'error',
      'jsdoc/no-types': 'error',
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          require: { FunctionDeclaration: true, ClassDeclaration: true, ArrowFunctionExpression: true },
          // The type of a schema has the schema's name and, with it, its words.
          contexts: [
            'TSInterfaceDeclaration',
            'TSTypeAliasDeclaration:not([typeAnnotation.typeName.right.name=/^(infer|input|output)$/])',
          ],
          enableFixer: false,
        },
      ],
      'openenv/disable-with-reason': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/prefer-optional-chain': 'error',
      '@typescript-eslint/prefer-nullish-coalescing': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
    },
  },
  ...Object.entries(ROOMS).flatMap(([room, { imports, node, nodeImports = [] }]) => {
    const inNode = [...imports, ...nodeImports, 'node:*']
    return [
      { files: [`${room}/**/*.ts`], rules: importRules(room, imports) },
      { files: node.map((file) => `${room}/${file}`), rules: importRules(room, inNode) },
    ]
  }),
  {
    files: MAY_SEE_GOLD,
    rules: importRules('environments/*', ROOMS['environments/*'].imports, { gold: true }),
  },
  { files: ['environments/*/*.ts'], rules: { 'no-console': 'off' } },
  { files: MAY_WRITE, rules: { 'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX] } },
  {
    files: ['environments/*/src/index.ts', 'examples/**/*.ts', '**/*.config.ts'],
    rules: { 'import-x/no-default-export': 'off' },
  },
  {
    // Tests that span packages use what the packages' own tests are made of, which no package exports.
    files: ['test/*.ts', 'test/{faults,full,imports}/*.ts'],
    rules: { 'import-x/no-relative-packages': 'off' },
  },
  { files: ['**/*.test.ts'], rules: { 'openenv/test-asserts': 'error' } },
  {
    files: TESTS,
    rules: {
      'jsdoc/require-jsdoc': 'off',
      'no-console': 'off',
      'no-restricted-imports': 'off',
      'no-restricted-syntax': ['error', ...FORBIDDEN_SYNTAX],
      // Replies of a wire are looked at as they came.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
)

/** Restricts imports, static and dynamic, to relative files and the allowed packages. */
function importRules(room, allowed, { gold = false } = {}) {
  const names = allowed.map((name) => (name === 'node:*' ? 'node:.*' : name.replaceAll(/[./]/g, '[$&]')))
  const foreign = {
    // `#` begins a file of the package that differs by platform: `imports` in its package.json.
    regex: `^(?![.]{1,2}/|#)(?!(?:${names.join('|')})(?:/|$))`,
    message: `${room} may import only ${allowed.join(', ')} (ROOMS in eslint.config.js).`,
  }
  const patterns = gold || !room.startsWith('environments/') ? [foreign] : [foreign, GOLD]
  const dynamic = patterns.map(({ regex, message }) => ({
    // A selector's regular expression cannot hold a slash.
    selector: `ImportExpression[source.value=/${regex.replaceAll('/', '\\x2F')}/]`,
    message,
  }))
  return {
    'no-restricted-imports': ['error', { patterns }],
    'no-restricted-syntax': [
      'error',
      ...FORBIDDEN_SYNTAX,
      ...dynamic,
      ...(room.startsWith('packages/') ? TERMINAL : []),
    ],
  }
}

function nodeOnlyFiles(room) {
  return JSON.parse(readFileSync(new URL(`${room}/tsconfig.node.json`, import.meta.url), 'utf8')).include
}

/** Wants `-- why` behind every eslint-disable. */
function disableWithReason() {
  return {
    meta: { type: 'problem', schema: [], messages: { reason: 'Say why behind `--`.' } },
    create: ({ sourceCode, report }) => ({
      Program() {
        for (const comment of sourceCode.getAllComments()) {
          if (/^\s*eslint-disable(?!.*\s--\s+\S)/s.test(comment.value))
            report({ loc: comment.loc, messageId: 'reason' })
        }
      },
    }),
  }
}

/** Wants every `it` and `test` to call what can fail: `expect`, `fc.assert`, or a function named for what it asserts. */
function testAsserts() {
  const asserting = /^(?:expect|assert|check|failure$|finding$)/
  const rootOf = (callee) =>
    callee.type === 'MemberExpression'
      ? rootOf(callee.object)
      : callee.type === 'CallExpression'
        ? rootOf(callee.callee)
        : (callee.name ?? '')
  const isAssertion = ({ callee }) => asserting.test(rootOf(callee)) || callee.property?.name === 'assert'
  const isTest = ({ callee, arguments: [, body] }) =>
    /^(?:it|test)$/.test(rootOf(callee)) && /^(?:Arrow)?FunctionExpression$/.test(body?.type)
  return {
    meta: { type: 'problem', schema: [], messages: { none: 'This test asserts nothing: it cannot fail.' } },
    create({ report }) {
      const open = []
      return {
        CallExpression(node) {
          if (isTest(node)) open.push({ node, asserts: false })
          else if (isAssertion(node)) for (const each of open) each.asserts = true
        },
        'CallExpression:exit'(node) {
          if (open.at(-1)?.node === node && !open.pop().asserts) report({ node, messageId: 'none' })
        },
      }
    },
  }
}
