import { readFileSync } from 'node:fs'

/** Who a process is: the number alone may be another's later. */
export interface ProcessIdentity {
  readonly pid: number
  readonly parent: number
  /** Null where the system does not say. */
  readonly startedAt: string | null
}

/**
 * Looks a process up.
 *
 * @returns Null when the number is none of a process that leads a group of its own, or stands for more than one process.
 */
export function leaderOfGroup(pid: unknown): ProcessIdentity | null {
  if (!isSafe(pid)) return null
  if (process.platform !== 'linux') return { pid, parent: NaN, startedAt: null }
  const [, parent, group, startedAt] = statOf(pid) ?? []
  if (startedAt === undefined || Number(group) !== pid) return null
  return { pid, parent: Number(parent), startedAt }
}

/** Ends the group that a process leads, if it is still that process. */
export function killLeader({ pid, startedAt }: ProcessIdentity): void {
  const now = leaderOfGroup(pid)
  if (now !== null && now.startedAt === startedAt) killGroup(pid)
}

/**
 * Ends a process and everything in its group, at once. Does nothing with a number that stands for more than one group, or
 * for the group of this process.
 */
export function killGroup(group: number): void {
  if (!isSafe(group)) return
  try {
    process.kill(-group, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** 0 and 1 stand for our own group and for every process there is. */
function isSafe(pid: unknown): pid is number {
  return Number.isSafeInteger(pid) && Number(pid) > 1 && pid !== process.pid && pid !== ownGroup()
}

let own: number | null | undefined

function ownGroup(): number | null {
  own ??= Number(statOf('self')?.[2] ?? NaN)
  return own
}

/** State, parent, group and the time of its start, in ticks since the system's. */
function statOf(pid: number | 'self'): readonly [string, string, string, string] | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
    // The name in front may hold anything, blanks and brackets too.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state = '', parent = '', group = ''] = fields
    return [state, parent, group, fields[19] ?? '']
  } catch {
    return null
  }
}
