import { Worker } from 'node:worker_threads'
import { MARK } from './descendants.ts'

/** What the watchdog of a process prints before it ends that process for its memory. */
export const OUT_OF_MEMORY = 'openenv: this process is over its limit of memory'

const WATCHDOG_MEMORY_MB = 16

/**
 * Starts a thread that ends this process, and all that it started, when the server is gone or memory is over the
 * limit: also when the environment never lets the main thread go.
 *
 * @param server - The process that started this one. Asked for here it might be gone already, and another in its place.
 * @param maxBytes - Resident memory of this process.
 * @param mark - What everything that this process starts carries in its variables.
 */
export function startWatchdog(server: number, maxBytes: number, mark: string): void {
  const given = [server, maxBytes, OUT_OF_MEMORY, `${MARK}=${mark}`].map((value) => JSON.stringify(value))
  new Worker(`(${watch.toString()})(${given.join()})`, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: WATCHDOG_MEMORY_MB },
  }).unref()
}

/** Runs from its source, so that it has to stand on its own. */
function watch(server: number, maxBytes: number, note: string, marked: string): void {
  const fs = process.getBuiltinModule('node:fs')
  const kill = (target: number): void => {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // There are no groups here, or it is gone.
    }
  }
  const endMarked = (): void => {
    for (const name of fs.readdirSync('/proc')) {
      const pid = Number(name)
      try {
        if (pid > 1 && pid !== process.pid && fs.readFileSync(`/proc/${name}/environ`).includes(marked))
          kill(pid)
      } catch {
        // It is gone, or another user's.
      }
    }
  }
  const end = (): void => {
    try {
      endMarked()
    } catch {
      // There is no /proc here.
    }
    // The whole group: this process leads it.
    kill(-process.pid)
    kill(process.pid)
  }
  setInterval(() => {
    if (process.ppid !== server) end()
    if (process.memoryUsage.rss() <= maxBytes) return
    // Streams of this thread would wait for the main one.
    fs.writeSync(2, `${note}\n`)
    end()
  }, 100)
}
