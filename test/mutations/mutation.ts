/** A change to a source that breaks one invariant, and the test that must notice it. */
export interface Mutation {
  /** The invariant's test, as INVARIANTS.md names it. */
  readonly test: { readonly file: string; readonly title: string }
  /**
   * What runs it: a test file, with the configuration of its step where that is not the unit step's; or the type checker,
   * for what holds as a type. Default: the test's own file. `after`: the title of a test that makes what this one uses.
   */
  readonly run?: { readonly file: string; readonly config?: string; readonly after?: string } | 'types'
  /** The source that is changed. */
  readonly source: string
  /** A text that stands in the source exactly once. */
  readonly find: string
  readonly replace: string
}
