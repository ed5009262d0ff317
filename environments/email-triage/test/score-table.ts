import { seededRandom } from '@openenv-ts/core'
import { baseline } from '../src/baseline/baseline.ts'
import { goldOf, graderOf } from '../src/grading/graders.ts'
import { Label, type EmailObservation, type TriageAction } from '../src/models.ts'
import { oracle } from '../src/oracle.ts'
import { TASKS } from '../src/tasks/canonical.ts'
import { describeTask, type TriageTask } from '../src/tasks/task.ts'
import { observe } from '../src/view.ts'
import { exploits, type Exploit } from './exploits.ts'

/** Seeds over which everything random is averaged. */
export const SEEDS = Array.from({ length: 20 }, (_value, seed) => seed)

/** The canonical tasks. */
export const tasks: readonly TriageTask[] = TASKS['canonical'] ?? []

/** What an agent sees of every email of a task. */
export function mailsOf(task: TriageTask): EmailObservation[] {
  return task.emails.map((_email, position) => {
    const state = {
      task_id: task.id,
      position,
      step: position,
      actions: [],
      rewards: [],
      scores: [],
      last: null,
    }
    const { thread_history, ...rest } = observe(state)
    return { ...rest, thread_history: [...thread_history] }
  })
}

/** The mean base score of a task for a function from email to action. */
export function play(task: TriageTask, act: (mail: EmailObservation) => TriageAction): number {
  const grader = graderOf(task.id)
  return mean(mailsOf(task).map((mail) => grader.score(mail.email_id, act(mail)).score))
}

/** The score of the baseline on a task. */
export function baselineScore(task: TriageTask): number {
  const info = { description: describeTask(task), routes: Object.keys(task.routes).join(',') }
  return play(task, (mail) => baseline(mail, { info }))
}

type Choice = Pick<TriageAction, 'label' | 'route_to'>

/** The best score that one label and one route for every email reach, without a summary. */
export function bestConstant(task: TriageTask): number {
  const pairs = Label.options.flatMap((label) =>
    Object.keys(task.routes).map((route_to) => ({ label, route_to })),
  )
  return Math.max(...pairs.map((pair) => play(task, () => ({ ...pair, summary: '' }))))
}

/** The score that random labels and routes reach, without a summary: the mean over the seeds. */
export function randomChoice(task: TriageTask): number {
  const routes = Object.keys(task.routes)
  const choose = (random: ReturnType<typeof seededRandom>): Choice => ({
    label: random.pick(Label.options),
    route_to: random.pick(routes),
  })
  return mean(
    SEEDS.map((seed) => {
      const random = seededRandom(seed, task.id)
      return play(task, () => ({ ...choose(random), summary: '' }))
    }),
  )
}

/** What the summaries of an exploit earn, beside the right labels and routes. */
export interface Earned {
  /** The most on any email, with any seed. */
  readonly most: number
  /** The mean over emails and seeds: what the exploit adds to the score of the task. */
  readonly mean: number
}

/** Lets an exploit write the summaries of a task, once for every seed. */
export function earnedBy(task: TriageTask, exploit: Exploit): Earned {
  const grader = graderOf(task.id)
  const description = describeTask(task)
  const parts = mailsOf(task).flatMap((mail) => {
    const { label, route } = goldOf(task.id, mail.email_id)
    const summaries = SEEDS.map((seed) =>
      exploit({ mail, description, random: seededRandom(seed, mail.email_id) }),
    )
    const earned = new Map(
      [...new Set(summaries)].map((summary) => {
        const { breakdown } = grader.score(mail.email_id, { label, route_to: route, summary })
        return [summary, breakdown['summary'] ?? Number.NaN]
      }),
    )
    return summaries.map((summary) => earned.get(summary) ?? Number.NaN)
  })
  return { most: Math.max(...parts), mean: mean(parts) }
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Lines of a table: policies first, then the exploits, the best first. */
export function scoreTable(): string[] {
  const row = (name: string, values: readonly number[]): string =>
    `${name.padEnd(34)}${values.map((value) => value.toFixed(3).padStart(13)).join('')}`
  const constant = tasks.map(bestConstant)
  const exploited = Object.entries(exploits)
    .map(([name, exploit]) => ({ name, earned: tasks.map((task) => earnedBy(task, exploit)) }))
    .sort((left, right) => highest(right.earned) - highest(left.earned))
  return [
    `${'policy'.padEnd(34)}${tasks.map(({ id }) => id.padStart(13)).join('')}`,
    row(
      'oracle',
      tasks.map((task) => play(task, oracle)),
    ),
    row('baseline', tasks.map(baselineScore)),
    row('best constant label and route', constant),
    row('random label and route', tasks.map(randomChoice)),
    '',
    'exploit, with the best constant label and route; behind it the most that a summary earns',
    ...exploited.map(({ name, earned }) => {
      const totals = earned.map(({ mean: added }, index) => (constant[index] ?? 0) + added)
      return `${row(name, totals)}   ${earned.map(({ most }) => most.toFixed(3)).join(' ')}`
    }),
  ]
}

function highest(earned: readonly Earned[]): number {
  return Math.max(...earned.map(({ most }) => most))
}
