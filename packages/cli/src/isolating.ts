import type { AnyEnvironment } from '@openenv-ts/core'
import type { LogEvent } from '@openenv-ts/server'
import { createIsolation, type Isolation } from '@openenv-ts/server/node'
import type { ServeFlags } from './serve-flags.ts'
import { Failure, oneLine, UsageError } from './failure.ts'

/** Which of the flags of `serve` say where environments run. */
export type IsolationFlags = Pick<ServeFlags, 'isolation' | 'workers' | 'stepSeconds'>

/**
 * Refuses what only means something where environments run in places of their own.
 *
 * @throws UsageError naming the flag.
 */
export function checkIsolationFlags({ isolation, workers, stepSeconds }: IsolationFlags): void {
  if (isolation !== 'inline') return
  const flag = workers !== undefined ? '--workers' : stepSeconds !== undefined ? '--step-seconds' : undefined
  if (flag !== undefined) throw new UsageError(`${flag} needs --isolation worker or --isolation process.`)
}

/**
 * Starts the places where an environment's episodes run; undefined for this very thread.
 *
 * @param name - ENV as it was given: each place loads it by itself, as this command does.
 */
export async function isolate(
  name: string,
  { secrets = [] }: AnyEnvironment,
  { isolation, workers, stepSeconds }: IsolationFlags,
  log: (event: LogEvent) => void,
): Promise<Isolation | undefined> {
  if (isolation === 'inline') return undefined
  // Unbuilt, its neighbor is TypeScript too.
  const loader = import.meta.filename.endsWith('.ts') ? './isolated.ts' : './isolated.js'
  try {
    return await createIsolation({
      kind: isolation,
      module: name,
      loader: new URL(loader, import.meta.url).href,
      // What it may be given for an episode it may as well be given for all.
      variables: secrets,
      ...(workers === undefined ? {} : { workers }),
      ...(stepSeconds === undefined ? {} : { stepSeconds }),
      log,
    })
  } catch (thrown) {
    throw new Failure(oneLine(thrown))
  }
}
