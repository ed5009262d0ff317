import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ExitedNotice, SessionNotice, type Notice } from './messages.ts'
import { killLeader, leaderOfGroup, type ProcessIdentity } from './process-group.ts'
import { GoneError, LateError, Rpc } from './rpc.ts'

/** How long after its socket closed it may take to learn how a child ended. */
const OBITUARY_MS = 1000
/** Connections that have not said who they are. A child says it at once. */
const MAX_STRANGERS = 64

/** Where the calls of one session go. */
export interface SessionTransport {
  request(method: string, params: unknown, seconds: number): Promise<unknown>
  /** Ends what belongs to this session alone. */
  end(): void
}

/** A child that greeted us. */
interface Child {
  readonly identity: ProcessIdentity
  readonly rpc: Rpc
}

/** Children that Python forks for sessions: each connects to a socket in a folder that no other user can enter. */
export class ForkServer {
  readonly path: string
  readonly #server: Server
  readonly #folder: string
  readonly #maxLineBytes: number
  /** The bridge process: the parent of all that may greet us. */
  #bridge = 0
  readonly #expected = new Map<string, (socket: Socket, identity: ProcessIdentity, rpc: Rpc) => void>()
  readonly #children = new Map<number, Child>()
  readonly #strangers = new Set<Socket>()
  /** Children that were asked for and did not end yet: so many ends may be told. */
  #forked = 0

  private constructor(folder: string, server: Server, maxLineBytes: number) {
    this.#folder = folder
    this.path = join(folder, 'sessions')
    this.#server = server
    this.#maxLineBytes = maxLineBytes
  }

  static async open(maxLineBytes: number): Promise<ForkServer> {
    const folder = await mkdtemp(join(tmpdir(), 'openenv-bridge-'))
    const server = createServer()
    const forks = new ForkServer(folder, server, maxLineBytes)
    server.on('connection', (socket) => {
      forks.#greet(socket)
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(forks.path, resolve)
    })
    server.unref()
    return forks
  }

  /** Children of this process may greet us from now on. */
  expectChildrenOf(bridge: number): void {
    this.#bridge = bridge
  }

  /** Waits for the child that says this key. */
  expect(key: string, seconds: number): Promise<SessionTransport> {
    this.#forked += 1
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#expected.delete(key)
        reject(new LateError(`A new Python process did not answer within ${String(seconds)} s.`))
      }, seconds * 1000)
      this.#expected.set(key, (socket, identity, rpc) => {
        clearTimeout(timer)
        this.#children.set(identity.pid, { identity, rpc })
        resolve(new ChildTransport(socket, identity, rpc))
      })
    })
  }

  /** Takes in what the bridge process says of a child that has ended; false when it says something else. */
  exited({ method, params }: Notice): boolean {
    const notice = ExitedNotice.safeParse(params)
    if (method !== 'exited' || !notice.success || this.#forked === 0) return false
    this.#forked -= 1
    const { pid, status } = notice.data
    const why =
      status < 0
        ? `${signalName(-status)}${status === -9 ? ', perhaps for memory' : ''}`
        : `code ${String(status)}`
    this.#children.get(pid)?.rpc.end(new GoneError(`The session's Python process ended (${why}).`))
    this.#children.delete(pid)
    return true
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#strangers) socket.destroy()
    for (const { identity, rpc } of this.#children.values()) {
      killLeader(identity)
      rpc.end(new GoneError('The Python process has gone.'))
    }
    this.#children.clear()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #greet(socket: Socket): void {
    if (this.#strangers.size >= MAX_STRANGERS) {
      socket.destroy()
      return
    }
    this.#strangers.add(socket)
    socket.once('close', () => this.#strangers.delete(socket))
    let child: ProcessIdentity | null = null
    const rpc = new Rpc(socket, socket, {
      maxLineBytes: this.#maxLineBytes,
      lingerMs: OBITUARY_MS,
      // The first thing that it says, and the only one that nobody asked for.
      onNotice: (notice) => {
        if (child !== null) return false
        child = this.#admit(notice, socket, rpc)
        return child !== null
      },
      onBroken: () => {
        socket.destroy()
        if (child !== null) killLeader(child)
      },
    })
  }

  /** A child of the bridge with a key that is waited for; null for anything else. */
  #admit({ method, params }: Notice, socket: Socket, rpc: Rpc): ProcessIdentity | null {
    const notice = SessionNotice.safeParse(params)
    if (method !== 'session' || !notice.success) return null
    const { key, pid } = notice.data
    const identity = leaderOfGroup(pid)
    const welcome = this.#expected.get(key)
    const isOurs = identity !== null && (identity.parent === this.#bridge || identity.startedAt === null)
    if (welcome === undefined || !isOurs || this.#children.has(pid)) return null
    this.#expected.delete(key)
    this.#strangers.delete(socket)
    welcome(socket, identity, rpc)
    return identity
  }
}

class ChildTransport implements SessionTransport {
  readonly #socket: Socket
  readonly #identity: ProcessIdentity
  readonly #rpc: Rpc
  #busy = 0

  constructor(socket: Socket, identity: ProcessIdentity, rpc: Rpc) {
    this.#socket = socket
    this.#identity = identity
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
    killLeader(this.#identity)
  }
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
