import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import type { Host } from './host.ts'

/**
 * Writes down what failed inside, with the cause that the other side is not told.
 *
 * @param session - Named by its number: its id opens it, and logs are read by many.
 */
export function logFailure(
  host: Pick<Host, 'log'>,
  thrown: unknown,
  session?: { readonly number: number } | null,
): void {
  if (isOpenEnvError(thrown) && thrown.http !== 500) return
  const message = isOpenEnvError(thrown) ? thrown.message : 'A call failed.'
  const where = session === undefined || session === null ? {} : { session: String(session.number) }
  host.log({ level: 'error', message, ...where, cause: causeOf(thrown) })
}

/** What happened underneath an error of the table, or the thing itself. */
export function causeOf(thrown: unknown): unknown {
  return thrown instanceof OpenEnvError ? (thrown.cause ?? thrown) : thrown
}
