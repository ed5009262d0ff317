import { readdirSync } from 'node:fs'
import { cruise, type IConfiguration } from 'dependency-cruiser'
import { ESLint } from 'eslint'
import circles from '../../.dependency-cruiser.json' with { type: 'json' }
import { beforeAll, describe, expect, it } from 'vitest'

const FIXTURES = new URL('../lint-fixtures/', import.meta.url).pathname

/** What each fixture must be refused for, with how many findings a rule has; empty: it is the permitted counterpart. */
const REFUSED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'packages/core/src/across-rooms.ts': { 'no-restricted-imports': 1 },
  'packages/core/src/across-rooms-lazily.ts': { 'no-restricted-syntax': 1 },
  'packages/core/src/type-across-rooms.ts': { '@typescript-eslint/consistent-type-imports': 1 },
  'packages/core/src/node-builtin.ts': { 'no-restricted-imports': 1 },
  'packages/core/src/node.ts': {},
  'packages/client/src/by-path.ts': { 'import-x/no-relative-packages': 1 },
  // By the rule of circles below.
  'packages/core/src/cycle-a.ts': {},
  'packages/core/src/cycle-b.ts': {},
  'packages/core/src/floating-promise.ts': { '@typescript-eslint/no-floating-promises': 1 },
  'packages/core/src/missing-tsdoc.ts': { 'jsdoc/require-jsdoc': 5 },
  'packages/core/src/types-in-braces.ts': { 'jsdoc/no-types': 1 },
  'packages/core/src/export-star.ts': { 'no-restricted-syntax': 1 },
  'packages/core/src/default-export.ts': { 'import-x/no-default-export': 1 },
  'packages/core/src/console.ts': { 'no-console': 1 },
  'packages/cli/src/writes-to-terminal.ts': { 'no-console': 1, 'no-restricted-syntax': 7 },
  'packages/cli/src/terminal.ts': {},
  'packages/core/src/disable-without-reason.ts': { 'openenv/disable-with-reason': 1 },
  'test/asserts-nothing.test.ts': { 'openenv/test-asserts': 2 },
  'environments/sample/src/info.ts': { 'no-restricted-imports': 1 },
  'environments/sample/src/observe.ts': { 'no-restricted-imports': 1 },
  'environments/sample/src/grading/grade.ts': {},
  'environments/sample/src/gold/answers.ts': {},
  'environments/sample/src/gold.ts': {},
}

describe('lint', () => {
  const found = new Map<string, Record<string, number>>()

  beforeAll(async () => {
    // The fixtures' folder stands for the repository, so that rules which go by place apply.
    const eslint = new ESLint({
      cwd: FIXTURES,
      overrideConfigFile: new URL('../../eslint.config.js', import.meta.url).pathname,
      overrideConfig: {
        files: ['**/*.ts'],
        languageOptions: {
          parserOptions: { project: [`${FIXTURES}tsconfig.json`], tsconfigRootDir: FIXTURES },
        },
      },
    })
    for (const { filePath, messages } of await eslint.lintFiles(['**/*.ts'])) {
      const counts: Record<string, number> = {}
      for (const { ruleId, message } of messages) {
        const rule = ruleId ?? message
        counts[rule] = (counts[rule] ?? 0) + 1
      }
      found.set(filePath.slice(FIXTURES.length), counts)
    }
  }, 120_000)

  it.each(Object.entries(REFUSED))('%s is refused for %o and nothing else', (file, rules) => {
    expect(found.get(file)).toEqual(rules)
  })

  it('refuses a circle, of types too', async () => {
    const config = circles as IConfiguration
    const { output } = await cruise(['packages/core/src'], {
      ...config.options,
      baseDir: FIXTURES,
      validate: true,
      ruleSet: { forbidden: config.forbidden ?? [] },
    })
    if (typeof output === 'string') throw new Error(output)
    expect(output.summary.violations).toMatchObject([
      {
        rule: { name: 'no-circles' },
        cycle: [{ name: 'packages/core/src/cycle-b.ts' }, { name: 'packages/core/src/cycle-a.ts' }],
      },
    ])
  })

  it('has an expectation for every fixture', () => {
    const files = readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    )
    expect(files.sort()).toEqual(Object.keys(REFUSED).sort())
  })
})
