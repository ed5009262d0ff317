import { join } from 'node:path'
import { FileLockedError, lockFile } from '@openenv-ts/core/node'
import { RolloutError } from './rollout-error.ts'

/**
 * Takes the right to write to a run's folder.
 *
 * @returns A function that gives the right back.
 * @throws RolloutError `RUN_LOCKED` naming the process that has it.
 */
export async function lockRun(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'run.lock')
  try {
    const lock = await lockFile(path)
    return () => lock.release()
  } catch (cause) {
    if (!(cause instanceof FileLockedError)) throw cause
    throw new RolloutError('RUN_LOCKED', messageOf(cause), { cause })
  }
}

function messageOf({ path, owner }: FileLockedError): string {
  if (owner === null) return `Other processes lock ${path} one after another. Try again.`
  const advice = owner.isLocal ? 'Wait for it or stop it.' : `If it has ended, remove ${path}.`
  return `The run is being written by process ${String(owner.pid)} on ${owner.host}. ${advice}`
}
