import { a } from './cycle-a.ts'

/** Needs a, which needs b. */
export const b = (): number => a()
