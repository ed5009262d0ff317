import type { B } from './cycle-b.ts'

/** Needs B, which needs A. */
export interface A {
  readonly b: B
}
