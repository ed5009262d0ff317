import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const SOURCES = fileURLToPath(new URL('./sources.js', import.meta.url))
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** What commands transpile is kept beside the other caches of this repository. */
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache', import.meta.url))

// A test that runs out of time disposes nothing; no command outlives the tests.
const children = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** What a finished command left. */
export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Where and with which variables a command runs. */
export interface Surroundings {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A command that runs. */
export interface Running extends AsyncDisposable {
  readonly finished: Promise<Finished>
  /** 0 where it could not be started. */
  readonly pid: number
  /** Waits until stdout or stderr holds a match, and answers it. Rejects when the command ends before. */
  shows(pattern: RegExp): Promise<RegExpExecArray>
  kill(signal: NodeJS.Signals): void
}

/** Starts the real command, from its sources, in a process of its own. */
export function start(args: readonly string[], { cwd, env = {} }: Surroundings = {}): Running {
  const child = spawn(
    process.execPath,
    ['--conditions=@openenv-ts/source', '--import', SOURCES, MAIN, ...args],
    {
      cwd,
      env: { PATH: process.env['PATH'], NO_COLOR: '1', XDG_CACHE_HOME: CACHE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  children.add(child)
  child.once('close', () => children.delete(child))
  const text = { stdout: '', stderr: '' }
  const finished = new Promise<Finished>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => {
      resolve({ code, ...text })
    })
  })
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => (text[name] += chunk))
  }
  return {
    finished,
    pid: child.pid ?? 0,
    shows: (pattern) => match(child, text, pattern),
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await finished
    },
  }
}

/** Runs the real command to its end. */
export function openenv(args: readonly string[], surroundings?: Surroundings): Promise<Finished> {
  return start(args, surroundings).finished
}

function match(
  child: ChildProcess,
  text: Readonly<Record<'stdout' | 'stderr', string>>,
  pattern: RegExp,
): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const found = pattern.exec(text.stdout) ?? pattern.exec(text.stderr)
      if (found !== null) resolve(found)
    }
    look()
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('close', () => {
      reject(new Error(`The command ended without ${String(pattern)}: ${text.stdout}${text.stderr}`))
    })
  })
}

/** A folder outside the repository, deleted when it is disposed. */
export interface Folder extends AsyncDisposable {
  readonly path: string
}

/** Makes a folder with these files. */
export async function folder(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'openenv-cli-'))
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(path, name)), { recursive: true })
    await writeFile(join(path, name), content)
  }
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The lines of a text, without the empty one at its end. */
export function lines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}
