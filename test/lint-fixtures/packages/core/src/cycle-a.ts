import { b } from './cycle-b.ts'

/** Needs b, which needs a. */
export const a = (): number => b()
