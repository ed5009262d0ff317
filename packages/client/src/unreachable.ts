import { OpenEnvError } from '@openenv-ts/core'
import { printable } from '@openenv-ts/core/host'

/**
 * The error for an address where no server answers.
 *
 * @param why - What the platform says. A server may have written a part of it, such as the names of a certificate.
 */
export function unreachable(url: string, why: string, cause?: unknown): OpenEnvError {
  const reason = why === '' ? '' : ` (${printable(why)})`
  return new OpenEnvError(
    'CONNECTION_ERROR',
    `Cannot reach ${url}${reason}: is the server running? Start one with: npx openenv serve ENVIRONMENT`,
    { cause },
  )
}
