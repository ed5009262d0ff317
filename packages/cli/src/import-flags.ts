/** What `openenv import` is asked for. */
export interface ImportFlags {
  readonly name: string
  readonly outputDir: string
  readonly type?: string
  readonly envClass?: string
  readonly importer?: readonly string[]
  readonly json?: boolean
  readonly dryRun?: boolean
  readonly check?: boolean
  readonly update?: boolean
  /** With `update`: replaces what was edited, too. */
  readonly force?: boolean
  /** False with `--no-lock`. */
  readonly lock: boolean
}
