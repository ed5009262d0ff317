import { readFileSync } from 'node:fs'
import { localTarget, remoteTarget, type Target } from '@openenv-ts/rollout'
import { findEnvironment, isUrl, loadEnvironment, type EnvironmentModule } from './environment.ts'
import { UsageError } from './failure.ts'

/** What ENV|URL stands for: what is played, and the module whose policies know it. */
export interface Subject {
  readonly target: Target
  /** Undefined for a server whose environment is not installed here. */
  readonly module: EnvironmentModule | undefined
}

/**
 * Finds what ENV|URL stands for. A server is asked for its schema and tasks.
 *
 * @throws UsageError for a name that stands for nothing; OpenEnvError when a server does not answer.
 */
export async function findSubject(name: string, signal?: AbortSignal): Promise<Subject> {
  if (!isUrl(name)) return subjectOf(await loadEnvironment(name))
  if (!URL.canParse(name)) throw new UsageError(`${name} is no URL: give one such as http://127.0.0.1:8000.`)
  const token = controlToken(process.env)
  const target = await remoteTarget(name, {
    ...(token === undefined ? {} : { token }),
    ...(signal === undefined ? {} : { signal }),
  })
  return { target, module: await findEnvironment(target.name) }
}

/** The token that servers want of orchestrators: the variables that `serve` reads it from hold it here too. */
function controlToken(variables: NodeJS.ProcessEnv): string | undefined {
  const { OPENENV_CONTROL_TOKEN: token, OPENENV_CONTROL_TOKEN_FILE: file } = variables
  if (token !== undefined || file === undefined) return token
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new UsageError('OPENENV_CONTROL_TOKEN_FILE names a file that cannot be read.')
  }
}

/** An environment in this process, with its module. */
export function subjectOf(module: EnvironmentModule): Subject {
  return { target: localTarget(module.environment), module }
}
