import { OpenEnvError } from '@openenv-ts/core'

/** Nobody answers at an address. */
export function unreachable(url: string, why: string, cause?: unknown): OpenEnvError {
  const reason = why === '' ? '' : ` (${why})`
  return new OpenEnvError(
    'CONNECTION_ERROR',
    `Cannot reach ${url}${reason}: is the server running? Start one with: openenv serve ENVIRONMENT`,
    { cause },
  )
}
