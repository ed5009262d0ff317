import { definePureEnvironment, taskList, type DeepReadonly, type Issue } from '@openenv-ts/core'
import { describeIssues } from '@openenv-ts/core/host'
import { graderOf } from './grading/graders.ts'
import { EmailObservation, EnvironmentState, TriageAction } from './models.ts'
import { REWARD_RANGE, TriageState, type StepTerms } from './state.ts'
import { TASKS, taskWithId } from './tasks/canonical.ts'
import { describeTask, type TriageTask } from './tasks/task.ts'
import { infoOf, observe, scoreOf, statusOf, viewOf } from './view.ts'

/** Taken off a reward for every step made so far. */
const STEP_COST = 0.01
/** Share of the task's score that the step which finishes the inbox earns on top. */
const FINISH_BONUS = 0.1
const NOTHING: StepTerms = { base_score: 0, step_cost: 0, trajectory_bonus: 0, penalties: 0 }

type State = DeepReadonly<TriageState>

/** Grades the email shown and goes on to the next one. */
function transition(state: State, action: DeepReadonly<TriageAction>): State {
  const { task_id, position } = state
  const { emails } = taskWithId(task_id)
  const emailId = emails[position]?.id ?? ''
  const grader = graderOf(task_id)
  const { score, feedback } = grader.score(emailId, action)
  const scores = [...state.scores, score]
  const step = state.step + 1
  const penalty = grader.penalty(emailId, action.label)
  const terms: StepTerms = {
    base_score: score,
    step_cost: -STEP_COST * step,
    trajectory_bonus: scores.length === emails.length ? FINISH_BONUS * scoreOf({ task_id, scores }) : 0,
    penalties: penalty === 0 ? 0 : -penalty,
  }
  return {
    task_id,
    position: position + 1,
    step,
    actions: [...state.actions, action],
    rewards: [...state.rewards, clippedSum(terms)],
    scores,
    last: { terms, feedback },
  }
}

/** Counts an action that could not be read, and stays with the same email. */
function invalid(state: State, issues: readonly Issue[]): State {
  return {
    ...state,
    step: state.step + 1,
    actions: [...state.actions, { error: describeIssues(issues).slice(0, 500) }],
    rewards: [...state.rewards, 0],
    last: { terms: NOTHING, feedback: 'Nothing was graded: the action could not be read.' },
  }
}

function clippedSum({ base_score, step_cost, trajectory_bonus, penalties }: StepTerms): number {
  const [low, high] = REWARD_RANGE
  return Math.min(Math.max(base_score + step_cost + trajectory_bonus + penalties, low), high)
}

const term = (name: keyof StepTerms) => (state: State) => state.last?.terms[name] ?? 0

/** An inbox to work through: label, route and summarize one email a step. */
export const emailTriage = definePureEnvironment({
  name: 'email-triage',
  description: 'Read an inbox; label, route and summarize every email.',
  version: '0.1.0',
  action: TriageAction,
  observation: EmailObservation,
  state: TriageState,
  tasks: taskList<TriageTask>(TASKS, { publish: ({ emails }) => ({ emails: emails.length }) }),
  rewardRange: REWARD_RANGE,

  initial: ({ task }) => ({
    task_id: (task?.data ?? taskWithId('task_easy')).id,
    position: 0,
    step: 0,
    actions: [],
    rewards: [],
    scores: [],
    last: null,
  }),
  transition,
  invalid,
  observe,
  reward: {
    base_score: term('base_score'),
    step_cost: term('step_cost'),
    trajectory_bonus: term('trajectory_bonus'),
    penalties: term('penalties'),
  },
  status: statusOf,
  info: infoOf,
  view: { schema: EnvironmentState, of: viewOf },
  prompt: ({ task_id }) => describeTask(taskWithId(task_id)),
})
