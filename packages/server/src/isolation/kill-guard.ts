import { syncBuiltinESMExports } from 'node:module'
import { isMainThread } from 'node:worker_threads'

/**
 * Refuses what would end the server by `process.kill`, before the environment is loaded: its number, numbers that stand
 * for many processes, and in a thread the thread's own process, which is the server.
 *
 * It is against mistakes. Code that means harm has other ways to send a signal.
 *
 * @param server - The process that started this executor.
 */
export function guardKill(server: number): void {
  const kill = process.kill.bind(process)
  process.kill = (pid, signal) => {
    if (signal !== 0 && endsMore(pid, server)) {
      throw Object.assign(new Error(`An environment may not send a signal to ${String(pid)}.`), {
        code: 'EPERM',
        errno: -1,
        syscall: 'kill',
      })
    }
    return kill(pid, signal)
  }
  // `import { kill } from 'node:process'` is this function then, too.
  syncBuiltinESMExports()
}

function endsMore(pid: unknown, server: number): boolean {
  const target = Math.abs(Number(pid))
  if (target === 1 || target === server || target === process.ppid) return true
  return !isMainThread && (target === 0 || target === process.pid)
}
