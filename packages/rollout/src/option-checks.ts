import { checkKeys } from '@openenv-ts/core/host'
import { RolloutError } from './rollout-error.ts'

/** Throws `INVALID_OPTION` unless a value is a whole number from `least`. */
export function requireWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return
  throw invalid(`"${name}" is a whole number from ${String(least)}, not ${String(value)}.`)
}

/** Throws `INVALID_OPTION` for a name that is not known, with the one that was probably meant. */
export function requireKnown(where: string, given: unknown, known: readonly string[]): void {
  try {
    checkKeys(where, given, known)
  } catch (error) {
    throw error instanceof TypeError ? invalid(error.message) : error
  }
}

/** The error for an option that cannot be. */
export function invalid(message: string): RolloutError {
  return new RolloutError('INVALID_OPTION', message)
}
