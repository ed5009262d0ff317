/** Why an import did not happen, for programs. */
export type RefusalCode =
  | 'INVALID_NAME'
  | 'NO_SOURCE'
  | 'OUTPUT_IN_SOURCE'
  | 'DESTINATION_TAKEN'
  | 'NO_IMPORT'
  | 'UNKNOWN_TYPE'
  | 'NOTHING_FOUND'
  | 'SEVERAL_TYPES'
  | 'UNKNOWN_ENTRY_POINT'
  | 'SEVERAL_ENTRY_POINTS'
  | 'UNSUPPORTED_VERSION'

/** That an import was not even tried, because of what was asked for; the message is one line with what to do. */
export class ImportRefusal extends Error {
  override readonly name = 'ImportRefusal'
  readonly code: RefusalCode
  /** What can be chosen from, where something has to be chosen. */
  readonly choices: readonly string[]

  constructor(code: RefusalCode, message: string, choices: readonly string[] = []) {
    super(message)
    this.code = code
    this.choices = choices
  }
}

/** That an import was tried and failed: exit code 1. The message is one line. */
export class ImportFailure extends Error {
  override readonly name = 'ImportFailure'
  readonly code: 'GENERATION_FAILED' | 'LOCK_FAILED'

  constructor(code: ImportFailure['code'], message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}
