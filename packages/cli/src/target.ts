import { readFileSync } from 'node:fs'
import { localTarget, remoteTarget, type Target } from '@openenv-ts/rollout'
import { builtInEnvironment, isUrl, loadEnvironment, type EnvironmentModule } from './environment.ts'
import { UsageError } from './failure.ts'

/** What ENV|URL stands for: what is played, and the module whose policies know it. */
export interface PlaySource {
  readonly target: Target
  /** Undefined for a server whose environment is neither built in nor named by the user. */
  readonly module: EnvironmentModule | undefined
}

/** Options of {@link findPlaySource}. */
export interface PlaySourceOptions {
  /** The environment that has the policies for a server, as the user typed it. */
  readonly env?: string | undefined
  readonly signal?: AbortSignal
}

/**
 * Finds what the user typed for ENV|URL, with its policies. A server is asked for its schema and tasks; its name
 * selects a built-in environment and nothing else [OE-17].
 *
 * @throws UsageError for a name that stands for nothing; OpenEnvError when a server does not answer.
 */
export async function findPlaySource(typed: string, options: PlaySourceOptions = {}): Promise<PlaySource> {
  const { env, signal } = options
  if (!isUrl(typed)) {
    if (env !== undefined)
      throw new UsageError('--env is for a URL: an environment of this machine has its own policies.')
    const module = await loadEnvironment(typed)
    return { target: localTarget(module.environment), module }
  }
  // A mistake in --env is said before a server is asked.
  const named = env === undefined ? undefined : await loadEnvironment(env)
  const target = await findServer(typed, signal)
  return { target, module: named ?? (await builtInEnvironment(target.name)) }
}

/**
 * Finds what the user typed for ENV|URL, without its policies.
 *
 * @throws As {@link findPlaySource}.
 */
export async function findTarget(typed: string, signal?: AbortSignal): Promise<Target> {
  if (isUrl(typed)) return findServer(typed, signal)
  return localTarget((await loadEnvironment(typed)).environment)
}

/** The one place where a token goes to a server: its URL was typed by the user. */
async function findServer(url: string, signal: AbortSignal | undefined): Promise<Target> {
  if (!URL.canParse(url)) throw new UsageError(`${url} is not a URL: give one such as http://127.0.0.1:8000.`)
  const token = controlToken(process.env)
  return remoteTarget(url, {
    ...(token === undefined ? {} : { token }),
    ...(signal === undefined ? {} : { signal }),
  })
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
