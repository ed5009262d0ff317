import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Description } from './contract.ts'
import { GoneError, LateError, Rpc } from './rpc.ts'
import { killGroup } from './run.ts'

/** What a bridge process is started with. */
export interface BridgeProcessOptions {
  /** The interpreter of the virtual environment. */
  readonly python: string
  /** Where it runs, and where the source's relative paths begin. */
  readonly folder: string
  readonly entry: Readonly<Record<string, unknown>>
  readonly sessions: 'shared' | 'process' | 'single'
  readonly env: NodeJS.ProcessEnv
  readonly loadSeconds: number
  readonly closeSeconds: number
  readonly onOutput?: (line: string) => void
}

const SCRIPT = fileURLToPath(new URL('../python/openenv_bridge_main.py', import.meta.url))
const MOST_LINE = 10_000
/** How long a process that was asked to give up a call may take to say so, before it counts as blocked. */
const CANCEL_SECONDS = 2
/** How long a forked child may take to say who it is. */
const FORK_SECONDS = 20
/** How long after its pipe or socket closed it may take to learn how a process ended. */
const OBITUARY_MS = 1000

const running = new Set<BridgeProcess>()
process.once('exit', () => {
  for (const each of running) each.kill('The command has ended.')
})

/** A Python process with a loaded source. When it has ended it stays ended: whoever needs another starts another. */
export class BridgeProcess {
  readonly description: Description
  readonly #child: ChildProcess
  readonly #rpc: Rpc
  readonly #link: Socket
  readonly #options: BridgeProcessOptions
  readonly #nursery: Nursery | null
  #busy = 0
  #why: string | null = null
  readonly ended: Promise<void>

  private constructor(parts: {
    child: ChildProcess
    rpc: Rpc
    link: Socket
    options: BridgeProcessOptions
    nursery: Nursery | null
    description: Description
    ended: Promise<void>
  }) {
    this.#child = parts.child
    this.#rpc = parts.rpc
    this.#link = parts.link
    this.#options = parts.options
    this.#nursery = parts.nursery
    this.description = parts.description
    this.ended = parts.ended
  }

  /**
   * Starts one, and waits until it has loaded the source.
   *
   * @throws PythonError what loading raised. GoneError when the process ended meanwhile, LateError when it took too long.
   */
  static async start(options: BridgeProcessOptions): Promise<BridgeProcess> {
    const nursery = options.sessions === 'process' ? await Nursery.open() : null
    const child = spawn(options.python, ['-u', SCRIPT, '3', '4'], {
      cwd: options.folder,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    for (const stream of [child.stdout, child.stderr]) drain(stream as Duplex, options.onOutput)
    // Pipes of Node are sockets.
    const [toPython, fromPython] = [child.stdio[3] as Socket, child.stdio[4] as Socket]
    const exited = (method: string, params: Readonly<Record<string, unknown>>): void => {
      if (method === 'exited') nursery?.exited(params['pid'] as number, params['status'] as number)
    }
    const rpc = new Rpc(fromPython, toPython, exited, OBITUARY_MS)
    const ended = new Promise<void>((resolve) => {
      child.once('error', (cause) => {
        rpc.end(new GoneError(`Python could not be started: ${cause.message}`))
        resolve()
      })
      child.once('exit', (code, signal) => {
        if (child.pid !== undefined) killGroup(child.pid)
        rpc.end(new GoneError(howItEnded(code, signal)))
        nursery?.close()
        resolve()
      })
    })
    const { entry, sessions, loadSeconds } = options
    try {
      const { answer } = rpc.request('load', { entry, sessions, socket: nursery?.path }, loadSeconds)
      const { description } = (await answer) as { description: Description }
      const made = new BridgeProcess({ child, rpc, link: fromPython, options, nursery, description, ended })
      running.add(made)
      void ended.then(() => running.delete(made))
      made.#letGo()
      return made
    } catch (error) {
      if (child.pid !== undefined) killGroup(child.pid)
      nursery?.close()
      throw error
    }
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#why === null
  }

  /** Asks the process itself; see {@link Rpc.request}. A call that it cannot give up ends it. */
  async request(method: string, params: unknown, seconds: number): Promise<unknown> {
    const { id, answer } = this.#hold(() => this.#rpc.request(method, params, seconds))
    try {
      return await answer
    } catch (error) {
      if (error instanceof LateError) await this.#giveUp(id, method, seconds)
      throw this.#why === null ? error : new GoneError(this.#why)
    } finally {
      this.#release()
    }
  }

  /** A conversation for one session: with this process, or with a child of its own. */
  async line(): Promise<SessionLine> {
    if (this.#nursery === null) return { request: (...args) => this.request(...args), end: () => undefined }
    const key = randomUUID()
    const arriving = this.#nursery.expect(key, FORK_SECONDS)
    arriving.catch(() => undefined)
    await this.request('fork', { key }, FORK_SECONDS)
    return arriving
  }

  /** Ends it in order, or after the time for that, at once. */
  async close(): Promise<void> {
    if (this.alive) {
      const { answer } = this.#hold(() => this.#rpc.request('shutdown', {}, this.#options.closeSeconds))
      await answer.catch(() => undefined)
      const timer = setTimeout(() => {
        this.kill('It did not end by itself.')
      }, this.#options.closeSeconds * 1000)
      await this.ended
      clearTimeout(timer)
    }
    await this.ended
  }

  /** Ends it and everything that it has started, at once. */
  kill(why: string): void {
    this.#why ??= why
    if (this.#child.pid !== undefined) killGroup(this.#child.pid)
    this.#nursery?.close()
    this.#rpc.end(new GoneError(why))
  }

  async #giveUp(id: number, method: string, seconds: number): Promise<void> {
    try {
      await this.#rpc.request('cancel', { id }, CANCEL_SECONDS).answer
    } catch {
      this.kill(
        `A call (${method}) held the Python process up for more than ${String(seconds)} s and could not be given up, so the process was ended.`,
      )
    }
  }

  /** As long as somebody waits for an answer, Node must not end. */
  #hold<T>(work: () => T): T {
    this.#busy += 1
    if (this.#busy === 1) this.#link.ref()
    return work()
  }

  #release(): void {
    this.#busy -= 1
    if (this.#busy === 0) this.#link.unref()
  }

  #letGo(): void {
    this.#child.unref()
    for (const stream of this.#child.stdio) (stream as Socket | null)?.unref()
  }
}

/** Where the calls of one session go. */
export interface SessionLine {
  request(method: string, params: unknown, seconds: number): Promise<unknown>
  /** Ends what belongs to this session alone. */
  end(): void
}

/** Children that were forked for sessions: each connects to a socket in a folder that nobody else can enter. */
class Nursery {
  readonly path: string
  readonly #server: Server
  readonly #folder: string
  readonly #expected = new Map<string, (socket: Socket, pid: number, rpc: Rpc) => void>()
  readonly #children = new Map<number, Rpc>()

  private constructor(folder: string, server: Server) {
    this.#folder = folder
    this.path = join(folder, 'sessions')
    this.#server = server
  }

  static async open(): Promise<Nursery> {
    const folder = await mkdtemp(join(tmpdir(), 'openenv-bridge-'))
    const server = createServer()
    const nursery = new Nursery(folder, server)
    server.on('connection', (socket) => {
      nursery.#greet(socket)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(nursery.path, resolve)
    })
    server.unref()
    return nursery
  }

  expect(key: string, seconds: number): Promise<SessionLine> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#expected.delete(key)
        reject(new LateError(`A new Python process did not answer within ${String(seconds)} s.`))
      }, seconds * 1000)
      this.#expected.set(key, (socket, pid, rpc) => {
        clearTimeout(timer)
        this.#children.set(pid, rpc)
        resolve(new ChildLine(socket, pid, rpc))
      })
    })
  }

  exited(pid: number, status: number): void {
    const why =
      status < 0
        ? `${signalName(-status)}${status === -9 ? ', perhaps for memory' : ''}`
        : `code ${String(status)}`
    this.#children.get(pid)?.end(new GoneError(`The session's Python process ended (${why}).`))
    this.#children.delete(pid)
  }

  close(): void {
    this.#server.close()
    for (const [pid, rpc] of this.#children) {
      killGroup(pid)
      rpc.end(new GoneError('The Python process has gone.'))
    }
    this.#children.clear()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #greet(socket: Socket): void {
    const greeted = (method: string, params: Readonly<Record<string, unknown>>): void => {
      const key = String(params['key'])
      const welcome = this.#expected.get(key)
      if (method !== 'session' || welcome === undefined) return
      this.#expected.delete(key)
      welcome(socket, params['pid'] as number, rpc)
    }
    const rpc = new Rpc(socket, socket, greeted, OBITUARY_MS)
  }
}

class ChildLine implements SessionLine {
  readonly #socket: Socket
  readonly #pid: number
  readonly #rpc: Rpc
  #busy = 0

  constructor(socket: Socket, pid: number, rpc: Rpc) {
    this.#socket = socket
    this.#pid = pid
    this.#rpc = rpc
    socket.unref()
  }

  async request(method: string, params: unknown, seconds: number): Promise<unknown> {
    this.#busy += 1
    this.#socket.ref()
    try {
      return await this.#rpc.request(method, params, seconds).answer
    } catch (error) {
      // It is this session's alone, so nobody else is hurt.
      if (error instanceof LateError) this.end()
      throw error
    } finally {
      this.#busy -= 1
      if (this.#busy === 0) this.#socket.unref()
    }
  }

  end(): void {
    this.#socket.destroy()
    killGroup(this.#pid)
  }
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null)
    return `The Python process was ended by ${signal}${signal === 'SIGKILL' ? ', perhaps for memory' : ''}.`
  return `The Python process ended with code ${String(code)}.`
}

function signalName(number: number): string {
  return number === 9
    ? 'SIGKILL'
    : number === 15
      ? 'SIGTERM'
      : number === 11
        ? 'SIGSEGV'
        : `signal ${String(number)}`
}

/** Reads what a process prints, so that it never waits for a reader; keeps nothing of it. */
function drain(stream: Duplex, onOutput: ((line: string) => void) | undefined): void {
  stream.on('error', () => undefined)
  if (onOutput === undefined) {
    stream.resume()
    return
  }
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = (lines.pop() ?? '').slice(0, MOST_LINE)
    for (const line of lines) onOutput(line.slice(0, MOST_LINE))
  })
}
