import { printable } from '@openenv-ts/core/printable'

/** The exit codes of the command [OE-15]. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130, terminated: 143 } as const

/** A mistake in how the command was called: exit 2, and one line that says what to do. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** An environment's module cannot be loaded. What its own code says of that is for the person at the terminal only. */
export class LoadFailure extends UsageError {
  /** What clients may be told: no text of a stranger's exception, no path and no file of this machine. */
  readonly told: string

  constructor(message: string, told: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.told = told
  }
}

/** Something that went wrong although the call was right: exit 1, and one line. */
export class Failure extends Error {
  override readonly name = 'Failure'
}

/** The command was told to stop; whoever waits for something gets this as the reason. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  readonly exitCode: number

  constructor(exitCode: number) {
    super('Interrupted.')
    this.exitCode = exitCode
  }
}

/** What a rollout refuses because of how it was called. Codes and not the class: help must not load that package. */
const USAGE_CODES: ReadonlySet<unknown> = new Set([
  'INVALID_OPTION',
  'OUT_EXISTS',
  'OTHER_SETTINGS',
  'NOTHING_TO_RESUME',
  'RUN_LOCKED',
  'NO_RUN',
  'SEVERAL_ENVIRONMENTS',
])

/** The exit code that something thrown stands for. */
export function exitCodeOf(thrown: unknown): number {
  if (thrown instanceof UsageError) return EXIT.usage
  if (thrown instanceof Interrupted) return thrown.exitCode
  if (
    thrown instanceof Error &&
    thrown.name === 'RolloutError' &&
    'code' in thrown &&
    USAGE_CODES.has(thrown.code)
  ) {
    return EXIT.usage
  }
  return EXIT.failed
}

const MAX_CHARACTERS = 4000

/** Whatever was thrown, or a text of anybody, as one line for a person, cut off where it is endless. */
export function oneLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown)
  // What comes first says what went wrong; spaces are looked at in no more than can be shown.
  const start = text.slice(0, 2 * MAX_CHARACTERS)
  return printable(start.replaceAll(/[^\S\n]*\n\s*/g, ' ').trim(), MAX_CHARACTERS)
}
