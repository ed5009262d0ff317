import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** How often it is looked whether the starter is still there. */
const LOOK_MS = 200
const SHELLS = new Set(['sh', 'ash', 'dash', 'bash', 'ksh', 'zsh'])

/**
 * Watches the shell that runs this command alone: `sh -c 'openenv serve'`, as npm, npx and `subprocess` with
 * `shell=True` have one. A signal ends that shell, which passes nothing on: without this, the server would outlive what
 * was told to end.
 *
 * An interactive shell, a script in a file, and a shell that puts the command into the background are not watched: the
 * command may outlive them.
 *
 * @param gone - Called once, when the shell has ended.
 */
export function watchStarter(gone: () => void): Disposable {
  const parent = process.ppid
  if (!waits(commandLineOf(parent))) return { [Symbol.dispose]: () => undefined }
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    gone()
  }, LOOK_MS)
  timer.unref()
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer)
    },
  }
}

/** Whether a command line is a shell that runs a command and waits for it. */
export function waits([shell = '', option = '', script = '']: readonly string[]): boolean {
  return SHELLS.has(basename(shell)) && /^-[a-z]*c$/.test(option) && !detaches(script)
}

/** Whether a script lets what it starts live longer than itself. */
function detaches(script: string): boolean {
  const tools = /\b(?:nohup|setsid|disown|daemonize|start-stop-daemon)\b/
  return tools.test(script) || /(?<![&><\d])&(?![&>\d])/.test(script)
}

/** The command line of a process; empty where it cannot be read. */
function commandLineOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}
