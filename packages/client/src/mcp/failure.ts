import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { printable } from '@openenv-ts/core/host'
import { reasonOf } from '../http.ts'
import { SessionForgottenError } from './http-transport.ts'

/**
 * What went wrong between here and an MCP server, as an error of the table; or the reason of the signal that was
 * aborted.
 *
 * @param where - The server's address or program.
 */
export function failureOf(thrown: unknown, where: string, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason
  const ours = openEnvErrorIn(thrown)
  if (ours !== undefined) return ours
  if (thrown instanceof SessionForgottenError) {
    return new OpenEnvError(
      'CONNECTION_ERROR',
      `The MCP server at ${where} does not know the session that it has just begun. Connect again.`,
      { cause: thrown },
    )
  }
  const { code, data } = (thrown ?? {}) as {
    readonly code?: unknown
    readonly data?: { readonly status?: unknown }
  }
  if (code === 'REQUEST_TIMEOUT') {
    return new OpenEnvError('TIMEOUT', `The MCP server at ${where} did not answer in time.`, {
      cause: thrown,
    })
  }
  const status = typeof data?.status === 'number' ? data.status : undefined
  if (status === 401 || status === 403 || (thrown as Error | null)?.name === 'UnauthorizedError') {
    return new OpenEnvError(
      'CONNECTION_ERROR',
      `The MCP server at ${where} wants a token, or another one: give the option token.`,
      {
        cause: thrown,
      },
    )
  }
  const why = reasonOf(thrown)
  return new OpenEnvError(
    'CONNECTION_ERROR',
    `No MCP server can be reached at ${where}${why === '' ? '' : ` (${printable(why)})`}.`,
    {
      cause: thrown,
    },
  )
}

/** An error of our own `fetch`, which the SDK may have wrapped. */
function openEnvErrorIn(thrown: unknown): OpenEnvError | undefined {
  let error: unknown = thrown
  for (let depth = 0; depth < 5; depth += 1) {
    if (isOpenEnvError(error)) return error
    error = error instanceof Error ? error.cause : undefined
  }
  return undefined
}
