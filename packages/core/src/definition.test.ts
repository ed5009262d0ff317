import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineToolEnvironment } from './tool-environment.ts'
import { didYouMean } from './known-keys.ts'
import { openLocal } from './local.ts'
import { definePureEnvironment } from './pure-environment.ts'
import { taskList } from './task-list.ts'

const pure = {
  name: 'pure',
  description: 'A pure one.',
  action: z.strictObject({ n: z.int() }),
  observation: z.strictObject({ n: z.int() }),
  state: z.strictObject({ n: z.int() }),
  initial: () => ({ n: 0 }),
  transition: (_state: unknown, { n }: { n: number }) => ({ n }),
  observe: (state: { n: number }) => state,
  reward: {},
  status: () => 'running' as const,
}
const world = {
  name: 'world',
  open: () => ({}),
  tools: { end: { description: 'Ends.', input: z.strictObject({}), final: true, run: () => null } },
  rubric: { done: () => 1 },
}

describe.each<[string, object, (definition: never) => unknown]>([
  ['definePureEnvironment', pure, definePureEnvironment],
  ['defineToolEnvironment', world, defineToolEnvironment],
])('%s', (by, whole, define) => {
  const defining = (change: object) => () => define({ ...whole, ...change } as never)

  it('takes the whole definition', () => {
    expect(defining({})).not.toThrow()
    expect(
      defining({ limits: { steps: 3, seconds: 1, stepSeconds: 0.5 }, rewardRange: [0, 1] }),
    ).not.toThrow()
  })

  it.each([
    [{ limits: { maxSteps: 12 } }, '`limits` has no `maxSteps`. Did you mean "steps"?'],
    [{ limits: { step_seconds: 1 } }, 'Did you mean "stepSeconds"?'],
    [{ limits: { steps: 0 } }, '`limits.steps` must be a number above 0, not 0.'],
    [{ limits: { steps: '3' } }, '`limits.steps` must be a number above 0'],
    [{ limits: 3 }, '`limits` must be an object.'],
    [{ limit: {} }, `the definition of ${by}\` has no \`limit\`. Did you mean "limits"?`],
    [{ descripton: 'x' }, 'Did you mean "description"?'],
    [{ rewardrange: [0, 1] }, 'Did you mean "rewardRange"?'],
    [{ rewardRange: [1, 0] }, '`rewardRange` must be two numbers'],
    [{ tasks: [{ id: 'a' }] }, '`tasks` has no function `splits`'],
    [{ name: 3 }, '`name` is of the wrong kind'],
    [{ something: 1 }, 'It takes: name'],
  ])('refuses %o', (change, message) => {
    expect(defining(change)).toThrow(TypeError)
    expect(defining(change)).toThrow(message)
  })

  it('names each part that is missing', () => {
    const optional = new Set(['description', 'version', 'limits'])
    for (const part of Object.keys(whole)) {
      if (by === 'defineToolEnvironment' && optional.has(part)) continue
      expect(defining({ [part]: undefined }), part).toThrow(
        `\`${part}\` is missing in the definition of ${by}`,
      )
    }
  })
})

it.each([
  [{ descripton: 'x' }, '`tools.end` has no `descripton`. Did you mean "description"?'],
  [{ run: undefined }, '`tools.end.run` must be a function.'],
  [{ input: {} }, '`tools.end.input` must be a zod schema'],
  [{ description: undefined }, '`tools.end.description` must be a text.'],
])('refuses a tool with %o', (change, message) => {
  const end = { ...world.tools.end, ...change } as never
  expect(() => defineToolEnvironment({ ...world, tools: { end } })).toThrow(message)
})

it.each([
  [{ weigth: 1, score: (): number => 1 }, '`rubric.done` has no `weigth`. Did you mean "weight"?'],
  [{ weight: Infinity, score: (): number => 1 }, '`rubric.done.weight` must be a finite number'],
  [{ weight: 1 }, '`rubric.done` has no function `score`'],
])('refuses a term with %o', (done, message) => {
  expect(() => defineToolEnvironment({ ...world, rubric: { done: done as never } })).toThrow(message)
})

it('refuses options, splits and rows of tasks that are not what they are taken for', () => {
  const list = (splits: unknown, options?: unknown) => () => taskList(splits as never, options as never)
  expect(list({ train: [{ id: 'a' }] }, { publsh: () => ({}) })).toThrow('Did you mean "publish"?')
  expect(list({ train: [{ id: 'a' }] }, { types: { tran: 'train' } })).toThrow('"tran", which is not a split')
  expect(list({ train: [{ name: 'a' }] })).toThrow('Task 0 of "train" has no `id`')
  expect(list({ train: 'a' })).toThrow('The split "train" must be a list of tasks.')
  expect(list({ train: [{ id: 'a' }] }, { publish: () => ({ at: new Date() }) })).toThrow('.at is a Date')
  expect(() => openLocal(definePureEnvironment(pure), { limits: { maxSteps: 3 } as never })).toThrow(
    '"steps"',
  )
  expect(() => openLocal(definePureEnvironment(pure), { seed: 3 } as never)).toThrow('has no `seed`')
})

it('guesses the word that was meant, and nothing where none is near', () => {
  const known = ['steps', 'seconds', 'stepSeconds', 'description', 'noop']
  expect(didYouMean('maxSteps', known)).toBe(' Did you mean "steps"?')
  expect(didYouMean('secnods', known)).toBe(' Did you mean "seconds"?')
  expect(didYouMean('nopo', known)).toBe(' Did you mean "noop"?')
  for (const far of ['', 'x', 'anything', '__proto__']) expect(didYouMean(far, known)).toBe('')
})
