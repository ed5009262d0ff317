import { isOpenEnvError } from '@openenv-ts/core'
import { canonicalJson } from './canonical-json.ts'
import type { Failure } from './outcome.ts'

const MAX_MESSAGE_CHARACTERS = 500

/** What is told of an error: where it came up, its code or class, and its message. */
export function failureOf(error: unknown, during: Failure['during']): Failure {
  const name = error instanceof Error ? error.name : 'Error'
  return { during, code: isOpenEnvError(error) ? error.code : name, message: textOf(error) }
}

/** A failure with what lies underneath: for the run's own log, never for the policy. */
export function deepFailureOf(error: unknown, during: Failure['during']): Failure {
  const failure = failureOf(error, during)
  const cause = error instanceof Error ? error.cause : undefined
  if (cause === undefined) return failure
  return { ...failure, message: shortened(`${failure.message} (${textOf(cause)})`) }
}

/** The message of whatever was thrown, cut to 500 characters. */
export function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : typeof error === 'string' ? error : canonicalOr(error)
  return shortened(text)
}

function shortened(text: string): string {
  return text.length <= MAX_MESSAGE_CHARACTERS ? text : `${text.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…`
}

function canonicalOr(value: unknown): string {
  try {
    return canonicalJson(value)
  } catch {
    return 'Something that is no error was thrown.'
  }
}
