import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import { isObject } from './json.ts'
import { describeIssues, issuesOf } from './issues.ts'
import { parseJson } from './wire/json.ts'
import type { TaskProvider } from './task.ts'
import { taskList, type TaskListOptions } from './task-list.ts'

export { FileLockedError, lockFile } from './lock-file.ts'
export type { FileLock, LockFileOptions, LockOwner } from './lock-file.ts'
export { installerEnvironment } from './installer-environment.ts'

/** Options of {@link fromJsonl}. */
export interface JsonlOptions<T> extends TaskListOptions<T> {
  /** The split of rows that have no `split` of their own; `train` when not given. */
  readonly split?: string
}

/**
 * Tasks from a file of JSON lines, one task a line, read and checked at once.
 *
 * A row's `split` says where it belongs; splits come in the order of their first row. Of several files, given by
 * split, every row belongs to the split of its file. Empty lines are skipped.
 *
 * @param path - A file, or files by split. A relative path is relative to the working directory; for a file beside the
 * module give `new URL('tasks.jsonl', import.meta.url)`.
 * @param schema - Of a row; `split` need not be in it.
 * @throws Error naming file, line and field: a row that breaks the schema, a line that is no JSON, an id that stands
 * twice, a file without rows.
 */
export function fromJsonl<T extends { readonly id: string }>(
  path: string | URL | Readonly<Record<string, string | URL>>,
  schema: z.ZodType<T>,
  options: JsonlOptions<T> = {},
): TaskProvider<T> {
  const { split = 'train', ...rest } = options
  const files =
    typeof path === 'string' || path instanceof URL ? [[undefined, path] as const] : Object.entries(path)
  const splits = new Map<string, T[]>()
  const seen = new Map<string, string>()
  for (const [own, file] of files) {
    for (const row of rowsOf(pathOf(file), schema)) {
      const before = seen.get(row.data.id)
      if (before !== undefined) throw new Error(`${row.place}: id: "${row.data.id}" stands at ${before} too.`)
      seen.set(row.data.id, row.place)
      const name = own ?? row.split ?? split
      splits.set(name, [...(splits.get(name) ?? []), row.data])
    }
  }
  return taskList(Object.fromEntries(splits), rest)
}

interface Row<T> {
  readonly data: T
  readonly split: string | undefined
  /** File and line, as editors open them. */
  readonly place: string
}

function pathOf(file: string | URL): string {
  return typeof file === 'string' ? file : fileURLToPath(file)
}

function rowsOf<T>(file: string, schema: z.ZodType<T>): readonly Row<T>[] {
  const rows: Row<T>[] = []
  // Some editors put a byte order mark in front, which is no JSON.
  const lines = readFileSync(file, 'utf8')
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue
    rows.push(rowOf(line, `${file}:${String(index + 1)}`, schema))
  }
  if (rows.length === 0) throw new Error(`${file}: there are no tasks in it.`)
  return rows
}

function rowOf<T>(line: string, place: string, schema: z.ZodType<T>): Row<T> {
  let value: unknown
  try {
    value = parseJson(line)
  } catch (cause) {
    throw new Error(`${place}: ${(cause as Error).message}`, { cause })
  }
  if (!isObject(value)) throw new Error(`${place}: a row must be a JSON object.`)
  let parsed = schema.safeParse(value)
  const split = value['split']
  if (!parsed.success && 'split' in value) {
    // Where a row belongs need not be a part of the task.
    const { split: _split, ...task } = value
    parsed = schema.safeParse(task)
  }
  if (!parsed.success) {
    throw new Error(`${place}: ${describeIssues(issuesOf(parsed.error, value), 'row')}.`, {
      cause: parsed.error,
    })
  }
  if (split !== undefined && (typeof split !== 'string' || split === '')) {
    throw new Error(`${place}: split: Expected the name of a split.`)
  }
  return { data: parsed.data, split, place }
}
