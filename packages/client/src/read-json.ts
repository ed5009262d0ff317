import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { parseJson } from '@openenv-ts/core/wire'

/**
 * Reads JSON that a server sent.
 *
 * @throws OpenEnvError `EXECUTION_ERROR` naming a number that would be rounded or infinite, and its place: Python's
 * servers can send such numbers, and JavaScript cannot hold them. `INVALID_JSON` for what is not JSON.
 */
export function readJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch (error) {
    if (!isOpenEnvError(error) || error.issues.length === 0) throw error
    throw new OpenEnvError('EXECUTION_ERROR', `The server's answer cannot be read. ${error.message}`, {
      issues: error.issues,
    })
  }
}

/** As {@link readJson}; undefined for what is not JSON. */
export function readJsonOr(text: string): unknown {
  try {
    return readJson(text)
  } catch (error) {
    if (isOpenEnvError(error) && error.code === 'EXECUTION_ERROR') throw error
    return undefined
  }
}
