import { mkdir, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { OpenEnvError } from '@openenv-ts/core'

/**
 * The folder that holds the virtual environments of this user: the one that `OPENENV_VENVS` names, else
 * `openenv/venvs` in the user's cache.
 *
 * What lies there is run. So the folder must belong to this user, and others must have no access.
 *
 * @throws OpenEnvError FACTORY_ERROR saying which folder it is, what is wrong with it, and what to do.
 */
export async function environmentsFolder(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const path = named(env)
  const elsewhere = 'or name another folder in OPENENV_VENVS.'
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const { uid, mode } = await stat(path)
    const me = process.getuid?.()
    if (me !== undefined && uid !== me) {
      throw refused(
        `${path}, the folder for virtual environments, belongs to another user: remove it, ${elsewhere}`,
      )
    }
    if ((mode & 0o077) !== 0) {
      throw refused(
        `${path}, the folder for virtual environments, is open to other users (mode ${(mode & 0o777).toString(8)}): run chmod 700 ${path}, ${elsewhere}`,
      )
    }
    return await realpath(path)
  } catch (cause) {
    if (cause instanceof OpenEnvError) throw cause
    const why =
      cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause)
    throw refused(
      `${path}, the folder for virtual environments, cannot be used (${why}): make it, ${elsewhere}`,
    )
  }
}

function named(env: NodeJS.ProcessEnv): string {
  const own = env['OPENENV_VENVS']
  if (own !== undefined && own !== '') return resolve(own)
  const cache = env['XDG_CACHE_HOME']
  // The specification of XDG_CACHE_HOME has relative paths ignored.
  const home = env['HOME'] ?? homedir()
  return join(cache !== undefined && isAbsolute(cache) ? cache : join(home, '.cache'), 'openenv', 'venvs')
}

function refused(message: string): OpenEnvError {
  return new OpenEnvError('FACTORY_ERROR', message)
}
