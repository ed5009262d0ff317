import { Worker } from 'node:worker_threads'

/** What the watchdog of a process prints before it ends that process for its memory. */
export const OUT_OF_MEMORY = 'openenv: this process is over its limit of memory'

const WATCHDOG_MEMORY_MB = 16

/**
 * Starts a thread that ends this process, and all that it started, when the server is gone or memory is over the
 * limit: also when the environment never lets the main thread go.
 *
 * @param server - The process that started this one. Asked for here it might be gone already, and another in its place.
 * @param maxBytes - Resident memory of this process.
 */
export function startWatchdog(server: number, maxBytes: number): void {
  const code = `(${watch.toString()})(${[server, maxBytes, OUT_OF_MEMORY].map((value) => JSON.stringify(value)).join()})`
  new Worker(code, {
    eval: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: WATCHDOG_MEMORY_MB },
  }).unref()
}

/** Runs from its source, so that it has to stand on its own. */
function watch(server: number, maxBytes: number, note: string): void {
  const end = (): void => {
    // The whole group: this process leads it.
    for (const target of [-process.pid, process.pid]) {
      try {
        process.kill(target, 'SIGKILL')
      } catch {
        // There are no groups here.
      }
    }
  }
  setInterval(() => {
    if (process.ppid !== server) end()
    if (process.memoryUsage.rss() <= maxBytes) return
    // Streams of this thread would wait for the main one.
    process.getBuiltinModule('node:fs').writeSync(2, `${note}\n`)
    end()
  }, 100)
}
