import type { Split, Task, TaskProvider } from '@openenv-ts/core'
import { requireSplit } from '@openenv-ts/core/host'
import { checked, Count, Rows } from './contract.ts'
import type { PythonHost } from './host.ts'

/** A task of the source: one of its lists, or one that was given whole. */
export interface PythonTask {
  /** Absent where it was given whole. */
  readonly place?: { readonly split: string; readonly index: number }
  /** All of it, gold and all: it stays with the orchestrator. */
  readonly row: Readonly<Record<string, unknown>>
}

/** Rows are kept in pages, so that a walk through a list is a few calls. */
const PAGE = 100
/** Pages kept; the ones that were used longest ago go first. */
const MOST_PAGES = 100
/** Rows that one call may ask for. */
const MOST_ROWS = 1000

/** The tasks of a source, asked for when they are needed and kept for a while [IM-19]. */
export class PythonTasks implements TaskProvider<PythonTask> {
  readonly #host: PythonHost
  readonly #splits: readonly Split[]
  readonly #counts = new Map<string, Promise<number>>()
  readonly #pages = new Map<string, Promise<readonly PythonTask['row'][]>>()

  constructor(host: PythonHost, splits: readonly Split[]) {
    this.#host = host
    this.#splits = splits
  }

  splits(): readonly Split[] {
    return this.#splits
  }

  async count(split: string): Promise<number> {
    await requireSplit(this, split)
    let counting = this.#counts.get(split)
    if (counting === undefined) {
      counting = this.#host.ask('count', { split }).then((answer) => checked(Count, 'count', answer))
      this.#counts.set(split, counting)
      counting.catch(() => this.#counts.delete(split))
    }
    return counting
  }

  async range(split: string, start: number, stop: number): Promise<readonly Task<PythonTask>[]> {
    const last = Math.min(stop, await this.count(split), start + MOST_ROWS * PAGE)
    const found: Task<PythonTask>[] = []
    for (let at = Math.max(0, start); at < last;) {
      const first = at - (at % PAGE)
      const rows = await this.#page(split, first)
      const end = Math.min(last, first + PAGE)
      for (; at < end; at += 1) found.push(taskOf(split, at, rows[at - first] ?? {}))
    }
    return found
  }

  async find(id: string): Promise<Task<PythonTask> | undefined> {
    const [, split = '', index = ''] = /^(.+)\/(\d{1,15})$/s.exec(id) ?? []
    if (!this.#splits.some(({ name }) => name === split)) return undefined
    const [task] = await this.range(split, Number(index), Number(index) + 1)
    return task
  }

  made(spec: Readonly<Record<string, unknown>>): Task<PythonTask> {
    const split = this.#splits[0]?.name ?? 'train'
    const id = typeof spec['id'] === 'string' ? spec['id'] : 'given'
    return { spec: { id, split, index: -1 }, data: { row: spec } }
  }

  #page(split: string, start: number): Promise<readonly PythonTask['row'][]> {
    const key = `${split}/${String(start)}`
    const known = this.#pages.get(key)
    this.#pages.delete(key)
    const asked =
      known ??
      this.#host
        .ask('rows', { split, start, stop: start + PAGE })
        .then((answer) => checked(Rows, 'rows', answer))
    this.#pages.set(key, asked)
    asked.catch(() => this.#pages.delete(key))
    const [oldest] = this.#pages.keys()
    if (this.#pages.size > MOST_PAGES && oldest !== undefined) this.#pages.delete(oldest)
    return asked
  }
}

/** What orchestrators see: the row, under the names that every task has. */
function taskOf(split: string, index: number, row: PythonTask['row']): Task<PythonTask> {
  const spec = { ...row, id: `${split}/${String(index)}`, split, index }
  // Other meanings that these names may have in a row are not these.
  const { difficulty, group, ...rest } = spec as typeof spec & { difficulty?: unknown; group?: unknown }
  return {
    spec: {
      ...rest,
      ...(typeof difficulty === 'number' ? { difficulty } : {}),
      ...(typeof group === 'string' ? { group } : {}),
    },
    data: { place: { split, index }, row },
  }
}
