import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitType } from './task.ts'
import { selectTask, taskAt } from './select-task.ts'
import { taskList } from './task-list.ts'

const rows = (split: string, count: number): { id: string; gold: string }[] =>
  Array.from({ length: count }, (_, index) => ({ id: `${split}-${String(index)}`, gold: 'hidden' }))

const tasks = taskList({ main: rows('main', 3), test: rows('test', 2) }, { types: { main: 'train' } })

describe('taskList', () => {
  it('lists splits in order, the first one being the default, with what each is for', async () => {
    expect(await tasks.splits()).toEqual([
      { name: 'main', type: 'train' },
      { name: 'test', type: 'test' },
    ])
    expect([splitType('train'), splitType('test'), splitType('canonical')]).toEqual([
      'train',
      'test',
      'validation',
    ])
  })

  it('answers ranges as far as the split goes', async () => {
    const idsOf = async (start: number, stop: number): Promise<string[]> =>
      (await tasks.range('main', start, stop)).map(({ spec }) => spec.id)
    expect(await idsOf(0, 2)).toEqual(['main-0', 'main-1'])
    expect(await idsOf(2, 99)).toEqual(['main-2'])
    expect(await idsOf(-5, 1)).toEqual(['main-0'])
    expect(await idsOf(3, 9)).toEqual([])
    expect(await idsOf(0, -1)).toEqual([])
    expect(await tasks.count('test')).toBe(2)
  })

  it('publishes of a task only what it is told to', async () => {
    expect((await tasks.find('main-1'))?.spec).toEqual({ id: 'main-1', split: 'main', index: 1 })
    const more = taskList(
      { a: [{ id: 'x', gold: 'g', level: 2 }] },
      { publish: ({ level }) => ({ level, id: 'forged' }) },
    )
    expect((await more.find('x'))?.spec).toEqual({ id: 'x', split: 'a', index: 0, level: 2 })
  })

  it('refuses two tasks of one id, also across splits, and an empty start', () => {
    expect(() => taskList({ a: [{ id: 'x' }], b: [{ id: 'x' }] })).toThrow('Two tasks have the id "x".')
    expect(() => taskList({})).toThrow('The first split has no tasks.')
    expect(() => taskList({ a: [], b: [{ id: 'x' }] })).toThrow('The first split has no tasks.')
  })

  it('knows no task or split by the names of an object', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      expect(await tasks.find(name)).toBeUndefined()
      expect(() => tasks.count(name)).toThrow('Invalid split')
    }
  })
})

describe('taskAt', () => {
  it('finds a task by its place, and refuses others with 400, naming what there is', async () => {
    expect((await taskAt(tasks, 'test', 1)).spec.id).toBe('test-1')
    await expect(taskAt(tasks, 'dev', 0)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: 'Invalid split',
      http: 400,
      issues: [{ loc: ['split'], msg: 'There are: main, test.', input: 'dev' }],
    })
    for (const index of [-1, 2, 0.5, NaN, 1e300]) {
      await expect(taskAt(tasks, 'test', index)).rejects.toMatchObject({
        message: 'Invalid task index',
        http: 400,
        issues: [{ loc: ['index'], msg: '"test" has 2 tasks.' }],
      })
    }
  })
})

describe('selectTask [OE-4]', () => {
  const idOf = async (...args: Parameters<typeof selectTask> extends [unknown, ...infer R] ? R : never) =>
    (await selectTask(tasks, ...args))?.spec.id

  it('takes the first task of the default split when nothing is said', async () => {
    expect(await idOf({}, undefined)).toBe('main-0')
  })

  it('takes the named task, in whatever split, whatever the seed', async () => {
    expect(await idOf({ taskId: 'test-1' }, 2)).toBe('test-1')
    expect(await idOf({ taskSpec: { id: 'main-2', split: 'x' } }, undefined)).toBe('main-2')
  })

  it('takes task `seed mod n` of the default split when there is a seed alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.maxSafeNat(), async (seed) => {
        expect(await idOf({}, seed)).toBe(`main-${String(seed % 3)}`)
        expect(await idOf({ split: 'test' }, seed)).toBe(`test-${String(seed % 2)}`)
      }),
    )
  })

  it('takes a place in a split when that is said', async () => {
    expect(await idOf({ split: 'test', index: 1 }, 0)).toBe('test-1')
    expect(await idOf({ split: 'test', index: 1 }, undefined)).toBe('test-1')
    expect(await idOf({ index: 2 }, 0)).toBe('main-2')
  })

  it('refuses half a place [IM-14]', async () => {
    await expect(idOf({ index: 2 }, undefined)).rejects.toMatchObject({
      http: 400,
      message: expect.stringContaining('"index" alone') as string,
      issues: [{ type: 'missing', loc: ['split'] }],
    })
    await expect(idOf({ split: 'test' }, undefined)).rejects.toMatchObject({
      http: 400,
      message: expect.stringContaining('"split" alone') as string,
      issues: [{ type: 'missing', loc: ['index'] }],
    })
    await expect(idOf({ split: 'nope' }, undefined)).rejects.toMatchObject({ message: 'Invalid split' })
  })

  it('refuses an unknown task with 400, naming at most ten that exist', async () => {
    const many = taskList({ all: rows('all', 30) })
    const error: unknown = await selectTask(many, { taskId: 'nope' }, undefined).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', http: 400 })
    const { message } = error as Error
    expect(message).toContain('Unknown task_id "nope"')
    expect(message.match(/all-\d+/g)).toHaveLength(10)
    await expect(selectTask(many, { taskSpec: { split: 'all' } }, 1)).rejects.toMatchObject({ http: 400 })
  })

  it('refuses a task where there are none, and shows little of a long name', async () => {
    const huge = 'x'.repeat(1_000_000)
    const error: unknown = await selectTask(undefined, { taskId: huge }, 1).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR', http: 400 })
    expect((error as Error).message).toContain('This environment has no tasks.')
    expect(JSON.stringify(error).length + (error as Error).message.length).toBeLessThan(1000)
    expect(await selectTask(undefined, {}, 1)).toBeNull()
  })
})

it('a split without tasks has none to start, with and without a seed, and the error says so', async () => {
  const empty = {
    splits: () => [{ name: 'train', type: 'train' as const }],
    count: () => Promise.resolve(0),
    range: () => Promise.resolve([]),
    find: () => Promise.resolve(undefined),
  }
  for (const seed of [undefined, 3]) {
    await expect(selectTask(empty, {}, seed)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      http: 400,
      message: 'The split "train" has no tasks, so there is none to start.',
    })
  }
})
