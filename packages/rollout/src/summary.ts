import type { Outcome } from './outcome.ts'
import type { EpisodeSummary, Manifest } from './record.ts'
import { interval95, mean, passAtK } from './statistics.ts'
import { addUsage, type Usage } from './usage.ts'

/** Probabilities by k: `{"1": 0.5, "2": 0.8}`; null where no task has k scored episodes. */
export type PassAt = Readonly<Record<string, number | null>>

/** What an evaluation prints as JSON [OE-15]: exactly these fields, in this order. */
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
  /** 95 % by Student's t, over the tasks' means, or over the episodes of a single task; null of fewer than two. */
  readonly ci95: readonly [number, number] | null
  /** For every k up to the number of repeats: the mean over tasks that have k scored episodes. */
  readonly pass_at: PassAt
  /** Every outcome that there was, failed ones among them. */
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

/** What is scored: a run, finished or not, in memory or read from its folder. */
export interface ScorableRun {
  readonly dir: string | null
  readonly manifest: Manifest
  readonly episodes: readonly EpisodeSummary[]
}

/**
 * Scores a run: mean, 95 % interval, pass@k, outcomes. Pure.
 *
 * Episodes without a score (errors, and completed ones that nobody graded) take no part in mean and pass@k: they are
 * counted in `outcomes` and `episodes`, and never count as 0.
 *
 * @param options - `success`: the score from which an episode counts as passed; 1 when not given.
 */
export function summarize(run: ScorableRun, options: { readonly success?: number } = {}): Summary {
  const { success = 1 } = options
  const { settings } = run.manifest
  const tasks = settings.tasks.map(({ task_id }) => {
    const episodes = run.episodes.filter((episode) => episode.task_id === task_id)
    const scores = episodes.map(({ score }) => score).filter((score) => score !== null)
    return {
      task_id,
      episodes: episodes.length,
      scores,
      passed: scores.filter((score) => score >= success).length,
    }
  })
  const scored = tasks.filter(({ scores }) => scores.length > 0)
  const taskMeans = scored.map(({ scores }) => mean(scores) ?? 0)
  const passAt = (of: typeof tasks): PassAt => {
    const ks = Array.from({ length: settings.repeats }, (_, index) => index + 1)
    return Object.fromEntries(
      ks.map((k) => {
        const chances = of.map(({ scores, passed }) => passAtK(scores.length, passed, k))
        return [String(k), mean(chances.filter((chance) => chance !== null))]
      }),
    )
  }
  return {
    env: settings.env,
    policy: settings.policy,
    model: settings.model,
    seed: settings.seed,
    run: run.dir,
    episodes: run.episodes.length,
    mean: mean(taskMeans),
    ci95: interval95(tasks.length >= 2 ? taskMeans : (tasks[0]?.scores ?? [])),
    pass_at: passAt(tasks),
    outcomes: countOutcomes(run.episodes),
    usage: run.episodes.reduce<Usage | null>((sum, { usage }) => addUsage(sum, usage), null),
    tasks: tasks.map((task) => ({
      task_id: task.task_id,
      episodes: task.episodes,
      mean: mean(task.scores),
      pass_at: passAt([task]),
    })),
  }
}

function countOutcomes(episodes: readonly EpisodeSummary[]): Summary['outcomes'] {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of episodes) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
