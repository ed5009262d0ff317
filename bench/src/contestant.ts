import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A server to measure. */
export interface Contestant {
  readonly name: 'ours' | 'bare ws' | 'python sync' | 'python async' | 'guarded' | `isolated ${string}`
  readonly command: readonly [program: string, ...args: string[]]
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const PYTHON = here('../../.venvs/openenv-0.10.0/bin/python')
const PYTHON_SERVER = here('../../test/peers/python_server.py')
const SESSIONS = '16384'

const node = (file: string): Contestant['command'] => [
  process.execPath,
  '--expose-gc',
  here(`servers/${file}.js`),
]
const python = (...flags: string[]): Contestant['command'] => [
  PYTHON,
  PYTHON_SERVER,
  'echo',
  '--sessions',
  SESSIONS,
  ...flags,
]

export const OURS: Contestant = { name: 'ours', command: node('ours') }
/** Ours behind a token for control. */
export const GUARDED: Contestant = { name: 'guarded', command: node('guarded') }
export const BARE: Contestant = { name: 'bare ws', command: node('bare') }
const PYTHONS: readonly Contestant[] = [
  { name: 'python sync', command: python() },
  { name: 'python async', command: python('--asynchronous') },
]

/** All that can run here: Python only where test/peers/install.sh was. */
export function contestants(): readonly Contestant[] {
  return existsSync(PYTHON) ? [OURS, BARE, ...PYTHONS] : [OURS, BARE]
}

/** A contestant's process. */
export interface Running extends AsyncDisposable {
  readonly name: Contestant['name']
  readonly port: number
  /** Seconds of CPU that it has used, in all threads. */
  cpuSeconds(): number
  /** Resident bytes, after a collection where it can be asked for one. */
  residentBytes(): Promise<number>
  /** Resident bytes as they are. */
  residentBytesNow(): number
}

const START_TIMEOUT_MS = 60_000
/** Of /proc: the kernel's USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100
/** How long freed pages take to go back. */
const SETTLE_MS = 500

/** Starts a server and waits until it listens. */
export async function start({ name, command: [program, ...args] }: Contestant): Promise<Running> {
  // What environments say that exhaust their heap or print without end is many pages.
  const misbehaves = name.startsWith('isolated')
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', misbehaves ? 'ignore' : 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  const orphaned = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', orphaned)
  const stop = async (): Promise<void> => {
    process.off('exit', orphaned)
    child.kill('SIGKILL')
    await ended
  }
  const port = await portOf(child)
  const { pid } = child
  if (port === null || pid === undefined) {
    await stop()
    throw new Error(`${name} did not start.`)
  }
  return {
    name,
    port,
    cpuSeconds: () => {
      const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
      // The command's name, in parentheses, may hold anything; utime and stime are 12 and 13 fields behind it.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
    },
    residentBytes: async () => {
      if (program === process.execPath) {
        child.send('collect')
        await once(child, 'message')
      }
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
      return residentBytesOf(pid)
    },
    residentBytesNow: () => residentBytesOf(pid),
    [Symbol.asyncDispose]: stop,
  }
}

function residentBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

async function portOf(child: ChildProcess): Promise<number | null> {
  if (child.stdout === null) return null
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  const lines = createInterface(child.stdout)
  try {
    for await (const line of lines) {
      const port = /^Listening on http:\/\/127\.0\.0\.1:(\d+)$/.exec(line)?.[1]
      if (port === undefined) continue
      await fetch(`http://127.0.0.1:${port}/health`).then((response) => response.arrayBuffer())
      return Number(port)
    }
    return null
  } finally {
    clearTimeout(timer)
  }
}
