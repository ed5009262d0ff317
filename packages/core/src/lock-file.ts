import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/** The process that holds a lock file, as the file says it. */
export interface LockOwner {
  readonly pid: number
  readonly host: string
  /** Whether it runs on this machine, where it can be seen whether it still does. */
  readonly isLocal: boolean
}

/** A lock file that this process holds. */
export interface FileLock extends AsyncDisposable {
  readonly path: string
  /** Gives the lock back. Later calls do nothing. */
  release(): Promise<void>
}

/** Options of {@link lockFile}. */
export interface LockFileOptions {
  /** How long to wait for another owner to give the lock back, in milliseconds; 0, no wait, when not given. */
  readonly waitMs?: number
}

/** Another process holds a lock file. */
export class FileLockedError extends Error {
  readonly path: string
  /** Null where many processes take and release the lock so fast that no owner was seen for long. */
  readonly owner: LockOwner | null

  constructor(path: string, owner: LockOwner | null) {
    const who =
      owner === null ? 'by one process after another' : `by process ${String(owner.pid)} on ${owner.host}`
    super(`${path} is locked ${who}.`)
    this.name = 'FileLockedError'
    this.path = path
    this.owner = owner
  }
}

const Content = z.object({ pid: z.int(), host: z.string(), started: z.string().nullable(), id: z.string() })
type Content = z.infer<typeof Content>

const MAX_BYTES = 4096
/** A waiting process looks again after 1 ms, then after twice as long each time, up to this. */
const MAX_POLL_MS = 64
/** How long the steps of a takeover may take on a busy machine, where the caller does not wait for an owner. */
const PATIENCE_MS = 5000

/**
 * Takes a lock file: at most one process has it, on every file system with hard links.
 *
 * The lock of a process that has ended is taken over. A zombie has ended; a process that was given the number of the
 * owner later is not the owner. Whether a process of another machine has ended cannot be seen from here: such a lock is
 * held until somebody removes the file.
 *
 * @param path - The file. Its folder must exist and be writable; the name with something behind it is used for moments.
 * @throws FileLockedError naming the owner.
 * @throws Error when the path is something else than a file, or the folder cannot be written to.
 */
export async function lockFile(path: string, { waitMs = 0 }: LockFileOptions = {}): Promise<FileLock> {
  const mine: Content = {
    pid: process.pid,
    host: hostname(),
    started: (await statOf(process.pid))?.started ?? null,
    id: randomUUID(),
  }
  const draft = `${path}.${mine.id}`
  await writeFile(draft, `${JSON.stringify(mine)}\n`, { flag: 'wx' })
  const begin = Date.now()
  try {
    for (let pollMs = 1; ; pollMs = Math.min(2 * pollMs, MAX_POLL_MS)) {
      const owner = await tryTake(path, draft)
      if (owner === 'mine') return heldLock(path, mine)
      const waited = Date.now() - begin
      if (owner === 'contended' ? waited > Math.max(waitMs, PATIENCE_MS) : waited >= waitMs) {
        throw new FileLockedError(path, owner === 'contended' ? null : ownerOf(owner))
      }
      await sleep(owner === 'contended' ? 1 : Math.min(pollMs, waitMs - waited))
    }
  } finally {
    await rm(draft, { force: true })
  }
}

function heldLock(path: string, mine: Content): FileLock {
  const release = async (): Promise<void> => {
    if ((await read(path))?.id === mine.id) await rm(path, { force: true })
  }
  return { path, release, [Symbol.asyncDispose]: release }
}

function ownerOf({ pid, host }: Content): LockOwner {
  return { pid, host, isLocal: host === hostname() }
}

/** One attempt: `mine`, a living owner, or `contended` when the file changed meanwhile and another attempt may help. */
async function tryTake(path: string, draft: string): Promise<'mine' | 'contended' | Content> {
  if (await linked(draft, path)) return 'mine'
  const owner = await read(path)
  if (owner === null) return 'contended'
  if (await isAlive(owner)) return owner
  await removeDead(path, owner, draft)
  return 'contended'
}

/**
 * Removes a dead owner's lock.
 *
 * Looking and removing are two calls, and what is removed may be another's lock by then. So the right to remove this
 * one owner's lock is taken first, and is a lock too: while this process has it, nobody else removes what was seen. A
 * process that died with the right is dealt with in the same way, one level deeper.
 */
async function removeDead(path: string, dead: Content, draft: string): Promise<void> {
  const right = `${path}.${createHash('sha256').update(dead.id).digest('hex').slice(0, 16)}`
  if ((await tryTake(right, draft)) !== 'mine') return
  try {
    if ((await read(path))?.id === dead.id) await rm(path, { force: true })
  } finally {
    await rm(right, { force: true })
  }
}

/** A link appears whole or not at all, so nobody reads half a lock. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Null when the lock was given back meanwhile. What cannot be read as a lock belongs to no living process. */
async function read(path: string): Promise<Content | null> {
  let text: string
  try {
    // Not through a link, and without waiting for the writer of a pipe: somebody else may have made the folder.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      if (!(await file.stat()).isFile()) throw notAFile(path)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0)
      text = buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    if (codeOf(error) === 'ELOOP' || codeOf(error) === 'ENXIO') throw notAFile(path)
    throw error
  }
  try {
    return Content.parse(JSON.parse(text))
  } catch {
    return { pid: -1, host: hostname(), started: null, id: '' }
  }
}

function notAFile(path: string): Error {
  return new Error(`${path} is not a file. Remove it.`)
}

async function isAlive({ pid, host, started }: Content): Promise<boolean> {
  if (host !== hostname()) return true
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const stat = await statOf(pid)
  if (stat === null) return true
  // A zombie has ended, and keeps its number until its parent asks for its exit status; some parents never do.
  if (stat.state === 'Z' || stat.state === 'X') return false
  return started === null || started === stat.started
}

/** A process's state and start time, as Linux tells them; null elsewhere and for a process that is gone. */
async function statOf(pid: number): Promise<{ readonly state: string; readonly started: string } | null> {
  let stat: string
  try {
    stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
  } catch {
    return null
  }
  // The name in parentheses may hold anything. Behind it, the state is the first field and the start time the 20th.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, started] = [fields[0], fields[19]]
  return state === undefined || started === undefined ? null : { state, started }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
