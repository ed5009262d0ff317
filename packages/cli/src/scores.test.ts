import { stripVTControlCharacters } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { folder } from '../test/command.ts'
import { openenv } from '../test/in-process.ts'

const KEYS = ['isTTY', 'columns'] as const
const before = KEYS.map((key) => Object.getOwnPropertyDescriptor(process.stdout, key))

afterEach(() => {
  for (const [at, key] of KEYS.entries()) {
    const descriptor = before[at]
    if (descriptor === undefined) Reflect.deleteProperty(process.stdout, key)
    else Object.defineProperty(process.stdout, key, descriptor)
  }
})

function asTerminal(columns: number): void {
  Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true })
  Object.defineProperty(process.stdout, 'columns', { value: columns, configurable: true })
}

/** Tasks with long names, so that every column of the table is under pressure. */
const LONG_NAMES = `
  import { definePureEnvironment, taskList } from '@openenv-ts/core'
  import { z } from 'zod'
  const ids = ['a', 'b'].map((letter) => letter.repeat(70))
  export default definePureEnvironment({
    name: 'long-names',
    description: 'One step.',
    action: z.strictObject({ pass: z.boolean() }),
    observation: z.strictObject({}),
    state: z.strictObject({ pass: z.boolean().nullable() }),
    tasks: taskList({ train: ids.map((id) => ({ id })) }),
    initial: () => ({ pass: null }),
    transition: (state, { pass }) => ({ pass }),
    observe: () => ({}),
    reward: { passed: (state) => (state.pass === true ? 1 : 0) },
    status: ({ pass }) => (pass === null ? 'running' : 'terminated'),
  })
`

describe('the scores of an evaluation', () => {
  it.each([60, 80, 120])('fit a terminal of %i columns', async (columns) => {
    await using here = await folder({ 'env.ts': LONG_NAMES })
    asTerminal(columns)
    const { code, stdout } = await openenv(['eval', './env.ts', '--policy', 'random', '--repeats', '8'], {
      cwd: here.path,
    })
    expect(code).toBe(0)
    const lines = stripVTControlCharacters(stdout).trimEnd().split('\n')
    // The last line is a command to copy: it stays one line.
    expect(lines.at(-1)).toMatch(/^Next: npx openenv replay /)
    for (const line of lines.slice(0, -1)) expect(line.length, line).toBeLessThanOrEqual(columns)
    expect(stdout).toContain('pass@8')
  })

  it('keep every column where they go to a file', async () => {
    await using here = await folder({ 'env.ts': LONG_NAMES })
    const { stdout } = await openenv(['eval', './env.ts', '--policy', 'random', '--repeats', '8'], {
      cwd: here.path,
    })
    expect(stdout).toMatch(/│ task +│ episodes │ +mean │ pass@1 │ pass@2 │ pass@4 │ pass@8 │/)
    expect(stdout).toContain('a'.repeat(70))
    expect(stdout).toMatch(/^Mean .* pass@8 \d\.\d{3}$/m)
  })

  it('are followed by a command that a shell reads, wherever the files are', async () => {
    await using here = await folder({ 'my envs/env.ts': LONG_NAMES })
    const { stdout } = await openenv(['eval', './my envs/env.ts', '--policy', 'random', '--out', 'my run'], {
      cwd: here.path,
    })
    expect(stdout).toContain(`Next: npx openenv replay 'my run' --env './my envs/env.ts'`)
  })

  it('say what to do instead of replay, where no episode has a score', async () => {
    await using here = await folder({
      'env.ts': LONG_NAMES,
      'broken.ts': `export default () => { throw new Error('bad') }`,
    })
    const { stdout } = await openenv(['eval', './env.ts', '--policy', './broken.ts'], { cwd: here.path })
    expect(stdout).toContain('Mean  none: no episode has a score')
    expect(stdout).toContain('Next: fix what failed, and start a new run; --resume keeps failed episodes.')
    expect(stdout).not.toContain('replay')
  })
})
