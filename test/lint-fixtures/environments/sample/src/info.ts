import type { GOLD } from './gold.ts'

/** Says what must not be said. */
export type Hint = (typeof GOLD)['answer']
