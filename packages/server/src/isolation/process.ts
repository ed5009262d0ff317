import { spawn, type ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { endAllMarked, endMarked, newMark } from './descendants.ts'
import { CHANNEL, frameOf, FrameReader } from './frames.ts'
import type { Launch, LaunchOptions } from './transport.ts'
import { passOn } from './output.ts'
import { processVariables } from './surroundings.ts'
import { OUT_OF_MEMORY } from './watchdog.ts'

/** Flags that hold for one process only, or that are set here. */
const OWN_FLAGS = /^--(?:inspect|max-old-space-size)/
/** Of what it printed last: where the reason of its end would stand. */
const TAIL_CHARS = 4096
/** How long what it said last may take to come after its end, and its end after its last message. */
const LAST_WORDS_MS = 250

const running = new Set<ChildProcess>()
process.once('exit', () => {
  if (running.size === 0) return
  for (const child of running) killGroup(child)
  endAllMarked()
})

/** Executors that are processes, each with a group of its own. They end with this process, however that ends. */
export function processes({
  entry,
  config,
  memoryMb,
  maxMessageBytes,
  execArgv,
  variables = [],
}: LaunchOptions): Launch {
  const flags = execArgv ?? process.execArgv.filter((flag) => !OWN_FLAGS.test(flag))
  return ({ message, broken, print, ending, ended }) => {
    const mark = newMark()
    const child = spawn(
      process.execPath,
      [
        ...[...flags, `--max-old-space-size=${String(memoryMb)}`],
        ...[fileURLToPath(entry), config, String(memoryMb), String(process.pid), mark],
      ],
      {
        env: processVariables(variables, mark),
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      },
    )
    running.add(child)
    let tail = ''
    let over = false
    const end = (how: string): void => {
      if (over) return
      over = true
      running.delete(child)
      ended(how)
    }
    const channel = child.stdio[CHANNEL] as Socket
    const reader = new FrameReader(maxMessageBytes, { message, broken })
    channel.on('data', (chunk: Buffer) => {
      reader.take(chunk)
    })
    channel.on('error', ignore)
    channel.on('end', () => {
      // At an end of its own the process says more, so it is given the time for that.
      setTimeout(() => {
        if (child.exitCode === null && child.signalCode === null) broken('the end of its messages')
      }, LAST_WORDS_MS).unref()
    })
    for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref()
    if (child.stdout !== null) passOn(child.stdout, print)
    if (child.stderr !== null) {
      passOn(child.stderr, (text) => {
        tail = (tail + text).slice(-TAIL_CHARS)
        print(text)
      })
    }
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
      void endMarked(mark)
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
        const frame = frameOf(sent)
        // What cannot be sent any more needs no answer: its end is told.
        if (channel.writable) channel.write(frame)
      },
      kill: () => {
        reader.stop()
        channel.destroy()
        killGroup(child)
      },
      hold: (held) => {
        if (held) {
          child.ref()
          channel.ref()
        } else {
          child.unref()
          channel.unref()
        }
      },
    }
  }
}

function ignore(): void {
  // Its end is told.
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
