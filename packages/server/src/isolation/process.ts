import { fork, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Launch, LaunchOptions } from './line.ts'
import { passOn } from './output.ts'
import type { FromExecutor } from './protocol.ts'
import { OUT_OF_MEMORY } from './watchdog.ts'

/** Environment variables that every process gets; others may hold secrets, or steer Node. */
const VARIABLES = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'SystemRoot']
/** Flags that hold for one process only, or that are set here. */
const OWN_FLAGS = /^--(?:inspect|max-old-space-size)/
/** Of what it printed last: where the reason of its end would stand. */
const TAIL_CHARS = 4096
/** How long what it printed last may take to come after its end. */
const LAST_WORDS_MS = 250

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) killGroup(child)
})

/** Executors that are processes, each with a group of its own. They end with this process, however that ends. */
export function processes({ entry, config, memoryMb, execArgv, variables = [] }: LaunchOptions): Launch {
  const flags = execArgv ?? process.execArgv.filter((flag) => !OWN_FLAGS.test(flag))
  return ({ message, print, ending, ended }) => {
    const child = fork(fileURLToPath(entry), [config, String(memoryMb), String(process.pid)], {
      execArgv: [...flags, `--max-old-space-size=${String(memoryMb)}`],
      env: pick(process.env, [...VARIABLES, ...variables]),
      serialization: 'advanced',
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    running.add(child)
    let tail = ''
    let over = false
    const end = (how: string): void => {
      if (over) return
      over = true
      running.delete(child)
      ended(how)
    }
    for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref()
    if (child.stdout !== null) passOn(child.stdout, print)
    if (child.stderr !== null) {
      passOn(child.stderr, (text) => {
        tail = (tail + text).slice(-TAIL_CHARS)
        print(text)
      })
    }
    child.on('message', (received) => {
      message(received as FromExecutor)
    })
    child.on('error', (error) => {
      if (child.pid === undefined) end(`got no process: ${error.message}`)
    })
    const tell = (code: number | null, signal: string | null): void => {
      const memory = tail.includes(OUT_OF_MEMORY) || /heap out of memory|Allocation failed/.test(tail)
      if (memory) end(`used up the ${String(memoryMb)} MB of its process`)
      else if (signal === null) end(`ended its process with exit code ${String(code)}`)
      else end(`lost its process to ${signal}`)
    }
    child.on('exit', (code, signal) => {
      ending()
      // What it started itself would stay behind, and would hold on to what it printed to.
      killGroup(child)
      // Who ended by itself said what there was to say.
      if (signal === null) {
        tell(code, signal)
        return
      }
      child.stderr?.resume()
      setTimeout(tell, LAST_WORDS_MS, code, signal).unref()
    })
    child.on('close', tell)
    return {
      send: (sent) => {
        // What cannot be sent any more needs no answer: its end is told.
        if (child.connected) child.send(sent, ignore)
      },
      kill: () => {
        killGroup(child)
      },
      hold: (held) => {
        if (held) {
          child.ref()
          child.channel?.ref()
        } else {
          child.unref()
          child.channel?.unref()
        }
      },
    }
  }
}

function pick(from: NodeJS.ProcessEnv, names: readonly string[]): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const name of names) {
    const value = from[name]
    if (value !== undefined && name !== 'NODE_OPTIONS') picked[name] = value
  }
  return picked
}

function ignore(): void {
  // See above.
}

/** Ends a process and all that it started. */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined) return
  const alive = exitCode === null && signalCode === null
  // The number of a process that is gone may be another's; that of its group may not, while one of it lives.
  for (const target of alive ? [-pid, pid] : [-pid]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // It is gone, or there are no groups here.
    }
  }
}
