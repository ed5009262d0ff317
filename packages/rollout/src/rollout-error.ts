/**
 * Why a rollout could not be started or a run not be read.
 *
 * - `INVALID_OPTION`: an option that cannot be, among them unknown tasks and missing model settings.
 * - `OUT_EXISTS`: the folder exists and going on with it was not asked for.
 * - `OTHER_SETTINGS`: the run in the folder has other settings; the message names each difference.
 * - `NOTHING_TO_RESUME`: there is no unfinished run of these settings.
 * - `RUN_LOCKED`: another process writes to the folder.
 * - `NO_RUN`: the folder holds no run.
 * - `SEVERAL_ENVIRONMENTS`: a URL is the root of several environments; the message names theirs.
 * - `BROKEN_RUN`: a file of the run is not as it was written; the message names file and line.
 */
export type RolloutErrorCode =
  | 'INVALID_OPTION'
  | 'OUT_EXISTS'
  | 'OTHER_SETTINGS'
  | 'NOTHING_TO_RESUME'
  | 'RUN_LOCKED'
  | 'NO_RUN'
  | 'SEVERAL_ENVIRONMENTS'
  | 'BROKEN_RUN'

/** A rollout that could not be started, or a run that could not be read. The message says what to do. */
export class RolloutError extends Error {
  readonly code: RolloutErrorCode

  constructor(code: RolloutErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'RolloutError'
    this.code = code
  }
}
