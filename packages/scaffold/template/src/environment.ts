import { definePureEnvironment, taskList } from '@openenv-ts/core'
import { z } from 'zod'
import { wordsRight } from './grade.ts'
import { TASKS, type CipherTask } from './tasks.ts'

const TRIES = 3

/** An answer. */
export const CipherAction = z.strictObject({
  text: z.string().max(500).describe('The text in plain English, all words in their order.'),
})
/** An answer. */
export type CipherAction = z.infer<typeof CipherAction>

/** The task, and what came of the last answer. */
export const CipherObservation = z.strictObject({
  cipher: z.string().describe('English, every letter moved by the same number of places in the alphabet.'),
  feedback: z.string().describe('How many words of the last answer were right; empty before the first.'),
  triesLeft: z.int().min(0).max(TRIES),
})
/** The task, and what came of the last answer. */
export type CipherObservation = z.infer<typeof CipherObservation>

/** Plain data, from which everything that anybody sees is computed. */
const State = z.strictObject({
  taskId: z.string(),
  cipher: z.string(),
  feedback: z.string(),
  triesLeft: z.int(),
  solved: z.boolean(),
})

/** Read a sentence whose letters were moved along the alphabet, in three tries. */
export const environment = definePureEnvironment({
  name: 'my-environment',
  description: 'Read a sentence whose letters were moved along the alphabet.',
  version: '0.1.0',
  action: CipherAction,
  observation: CipherObservation,
  state: State,
  tasks: taskList<CipherTask>(TASKS),
  rewardRange: [0, 1],

  initial: ({ task }) => {
    const { id, cipher } = task?.data ?? TASKS.train[0]
    return { taskId: id, cipher, feedback: '', triesLeft: TRIES, solved: false }
  },
  transition: (state, { text }) => {
    const { right, of } = wordsRight(state.taskId, text)
    return {
      ...state,
      feedback: `${String(right)} of ${String(of)} words are right.`,
      triesLeft: state.triesLeft - 1,
      solved: right === of,
    }
  },
  observe: ({ cipher, feedback, triesLeft }) => ({ cipher, feedback, triesLeft }),
  reward: { solved: ({ solved }) => (solved ? 1 : 0) },
  status: ({ solved, triesLeft }) => (solved || triesLeft === 0 ? 'terminated' : 'running'),
  prompt: ({ cipher }) =>
    `Every letter was moved by the same number of places. Read the sentence:\n${cipher}`,
})
