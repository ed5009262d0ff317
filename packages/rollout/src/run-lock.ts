import { randomUUID } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256 } from './chain.ts'
import { RolloutError } from './rollout-error.ts'

/** Who writes to a run. */
const Holder = z.object({ pid: z.int(), host: z.string(), started: z.string().nullable(), id: z.string() })
type Holder = z.infer<typeof Holder>

/**
 * Takes the right to write to a run's folder; a lock of a process that is gone is taken over.
 *
 * Whether a process on another machine is gone cannot be seen from here: its lock has to be removed by hand.
 *
 * @returns A function that gives the right back.
 * @throws RolloutError `RUN_LOCKED` naming who holds it.
 */
export async function lockRun(dir: string): Promise<() => Promise<void>> {
  const path = join(dir, 'run.lock')
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    started: await startOf(process.pid),
    id: randomUUID(),
  }
  const draft = join(dir, `.lock-${mine.id}`)
  await writeFile(draft, `${JSON.stringify(mine)}\n`)
  try {
    for (let tries = 0; tries < 50; tries += 1) {
      // A link appears whole or not at all, so nobody reads half a lock.
      if (await linked(draft, path)) return () => release(path, mine)
      const holder = await readHolder(path)
      if (holder === null) continue
      if (await isAlive(holder)) throw held(path, holder)
      await takeAway(path, holder, draft)
    }
  } finally {
    await rm(draft, { force: true })
  }
  throw new RolloutError('RUN_LOCKED', `Others take and give back ${path} all the time. Try again.`)
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** Null when it was given back meanwhile. A lock that cannot be read is of nobody who is alive. */
async function readHolder(path: string): Promise<Holder | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const dead = { pid: -1, host: hostname(), started: null, id: '' }
  try {
    const parsed = Holder.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : dead
  } catch {
    return dead
  }
}

async function isAlive({ pid, host, started }: Holder): Promise<boolean> {
  if (host !== hostname()) return true
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  // Numbers of processes come back: the same number with another start is somebody else.
  const now = await startOf(pid)
  return started === null || now === null || started === now
}

/** When a process started, as Linux tells it; null elsewhere. */
async function startOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8')
    // The name in parentheses may hold anything; the start is the 20th field after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

/**
 * Removes a dead process's lock.
 *
 * Looking and removing are two calls, and what is removed may be a new lock by then. So the right to remove this one
 * lock is taken first, by a link of its own: while it is held, nobody else can have removed what was seen.
 */
async function takeAway(path: string, dead: Holder, draft: string): Promise<void> {
  const right = `${path}.${sha256(dead.id).slice(0, 16)}`
  if (!(await linked(draft, right))) {
    const taker = await readHolder(right)
    if (taker === null || (await isAlive(taker))) return
    throw new RolloutError('RUN_LOCKED', `A process was killed while it took over ${path}. Remove ${right}.`)
  }
  try {
    const holder = await readHolder(path)
    if (holder?.id === dead.id) await rm(path, { force: true })
  } finally {
    await rm(right, { force: true })
  }
}

async function release(path: string, mine: Holder): Promise<void> {
  const holder = await readHolder(path)
  if (holder?.id === mine.id) await rm(path, { force: true })
}

function held(path: string, { pid, host }: Holder): RolloutError {
  const who = `process ${String(pid)} on ${host}`
  const advice = host === hostname() ? 'Wait for it or stop it.' : `If it is gone, remove ${path}.`
  return new RolloutError('RUN_LOCKED', `The run is being written by ${who}. ${advice}`)
}
