import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { checked, Loaded, type Description } from './contract.ts'
import { ForkServer, type SessionTransport } from './fork-server.ts'
import { killGroup } from './process-group.ts'
import { GoneError, LateError, Rpc } from './rpc.ts'

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
  /** Bytes of the longest message that is read from it. */
  readonly maxMessageBytes: number
  readonly onOutput?: (line: string) => void
}

const SCRIPT = fileURLToPath(new URL('../python/openenv_bridge_main.py', import.meta.url))
const MOST_LINE = 10_000
/** How long a process that was asked to give up a call may take to say so, before it counts as blocked. */
const CANCEL_SECONDS = 2
/** How long a forked child may take to say who it is. */
const FORK_SECONDS = 20
/** How long after its pipe closed it may take to learn how a process ended. */
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
  readonly #forks: ForkServer | null
  #busy = 0
  #why: string | null = null
  readonly ended: Promise<void>

  private constructor(parts: {
    child: ChildProcess
    rpc: Rpc
    link: Socket
    options: BridgeProcessOptions
    forks: ForkServer | null
    description: Description
    ended: Promise<void>
  }) {
    this.#child = parts.child
    this.#rpc = parts.rpc
    this.#link = parts.link
    this.#options = parts.options
    this.#forks = parts.forks
    this.description = parts.description
    this.ended = parts.ended
  }

  /**
   * Starts one, and waits until it has loaded the source.
   *
   * @throws PythonError what loading raised. GoneError when the process ended meanwhile, LateError when it took too long.
   */
  static async start(options: BridgeProcessOptions): Promise<BridgeProcess> {
    const forks = options.sessions === 'process' ? await ForkServer.open(options.maxMessageBytes) : null
    const child = spawn(options.python, ['-u', SCRIPT, '3', '4'], {
      cwd: options.folder,
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      detached: true,
    })
    for (const stream of [child.stdout, child.stderr]) drain(stream as Duplex, options.onOutput)
    // Pipes of Node are sockets.
    const [toPython, fromPython] = [child.stdio[3] as Socket, child.stdio[4] as Socket]
    if (child.pid !== undefined) forks?.expectChildrenOf(child.pid)
    let made: BridgeProcess | null = null
    const rpc = new Rpc(fromPython, toPython, {
      maxLineBytes: options.maxMessageBytes,
      lingerMs: OBITUARY_MS,
      onNotice: (notice) => forks?.exited(notice) === true,
      onBroken: (why) => {
        if (made !== null) made.kill(why)
        else if (child.pid !== undefined) killGroup(child.pid)
      },
    })
    const ended = new Promise<void>((resolve) => {
      child.once('error', (cause) => {
        rpc.end(new GoneError(`Python could not be started: ${cause.message}`))
        resolve()
      })
      child.once('exit', (code, signal) => {
        if (child.pid !== undefined) killGroup(child.pid)
        rpc.end(new GoneError(howItEnded(code, signal)))
        forks?.close()
        resolve()
      })
    })
    const { entry, sessions, loadSeconds } = options
    try {
      const { answer } = rpc.request('load', { entry, sessions, socket: forks?.path }, loadSeconds)
      const { description } = checked(Loaded, 'load', await answer)
      const started = new BridgeProcess({ child, rpc, link: fromPython, options, forks, description, ended })
      made = started
      running.add(started)
      void ended.then(() => running.delete(started))
      started.#letGo()
      return started
    } catch (error) {
      if (child.pid !== undefined) killGroup(child.pid)
      forks?.close()
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
  async line(): Promise<SessionTransport> {
    if (this.#forks === null) return { request: (...args) => this.request(...args), end: () => undefined }
    const key = randomUUID()
    const arriving = this.#forks.expect(key, FORK_SECONDS)
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
    this.#forks?.close()
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

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null)
    return `The Python process was ended by ${signal}${signal === 'SIGKILL' ? ', perhaps for memory' : ''}.`
  return `The Python process ended with code ${String(code)}.`
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
