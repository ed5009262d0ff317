import { easyGold } from '../gold/easy.ts'
import type { EmailGold, TaskGold } from '../gold/gold.ts'
import { hardGold } from '../gold/hard.ts'
import { mediumGold } from '../gold/medium.ts'
import { easy } from '../tasks/easy.ts'
import { hard } from '../tasks/hard.ts'
import { medium } from '../tasks/medium.ts'
import { createGrader, type Grader } from './grader.ts'

const GOLD: Readonly<Record<string, TaskGold>> = {
  task_easy: easyGold,
  task_medium: mediumGold,
  task_hard: hardGold,
}

/** The grader of task_easy. */
export const gradeEasy: Grader = createGrader(easy, easyGold)
/** The grader of task_medium. */
export const gradeMedium: Grader = createGrader(medium, mediumGold)
/** The grader of task_hard. */
export const gradeHard: Grader = createGrader(hard, hardGold)

/** The grader of each task, by task id. */
export const graders: Readonly<Record<string, Grader>> = {
  task_easy: gradeEasy,
  task_medium: gradeMedium,
  task_hard: gradeHard,
}

/** The grader of a task. Throws a RangeError when there is none. */
export function graderOf(taskId: string): Grader {
  const grader = Object.hasOwn(graders, taskId) ? graders[taskId] : undefined
  if (grader === undefined) throw new RangeError(`There is no grader for "${taskId}".`)
  return grader
}

/** The right answer to an email. Throws a RangeError when there is none. */
export function goldOf(taskId: string, emailId: string): EmailGold {
  const gold = Object.hasOwn(GOLD, taskId) ? GOLD[taskId]?.[emailId] : undefined
  if (gold === undefined) throw new RangeError(`${taskId} has no email "${emailId}".`)
  return gold
}
