/** A command on a page. */
export interface Step {
  readonly kind: 'run' | 'server' | 'provoke'
  readonly command: string
  /** Lines that it prints; for `provoke` the texts that are to be among what it prints. */
  readonly expected: readonly string[]
  readonly line: number
  /** A program without which it is not run. */
  readonly needs?: string
}

/** A block between three backticks. */
export interface Fence {
  readonly language: string
  /** What stands behind the language. */
  readonly info: string
  readonly body: string
  readonly line: number
}

export function stepsOf(text: string): readonly Step[]
export function fencesOf(text: string): readonly Fence[]
export function unprovokedItemsOf(text: string): readonly { readonly says: string; readonly line: number }[]
