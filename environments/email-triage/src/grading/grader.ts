import type { EmailGold, TaskGold } from '../gold/gold.ts'
import type { Label, RewardResult, TriageAction } from '../models.ts'
import type { Email, TriageTask } from '../tasks/task.ts'
import { gradeSummary, type SummaryGrade } from './summary.ts'

/** What each part of an answer can earn; they add up to 1. */
export const WEIGHTS = { label: 0.35, route: 0.25, summary: 0.4 } as const

/** What a label costs on top of its missed credit, when following it would do harm. */
const HARM = { urgentLost: 0.2, deceived: 0.1 } as const

/** Judges the answers to one task. Pure and deterministic: the same answer always earns the same. */
export interface Grader {
  /**
   * Scores the answer to one email.
   *
   * @returns A score from 0 to 1, its parts `label`, `route` and `summary`, and feedback that names nothing right.
   * @throws RangeError when the task has no such email.
   */
  score(emailId: string, action: TriageAction): RewardResult
  /** The penalty for giving an email this label, 0 or more: an urgent email set aside, a deceit passed on as urgent. */
  penalty(emailId: string, label: Label): number
}

/** Builds the grader of a task from its right answers. */
export function createGrader(task: TriageTask, gold: TaskGold): Grader {
  const known = (emailId: string): { readonly email: Email; readonly answer: EmailGold } => {
    const email = task.emails.find(({ id }) => id === emailId)
    const answer = gold[emailId]
    if (email === undefined || answer === undefined)
      throw new RangeError(`${task.id} has no email "${emailId}".`)
    return { email, answer }
  }
  return {
    score: (emailId, action) => {
      const { email, answer } = known(emailId)
      return scoreAnswer(email, answer, action)
    },
    penalty: (emailId, label) => {
      const { answer } = known(emailId)
      if (answer.label === 'urgent' && (label === 'spam' || label === 'archive')) return HARM.urgentLost
      return answer.label === 'spam' && label === 'urgent' ? HARM.deceived : 0
    },
  }
}

function scoreAnswer(email: Email, answer: EmailGold, action: TriageAction): RewardResult {
  const label = action.label === answer.label ? 1 : (answer.near?.[action.label] ?? 0)
  const named = action.route_to.trim().toLowerCase()
  const others = answer.alsoRoutes ?? {}
  const route = named === answer.route ? 1 : Object.hasOwn(others, named) ? (others[named] ?? 0) : 0
  const summary = gradeSummary(action.summary, email, answer.facts)
  const breakdown = {
    label: round(WEIGHTS.label * label),
    route: round(WEIGHTS.route * route),
    summary: round(WEIGHTS.summary * summary.score),
  }
  return {
    score: round(breakdown.label + breakdown.route + breakdown.summary),
    breakdown,
    feedback: `Label: ${credit(label)}. Route: ${credit(route)}. Summary: ${credit(summary.score)}${advice(summary)}.`,
  }
}

function credit(share: number): string {
  return share >= 1 ? 'full credit' : share > 0 ? 'part of the credit' : 'no credit'
}

function advice({ coverage, form }: SummaryGrade): string {
  if (form < 0.5) return ', write one or two sentences in your own words'
  return coverage < 0.5 ? ', what matters most is missing or quoted' : ''
}

/** To four places: sums of parts stay readable, and 0.35 + 0.25 + 0.4 is 1. */
function round(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
