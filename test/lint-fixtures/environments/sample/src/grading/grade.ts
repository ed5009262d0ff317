import { GOLD } from '../gold/answers.ts'

/** Whether an answer is right. */
export const grade = (answer: number): boolean => answer === GOLD.answer
