import { isOpenEnvError, type ErrorCode, type OpenEnvError } from '../errors.ts'
import { differenceOf, preview } from './compare.ts'

/** What a case of a suite fails with; test runners show `expected` and `actual` side by side. */
export class ExpectationError extends Error {
  readonly expected: unknown
  readonly actual: unknown

  constructor(what: string, expected: unknown, actual: unknown) {
    super(`${what}\n  expected  ${preview(expected, 400)}\n  received  ${preview(actual, 400)}`)
    this.name = 'ExpectationError'
    this.expected = expected
    this.actual = actual
  }
}

/** Fails unless two JSON values are equal. */
export function expectEqual(what: string, received: unknown, expected: unknown): void {
  const place = differenceOf(expected, received)
  if (place === null) return
  throw new ExpectationError(
    place === '' ? `${what}:` : `${what}: it differs at ${place}.`,
    expected,
    received,
  )
}

/** Fails unless the call rejects with an error of the table that has this code; answers that error. */
export async function expectError(
  what: string,
  code: ErrorCode,
  call: Promise<unknown>,
): Promise<OpenEnvError> {
  let answer: unknown
  try {
    answer = await call
  } catch (error) {
    if (isOpenEnvError(error) && error.code === code) return error
    const received = isOpenEnvError(error) ? `${error.code}: ${error.message}` : String(error)
    throw new ExpectationError(`${what}: it failed in another way.`, code, received)
  }
  throw new ExpectationError(`${what}: it did not fail.`, code, answer)
}

/** The answer, or null where the episode cannot do it. */
export async function supported<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call
  } catch (error) {
    if (isOpenEnvError(error) && error.code === 'NOT_SUPPORTED') return null
    throw error
  }
}
