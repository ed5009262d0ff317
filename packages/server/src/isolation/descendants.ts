import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** The variable that marks what an executor starts, and whatever that starts: it is inherited, as groups are not. */
export const MARK = 'OPENENV_EXECUTOR'
/** How often it is looked for processes that were started while others were ended. */
const ROUNDS = 5

const server = `${String(process.pid)}-${randomBytes(8).toString('hex')}`
let marks = 0

/** A mark for one more executor. */
export function newMark(): string {
  marks += 1
  return `${server}.${String(marks)}.`
}

/** Ends every process that carries a mark, in whatever group or session it is. Does nothing where there is no /proc. */
export async function endMarked(mark: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round += 1) {
    const pids = await readdir('/proc').catch(() => [])
    const found = await Promise.all(
      pids.filter(isPid).map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`).catch(() => null)
        return environment !== null && carries(environment, mark) && end(Number(pid))
      }),
    )
    if (!found.includes(true)) return
  }
}

/** As {@link endMarked}, for all executors of this process, when it has no time left to wait. */
export function endAllMarked(): void {
  for (let round = 0; round < ROUNDS; round += 1) {
    let found = false
    for (const pid of readdirSync('/proc').filter(isPid)) {
      try {
        if (carries(readFileSync(`/proc/${pid}/environ`), server)) found = end(Number(pid)) || found
      } catch {
        // It is gone, or another user's.
      }
    }
    if (!found) return
  }
}

function isPid(name: string): boolean {
  return /^\d+$/.test(name)
}

function carries(environment: Buffer, mark: string): boolean {
  const text = `${MARK}=${mark}`
  return environment.subarray(0, text.length).equals(Buffer.from(text)) || environment.includes(`\0${text}`)
}

/** Ends a process; says whether there was one. Never this one, whatever it inherited. */
function end(pid: number): boolean {
  if (pid <= 1 || pid === process.pid) return false
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}
