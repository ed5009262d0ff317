import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { describeIssues } from '@openenv-ts/core/host'
import { errorFromSocket, type TaskMessageType } from '@openenv-ts/core/wire'
import { readFrame, type ServerFrame } from './frame.ts'
import { reasonOf, type SocketLike } from './socket.ts'
import { setTimer } from './time.ts'

/** One request: what to send and how long to wait. */
export interface Request {
  /** How the call is named in messages. */
  readonly name: string
  /** The frame to send. */
  readonly text: string
  /** The type of message that answers it; an error message answers anything. */
  readonly answer: 'observation' | 'state' | 'batch' | 'resume' | 'heartbeat' | TaskMessageType
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

interface Pending {
  readonly answer: string
  settle(): void
  resolve(frame: ServerFrame): void
  reject(reason: unknown): void
}

/** Codes that the server sends just before it closes the socket. */
const FATAL: ReadonlySet<string> = new Set(['CAPACITY_REACHED', 'FACTORY_ERROR', 'SESSION_ERROR'])
const CLOSED_TOO_BIG = 1009
/** In the one spelling that servers answer out of turn. */
const HEARTBEAT = '{"type":"heartbeat"}'
const CLOSE_GRACE_MS = 1_000

/**
 * An open session socket that carries one request at a time.
 *
 * The wire has no ids: a reply belongs to the request before it. Whatever could shift that order (a timeout, an
 * abort, a frame nobody asked for) ends the channel, so that a late reply has nowhere to go.
 */
export class Channel {
  readonly #socket: SocketLike
  readonly #server: string
  #pending: Pending | null = null
  #failure: OpenEnvError | null = null
  #lostByPeer = false
  #errorReason = ''
  #heard: () => void = () => undefined
  #stopBeating: () => void = () => undefined
  readonly #gone: Promise<void>
  #markGone: () => void = () => undefined

  /** @param socket - Open. @param server - How messages name the server. */
  constructor(socket: SocketLike, server: string) {
    this.#socket = socket
    this.#server = server
    this.#gone = new Promise((resolve) => {
      this.#markGone = resolve
    })
    socket.addEventListener('message', ({ data }) => {
      this.#receive(data)
    })
    socket.addEventListener('error', (event) => {
      this.#errorReason = reasonOf(event)
    })
    socket.addEventListener('close', ({ code, reason }) => {
      this.#lostByPeer ||= this.#failure === null
      this.#fail(this.#closeError(code, reason))
      this.#markGone()
    })
  }

  /** Why it cannot be used any more; null while it can. */
  get failure(): OpenEnvError | null {
    return this.#failure
  }

  /** Whether the connection went away by itself, rather than being dropped here. */
  get lostByPeer(): boolean {
    return this.#lostByPeer
  }

  /** Sends a request and waits for its answer. An error message of the server rejects. */
  request({ name, text, answer, timeoutMs, signal }: Request): Promise<ServerFrame> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error)
        return
      }
      if (this.#failure !== null) {
        reject(this.#failure)
        return
      }
      const onAbort = (): void => {
        const dropped = new OpenEnvError('CONNECTION_ERROR', `The ${name} was aborted before its reply came.`)
        this.#fail(dropped, signal?.reason)
      }
      const stopTimer = setTimer(timeoutMs, () => {
        this.#fail(timedOut(name, timeoutMs))
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      const settle = (): void => {
        stopTimer()
        signal?.removeEventListener('abort', onAbort)
      }
      this.#pending = { answer, settle, resolve, reject }
      try {
        this.#socket.send(text)
      } catch (cause) {
        this.#fail(this.#lost('it could not be written to', cause))
      }
    })
  }

  /**
   * Says goodbye and waits for the connection to end, for a second at most.
   *
   * @param reason - What a request in flight is rejected with.
   */
  async close(reason: OpenEnvError): Promise<void> {
    if (this.#failure === null) {
      this.#stopBeating()
      this.#rejectPending(reason)
      this.#failure = reason
      // The server answers `close` by closing; it may have work to do first.
      this.#trySend('{"type":"close"}')
      const stopTimer = setTimer(CLOSE_GRACE_MS, () => {
        this.#drop()
      })
      await this.#gone
      stopTimer()
    }
  }

  /** Sends a heartbeat every so often, to a server that answers them at any time. One silent for three is gone. */
  beat(everyMs: number): void {
    let silent = 0
    this.#heard = () => {
      silent = 0
    }
    const next = (): void => {
      this.#stopBeating = setTimer(everyMs, () => {
        if (silent >= 3) {
          this.#lostByPeer = true
          this.#fail(this.#lost('it did not answer three heartbeats'))
          return
        }
        silent += 1
        this.#trySend(HEARTBEAT)
        next()
      })
    }
    next()
  }

  #receive(data: unknown): void {
    if (this.#failure !== null) return
    this.#heard()
    let frame: ServerFrame
    try {
      frame = readFrame(data)
    } catch (error) {
      // A number that cannot be read spoils its own reply only: which request it answered is known.
      if (isOpenEnvError(error) && error.code === 'EXECUTION_ERROR' && this.#pending !== null) {
        this.#rejectPending(error)
      } else this.#fail(isOpenEnvError(error) ? error : this.#lost('it sent something unreadable', error))
      return
    }
    const pending = this.#pending
    if (frame.type === 'error') {
      const error = explained(errorFromSocket(frame.data))
      if (pending === null || FATAL.has(error.code)) this.#fail(error)
      else this.#rejectPending(error)
    } else if (frame.type === 'heartbeat' && pending?.answer !== 'heartbeat') {
      // Nobody waits for it: that it came is all it says.
    } else if (pending === null) {
      this.#fail(this.#lost(`it sent "${frame.type}" when nothing was asked`))
    } else if (frame.type !== pending.answer) {
      this.#fail(this.#lost(`it answered "${frame.type}" where "${pending.answer}" was due`))
    } else {
      this.#pending = null
      pending.settle()
      pending.resolve(frame)
    }
  }

  #rejectPending(reason: unknown): void {
    const pending = this.#pending
    this.#pending = null
    pending?.settle()
    pending?.reject(reason)
  }

  /** Ends the channel; the first reason stays. */
  #fail(failure: OpenEnvError, forPending: unknown = failure): void {
    if (this.#failure !== null) return
    this.#failure = failure
    this.#stopBeating()
    this.#rejectPending(forPending)
    this.#drop()
  }

  #drop(): void {
    if (this.#socket.terminate !== undefined) {
      this.#socket.terminate()
      return
    }
    this.#socket.close()
    // A browser may go on for a minute with a peer that does not answer; nobody waits for that.
    this.#markGone()
  }

  #trySend(text: string): void {
    try {
      this.#socket.send(text)
    } catch {
      // It is closing already, which is all that was wanted.
    }
  }

  #closeError(code: number, reason: string): OpenEnvError {
    if (code === CLOSED_TOO_BIG && this.#errorReason === '') {
      return new OpenEnvError(
        'TOO_LARGE',
        `${this.#server} closed the connection: the message is larger than it takes.`,
      )
    }
    const words = [this.#errorReason, reason, `close code ${String(code)}`].filter((word) => word !== '')
    return this.#lost(words.join(', '))
  }

  #lost(why: string, cause?: unknown): OpenEnvError {
    return new OpenEnvError('CONNECTION_ERROR', `The connection to ${this.#server} was lost: ${why}.`, {
      cause,
    })
  }
}

/** Python's servers say only "Invalid message", with what is wrong beside it; ours say it in the message. */
function explained(error: OpenEnvError): OpenEnvError {
  const { code, message, issues, data } = error
  if (issues.length === 0 || message !== 'Invalid message') return error
  return new OpenEnvError(code, `${message}: ${describeIssues(issues)}.`, { issues, data })
}

function timedOut(name: string, timeoutMs: number): OpenEnvError {
  return new OpenEnvError(
    'TIMEOUT',
    `The ${name} had no reply after ${String(timeoutMs / 1000)} s, so the connection was dropped and the episode with ` +
      'it: call reset to start another, and raise timeoutMs if such a call may take longer.',
  )
}
