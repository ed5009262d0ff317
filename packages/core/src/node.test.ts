import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { fromJsonl } from './node.ts'

const ShopTask = z.strictObject({
  id: z.string(),
  request: z.string(),
  gold: z.strictObject({ order: z.string() }),
})

describe('fromJsonl', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'openenv-jsonl-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  const file = (name: string, ...lines: readonly (string | object)[]): string => {
    const path = join(folder, name)
    writeFileSync(
      path,
      lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
    )
    return path
  }
  const row = (id: string, more: object = {}): object => ({
    id,
    request: `do ${id}`,
    gold: { order: id },
    ...more,
  })

  it('reads a task a line, typed by the schema, and skips empty lines and a byte order mark', async () => {
    const tasks = fromJsonl(
      file('tasks.jsonl', `\uFEFF${JSON.stringify(row('a'))}\r`, '', row('b'), ''),
      ShopTask,
    )
    expect(await tasks.splits()).toEqual([{ name: 'train', type: 'train' }])
    expect(await tasks.count('train')).toBe(2)
    const found = await tasks.find('b')
    expect(found).toEqual({ spec: { id: 'b', split: 'train', index: 1 }, data: row('b') })
    expectTypeOf(found?.data.gold.order).toEqualTypeOf<string | undefined>()
  })

  it('takes the split from the row, in the order of the first rows', async () => {
    const path = file('t.jsonl', row('a', { split: 'test' }), row('b'), row('c', { split: 'test' }))
    const tasks = fromJsonl(path, ShopTask, { split: 'validation', publish: ({ request }) => ({ request }) })
    expect((await tasks.splits()).map(({ name }) => name)).toEqual(['test', 'validation'])
    expect((await tasks.range('test', 0, 9)).map(({ spec }) => spec)).toEqual([
      { id: 'a', split: 'test', index: 0, request: 'do a' },
      { id: 'c', split: 'test', index: 1, request: 'do c' },
    ])
  })

  it('takes the split from the file when there are several, by path or URL', async () => {
    const train = file('train.jsonl', row('a', { split: 'elsewhere' }))
    const test = pathToFileURL(file('test.jsonl', row('b')))
    const tasks = fromJsonl({ train, test }, ShopTask)
    expect(await tasks.splits()).toEqual([
      { name: 'train', type: 'train' },
      { name: 'test', type: 'test' },
    ])
    expect((await tasks.find('b'))?.spec.split).toBe('test')
  })

  it('leaves a split that is part of the task where it is', async () => {
    const Own = z.strictObject({ id: z.string(), split: z.string() })
    const tasks = fromJsonl(file('t.jsonl', { id: 'a', split: 'test' }), Own)
    expect((await tasks.find('a'))?.data).toEqual({ id: 'a', split: 'test' })
  })

  it('names file, line and field of what is wrong', () => {
    const good = row('a')
    const failing = (name: string, ...lines: readonly (string | object)[]): (() => unknown) => {
      const path = file(name, ...lines)
      return () => fromJsonl(path, ShopTask)
    }
    const at = (name: string, line: number): string => `${join(folder, name)}:${String(line)}`
    expect(failing('field.jsonl', good, '', { ...row('b'), gold: { ordr: 'x' } })).toThrow(
      `${at('field.jsonl', 3)}: gold.order: Field required; gold.ordr: Unknown field.`,
    )
    expect(failing('json.jsonl', good, '{"id": ')).toThrow(`${at('json.jsonl', 2)}: Invalid JSON: `)
    expect(failing('list.jsonl', '[1]')).toThrow(`${at('list.jsonl', 1)}: a row must be a JSON object.`)
    expect(failing('twice.jsonl', good, good)).toThrow(
      `${at('twice.jsonl', 2)}: id: "a" stands at ${at('twice.jsonl', 1)} too.`,
    )
    expect(failing('split.jsonl', row('a', { split: 7 }))).toThrow(
      `${at('split.jsonl', 1)}: split: Expected the name`,
    )
    expect(failing('empty.jsonl', '')).toThrow(`${join(folder, 'empty.jsonl')}: there are no tasks in it.`)
    expect(() => fromJsonl(join(folder, 'none.jsonl'), ShopTask)).toThrow('none.jsonl')
  })
})
