import type { MaybePromise } from './json.ts'

/** A named part of the tasks and what it is for. */
export interface Split {
  readonly name: string
  readonly type: 'train' | 'validation' | 'test'
}

/**
 * What an orchestrator sees of a task. Never shown to agents. Further keys are free; gold data does not belong here.
 */
export interface TaskSpec {
  readonly id: string
  readonly split: string
  /** Position in its split, from 0. */
  readonly index: number
  readonly difficulty?: number
  readonly group?: string
  readonly [key: string]: unknown
}

/** A task with what the environment needs to start it. */
export interface Task<TTask> {
  readonly spec: TaskSpec
  readonly data: TTask
}

/** The tasks of an environment. Free of side effects: asking changes nothing. */
export interface TaskProvider<TTask = unknown> {
  /** All splits, never empty; the first is the default one. */
  splits(): MaybePromise<readonly Split[]>
  /** How many tasks a split has. */
  count(split: string): MaybePromise<number>
  /** Tasks with index in [start, stop), fewer where the split ends. */
  range(split: string, start: number, stop: number): MaybePromise<readonly Task<TTask>[]>
  /** The task with this id, in whatever split. */
  find(id: string): MaybePromise<Task<TTask> | undefined>
  /** A task of a spec that no list has, where any object of the right shape is one; undefined for what is none. */
  made?(spec: Readonly<Record<string, unknown>>): MaybePromise<Task<TTask> | undefined>
}

/** What a split is for, read off its name. */
export function splitType(name: string): Split['type'] {
  return name === 'train' || name === 'test' ? name : 'validation'
}
