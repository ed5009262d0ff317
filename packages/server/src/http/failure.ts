import { errorToHttp } from '@openenv-ts/core/wire'
import { json } from './reply.ts'
import type { Host } from '../host.ts'
import { causeOf } from '../log-failure.ts'

/** An error as an answer. What the caller is not told goes to the log. */
export function failure(
  thrown: unknown,
  host: Pick<Host, 'log'>,
  headers?: Record<string, string>,
): Response {
  const { status, body } = errorToHttp(thrown)
  if (status === 429 || status === 503) headers = { 'retry-after': '1', ...headers }
  if (status === 500) host.log({ level: 'error', message: 'A request failed.', cause: causeOf(thrown) })
  return json({ status, body, ...(headers === undefined ? {} : { headers }) })
}
