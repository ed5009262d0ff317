import { GOLD } from './gold.ts'

/** Tells the agent everything. */
export const observe = (): number => GOLD.answer
