import type { ListenOptions } from '@openenv-ts/server/node'
import type { ServeFlags } from './serve-flags.ts'
import { UsageError } from './failure.ts'

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

/** What flags say of where environments run. */
export function isolationOf({
  isolation,
  workers,
  stepSeconds,
}: IsolationFlags): NonNullable<ListenOptions['isolation']> {
  if (isolation === 'inline') return 'inline'
  return {
    kind: isolation,
    ...(workers === undefined ? {} : { workers }),
    ...(stepSeconds === undefined ? {} : { stepSeconds }),
  }
}

/** The module by which executors load ENV as this command does. Unbuilt, it is TypeScript too. */
export const LOADER = new URL(
  import.meta.filename.endsWith('.ts') ? './isolated.ts' : './isolated.js',
  import.meta.url,
).href
