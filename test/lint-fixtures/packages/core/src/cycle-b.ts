import type { A } from './cycle-a.ts'

/** Needs A, which needs B. */
export interface B {
  readonly a: A
}
