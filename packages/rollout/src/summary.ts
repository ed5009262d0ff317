import type { Outcome } from './outcome.ts'
import type { Run } from './rollout.ts'
import type { Usage } from './usage.ts'

/** Probabilities by k: `{"1": 0.5, "2": 0.8}`. */
export type PassAt = Readonly<Record<string, number | null>>

/** What an evaluation prints as JSON: exactly these fields, in this order. */
export interface Summary {
  readonly env: string
  readonly policy: string
  readonly model: string | null
  readonly seed: number
  /** The run's folder. */
  readonly run: string | null
  /** Finished episodes, failed ones among them. */
  readonly episodes: number
  /** Mean over tasks of each task's mean score; null when nothing has a score. */
  readonly mean: number | null
  /** Null when there are fewer than two values to tell a spread from. */
  readonly ci95: readonly [number, number] | null
  readonly pass_at: PassAt
  readonly outcomes: Readonly<Partial<Record<Outcome, number>>>
  readonly usage: Usage | null
  readonly tasks: readonly TaskSummary[]
}

/** One task's row of a {@link Summary}. */
export interface TaskSummary {
  readonly task_id: string | null
  readonly episodes: number
  readonly mean: number | null
  readonly pass_at: PassAt
}

/** Scores a run: mean, 95 % interval, pass@k, outcomes. Pure. */
export declare function summarise(run: Run, options?: { readonly success?: number }): Summary
