import { OpenEnvError, type AnyEnvironment } from '@openenv-ts/core'

/**
 * Holds the environment's name in a path or a body against the one that is served; case does not matter.
 *
 * @throws OpenEnvError `VALIDATION_ERROR` (HTTP 404) for another.
 */
export function requireEnvironment(name: string | undefined, environment: AnyEnvironment): void {
  if (name?.toLowerCase() === environment.name) return
  const message = `unknown environment '${(name ?? '').slice(0, 100)}'`
  throw new OpenEnvError('VALIDATION_ERROR', message, { http: 404 })
}
