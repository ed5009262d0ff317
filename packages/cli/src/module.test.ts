import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { folder, lines } from '../test/command.ts'
import { openenv } from '../test/in-process.ts'

const GUESS = await readFile(new URL('../../../examples/guess.ts', import.meta.url), 'utf8')
const PLAIN = `import { definePureEnvironment } from '@openenv-ts/core'
import { z } from 'zod'
const Text = z.strictObject({ text: z.string() })
export default definePureEnvironment({
  name: 'plain', description: 'Says it back.', action: Text, observation: Text, state: Text,
  initial: () => ({ text: '' }), transition: (_state, { text }) => ({ text }), observe: (state) => state,
  reward: {}, status: () => 'running',
})
`
/** Copies that must not be found: whoever loads them fails. */
const OTHER_COPIES = Object.fromEntries(
  ['zod', '@openenv-ts/core'].flatMap((name) => [
    [`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', exports: './index.js' })],
    [`node_modules/${name}/index.js`, `throw new Error('The other copy of ${name} was loaded.')`],
  ]),
)

describe('a file given to the command', () => {
  it.each(['env.ts', 'env.mts', 'env.js', 'env.mjs'])(
    '%s loads as it is, outside any package [OE-18]',
    async (file) => {
      await using here = await folder({ [file]: PLAIN })
      const { code, stdout, stderr } = await openenv(['info', `./${file}`, '--json'], { cwd: here.path })
      expect(stderr).toBe('')
      expect(JSON.parse(stdout)).toMatchObject({ name: 'plain', action: { required: ['text'] } })
      expect(code).toBe(0)
    },
  )

  it.each([
    ['env.ts', {}],
    ['env.js', { 'package.json': '{ "type": "module" }' }],
    ['env.js', {}],
    ['env.mjs', {}],
  ])("gets the command's copies of zod and core beside others: %s %j [OE-18]", async (file, files) => {
    await using here = await folder({ [file]: PLAIN, ...files, ...OTHER_COPIES })
    const { code, stdout, stderr } = await openenv(['info', file, '--json'], { cwd: here.path })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'plain' })
    expect(code).toBe(0)
  })

  it('may import its neighbors, what is installed beside it, and this package family', async () => {
    await using here = await folder({
      'env.ts': `import { named } from './part.js'
        import words from 'words'
        import { STOP } from '@openenv-ts/rollout'
        import { scanJson } from '@openenv-ts/core/wire'
        const { default: environment } = await import('./guess.ts')
        export default { ...environment, name: named(words.join('-')), description: [typeof STOP, typeof scanJson].join() }`,
      'part.ts': 'export const named = (name: string): string => name',
      'guess.ts': GUESS,
      'node_modules/words/package.json': '{ "name": "words", "main": "index.js" }',
      'node_modules/words/index.js': 'module.exports = ["two", "words"]',
    })
    const { stdout, stderr } = await openenv(['info', './env.ts', '--json'], { cwd: here.path })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'two-words', description: 'symbol,function' })
  })

  it('prints nothing into the answer', async () => {
    await using here = await folder({ 'env.ts': `console.log('loading')\n${PLAIN}` })
    const { stdout, stderr } = await openenv(['info', './env.ts', '--json'], { cwd: here.path })
    expect(stderr).toBe('loading\n')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'plain' })
  })

  it.each([
    ['parses not', 'export default {', 'line'],
    [
      'fails while it is loaded',
      '\nconst a: string = nope()\nexport default a',
      'ReferenceError: nope is not defined (line 2)',
    ],
    [
      'imports what is not there',
      "import x from 'left-out'\nexport default x",
      "Cannot find module 'left-out'",
    ],
    ['has no default export', 'export const environment = 1', 'has no default export'],
    ['default-exports something else', 'export default () => 1', 'default-exports a function'],
    ['default-exports half of one', "export default { name: 'half' }", 'default-exports an object'],
  ])('that %s is a mistake of one line, exit code 2', async (_what, source, says) => {
    await using here = await folder({ 'env.ts': source })
    const { code, stdout, stderr } = await openenv(['info', './env.ts'], { cwd: here.path })
    expect(stderr).toContain('env.ts')
    if (says !== 'line') expect(stderr).toContain(says)
    expect(lines(stderr)).toHaveLength(1)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe('a package given to the command', () => {
  it('is found from the working directory', async () => {
    await using here = await folder({
      'node_modules/@me/plain/package.json': JSON.stringify({
        name: '@me/plain',
        type: 'module',
        exports: { import: './index.js' },
      }),
      'node_modules/@me/plain/index.js': `export default {
        name: 'mine', description: 'Nothing.', version: '1.0.0', action: (await import('zod')).z.strictObject({}),
        observation: {}, rubric: [], limits: {}, start: () => ({}) }`,
      'node_modules/zod/package.json': '{ "name": "zod", "type": "module", "exports": "./index.js" }',
      'node_modules/zod/index.js': `export * from ${JSON.stringify(import.meta.resolve('zod'))}`,
    })
    const { code, stdout, stderr } = await openenv(['info', '@me/plain', '--json'], { cwd: here.path })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({ name: 'mine', version: '1.0.0' })
    expect(code).toBe(0)
  })

  it('is found beside the command', async () => {
    await using here = await folder()
    const { code, stdout } = await openenv(['info', '@openenv-ts/echo', '--json'], { cwd: here.path })
    expect(JSON.parse(stdout)).toMatchObject({ name: 'echo' })
    expect(code).toBe(0)
  })

  it('that is not installed is a mistake of one line', async () => {
    await using here = await folder()
    const { code, stderr } = await openenv(['info', 'no-such-package'], { cwd: here.path })
    expect(stderr).toBe(
      'error: There is no environment "no-such-package": it is not built in (echo, email-triage), not a file, and not an installed package.\n',
    )
    expect(code).toBe(2)
  })
})
