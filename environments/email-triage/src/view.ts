// Everything that anybody sees of an episode. Nothing here can reach a right answer: no import leads there.
import type { DeepReadonly, Info, ScoredStep, Status } from '@openenv-ts/core'
import type { EmailObservation, EnvironmentState, TriageAction } from './models.ts'
import { maxSteps, type TriageState } from './state.ts'
import { taskWithId } from './tasks/canonical.ts'
import { describeTask } from './tasks/task.ts'

type State = DeepReadonly<TriageState>

/** `terminated` when every email is graded, `truncated` at the limit of steps. */
export function statusOf({ task_id, position, step }: State): Status {
  const { emails } = taskWithId(task_id)
  if (position >= emails.length) return 'terminated'
  return step >= maxSteps(emails.length) ? 'truncated' : 'running'
}

/** The email to answer next; without its content when the inbox is done. */
export function observe({ task_id, position, step }: State): DeepReadonly<EmailObservation> {
  const { emails } = taskWithId(task_id)
  const email = emails[position]
  const place = { task_id, step_number: step, total_emails: emails.length }
  if (email === undefined) {
    const timestamp = emails.at(-1)?.timestamp ?? ''
    return { email_id: '', subject: '', body: '', sender: '', timestamp, thread_history: [], ...place }
  }
  const { id, subject, body, sender, timestamp, thread } = email
  return { email_id: id, subject, body, sender, timestamp, thread_history: thread, ...place }
}

/** What `state()` shows. */
export function viewOf(state: State): DeepReadonly<EnvironmentState> {
  return {
    task_id: state.task_id,
    current_step: state.step,
    total_steps: maxSteps(taskWithId(state.task_id).emails.length),
    done: statusOf(state) !== 'running',
    action_history: state.actions,
    reward_history: state.rewards,
  }
}

/** The task in words, and the names of its routes, at the start; what a step came to, afterwards. */
export function infoOf(
  state: State,
  { index }: Pick<ScoredStep<State, DeepReadonly<TriageAction>>, 'index'>,
): Info {
  const task = taskWithId(state.task_id)
  const { task_id, step, last } = state
  if (index === 0 || last === null) {
    return { task_id, step, description: describeTask(task), routes: Object.keys(task.routes).join(',') }
  }
  return {
    task_id,
    step,
    base_score: last.terms.base_score,
    feedback: last.feedback,
    ...(statusOf(state) === 'running' ? {} : { score: scoreOf(state) }),
  }
}

/** The mean base score over all emails of the task; those not graded count 0. */
export function scoreOf({ task_id, scores }: Pick<State, 'task_id' | 'scores'>): number {
  const sum = scores.reduce((total, score) => total + score, 0)
  return Math.round((sum / taskWithId(task_id).emails.length) * 10_000) / 10_000
}
