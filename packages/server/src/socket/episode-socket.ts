import { isOpenEnvError, OpenEnvError, agentTools, type MaybePromise } from '@openenv-ts/core'
import { toOpenEnvError } from '@openenv-ts/core/host'
import { readClientMessage, resetFromWire, stateToWire, type ClientMessage } from '@openenv-ts/core/wire'
import type { Host } from '../host.ts'
import { AgentAnswers } from '../limits/agent-answers.ts'
import { logFailure } from '../log-failure.ts'
import { needsControl } from '../mcp/rpc-error.ts'
import { agentSessions, connectionSessions, type RpcSessions } from '../mcp/rpc-sessions.ts'
import { answerRpc, rpcText } from '../mcp/rpc.ts'
import type { Session } from '../sessions/session.ts'
import { Batches } from './batch.ts'
import { errorFrame, frame, replyFrame } from './frame.ts'
import { Inbox } from './inbox.ts'
import { readIncoming } from './incoming.ts'
import { Refusal } from './refusal.ts'
import { ResumeCommand } from './resume-command.ts'
import { Slot } from './slot.ts'
import type { SocketAccess } from './socket-access.ts'
import type { SocketHandler, SocketLike } from './socket-like.ts'
import { taskQueries, type TaskQueries } from './task-queries.ts'
import { answerToolMessage, isToolMessage } from './tool-message.ts'

/** The one spelling of a heartbeat that is answered while a call runs. */
const HEARTBEAT = '{"type":"heartbeat"}'
const HEARTBEAT_REPLY = frame('heartbeat', {})

/** One client on a socket: its messages in order, one answer to each, none unasked. */
export class EpisodeSocket implements SocketHandler {
  readonly #host: Host
  readonly #socket: SocketLike
  readonly #access: SocketAccess
  readonly #refusal: Refusal
  readonly #slot: Slot
  readonly #inbox: Inbox
  /** The bound on what agents leave unread; null for an orchestrator. */
  readonly #answers: AgentAnswers | null
  /** The episodes that batches opened on this socket; null for the many clients that send none. */
  #batches: Batches | null = null
  /** Null for the many clients that do not ask for their episode to be kept. */
  #resuming: ResumeCommand | null = null
  /** Whether a heartbeat's answer is still on its way to a client that does not read. */
  #beating = false
  #open = true

  constructor(host: Host, socket: SocketLike, access: SocketAccess) {
    this.#host = host
    this.#socket = socket
    this.#access = access
    this.#refusal = new Refusal(socket)
    this.#slot = new Slot(host, access, this.#refusal)
    const { quota } = this.#slot
    this.#inbox = new Inbox(socket, {
      maxBytes: host.maxMessageBytes,
      answer: (bytes, binary) => this.#onFrame(bytes, binary),
      incoming: () => this.#slot.incoming(this.#batches !== null),
      slice: access.kind === 'control' ? undefined : quota.slice,
    })
    this.#answers = access.kind === 'control' ? null : new AgentAnswers(quota.unread)
    this.#slot.connect((error) => {
      this.#refuse(error)
    })
  }

  get busy(): boolean {
    return this.#inbox.busy
  }

  message(bytes: Uint8Array, binary: boolean): void {
    const mayBeat = bytes.length === HEARTBEAT.length && this.#inbox.busy && !binary
    if (mayBeat && this.#socket.decode(bytes) === HEARTBEAT) this.#beat()
    else this.#inbox.receive(bytes, binary)
  }

  arriving(bytes: number): void {
    this.#inbox.arriving(bytes)
  }

  /** Out of turn: during a long call the connection has to show signs of life. */
  #beat(): void {
    // A client that does not read the last answer needs no other.
    if (this.#beating || !this.#open) return
    const sent = this.#socket.send(HEARTBEAT_REPLY)
    if (!(sent instanceof Promise)) return
    this.#beating = true
    void sent.then(() => {
      this.#beating = false
    })
  }

  finish(): Promise<void> {
    return this.#inbox.finish()
  }

  closed(): void {
    this.#open = false
    this.#inbox.clear()
    this.#refusal.closed()
    void this.#batches?.close()
    this.#resuming?.closed()
    this.#slot.closed()
  }

  #end(): void {
    this.#socket.close(1000)
    this.closed()
  }

  #refuse(error: unknown): void {
    this.#slot.stopWaiting()
    if (this.#refusal.given || !this.#slot.count()) return
    this.#refusal.explain(this.#inbox, () => this.#send(errorFrame(error)))
  }

  /** Reads and answers one frame; never throws. */
  #onFrame(bytes: Uint8Array, binary: boolean): MaybePromise<void> {
    if (!this.#open || this.#refusal.given) return
    let read: unknown
    try {
      if (binary) throw new OpenEnvError('INVALID_JSON', 'Invalid JSON: send text frames, not binary ones.')
      read = readIncoming(bytes, this.#socket, this.#host.shape)
    } catch (error) {
      return this.#unreadable(error)
    }
    if (!(read instanceof Promise)) return this.#onMessage(read)
    return read.then(
      (late) => this.#onMessage(late),
      (error: unknown) => this.#unreadable(error),
    )
  }

  #onMessage(read: unknown): MaybePromise<void> {
    if (!this.#open) return
    let message: ClientMessage
    try {
      message = readClientMessage(read)
    } catch (error) {
      return this.#unreadable(error)
    }
    try {
      const sent =
        this.#answers === null
          ? this.#dispatch(message)
          : this.#answers.inTurn(() => (this.#open ? this.#dispatch(message) : undefined))
      if (sent instanceof Promise) return sent.catch((error: unknown) => this.#fail(error))
    } catch (error) {
      return this.#fail(error)
    }
  }

  #unreadable(error: unknown): MaybePromise<void> {
    this.#host.sessions.metrics.failed('message', isOpenEnvError(error) ? error.code : 'EXECUTION_ERROR')
    return this.#fail(error)
  }

  #dispatch(message: ClientMessage): MaybePromise<void> {
    switch (message.type) {
      case 'step': {
        const { data } = message
        if (isToolMessage(data, this.#host)) return this.#useTool(data)
        this.#requireControl()
        const reply = this.#slot.take().episode.stepNow(data)
        if (!(reply instanceof Promise)) return this.#send(replyFrame(reply))
        return reply.then((late) => this.#send(replyFrame(late)))
      }
      case 'reset':
        this.#requireControl()
        return this.#slot
          .take()
          .episode.reset(resetFromWire(message.data, this.#host.environment))
          .then((reply) => this.#send(replyFrame(reply)))
      case 'state':
        this.#requireControl()
        return this.#slot
          .take()
          .episode.state()
          .then((state) => this.#send(frame('state', stateToWire(state))))
      case 'mcp':
        return answerRpc(message.data, this.#host, this.#rpcSessions())
          .then(rpcText)
          .then((text) => this.#send(`{"type":"mcp","data":${text}}`))
      case 'close':
        this.#resuming?.forget()
        this.#end()
        return
      case 'heartbeat':
        return this.#send(HEARTBEAT_REPLY)
      case 'resume':
        this.#requireControl()
        this.#resuming ??= new ResumeCommand(this.#host, this.#slot, () => {
          if (this.#open) this.#end()
        })
        return this.#resuming.perform(message.data).then((data) => this.#send(frame('resume', data)))
      case 'batch': {
        this.#requireControl()
        this.#slot.giveUp()
        this.#batches ??= new Batches(this.#host)
        const replies = this.#batches.perform(message.data)
        if (!(replies instanceof Promise)) return this.#send(replies)
        return replies.then((text) => this.#send(text))
      }
      default:
        this.#requireControl()
        this.#slot.giveUp()
        return this.#tasks[message.type](message.data).then((reply) => this.#send(frame(message.type, reply)))
    }
  }

  /** Tools as steps: how OpenEnv's older clients, and those that want the reward, call them. */
  async #useTool(data: Readonly<Record<string, unknown>>): Promise<void> {
    const { environment } = this.#host
    const session = this.#playing()
    const tools = session === null ? null : agentTools(session.episode, environment)
    return this.#send(await answerToolMessage(data, tools, environment))
  }

  /** The session that tools act in; null for an agent that has none. */
  #playing(): Session | null {
    return this.#mayControl ? this.#slot.take() : this.#slot.session
  }

  #rpcSessions(): RpcSessions {
    if (this.#access.kind === 'agent') return agentSessions(this.#access.session)
    return connectionSessions({
      session: () => this.#playing(),
      create: () => {
        throw needsControl()
      },
      idOf: ({ id }) => id,
    })
  }

  get #tasks(): TaskQueries {
    return taskQueries(this.#host.environment)
  }

  get #mayControl(): boolean {
    return this.#access.kind === 'control'
  }

  #requireControl(): void {
    if (this.#mayControl) return
    throw new OpenEnvError(
      'NOT_SUPPORTED',
      this.#host.mode === 'production'
        ? 'This server runs in production mode: agents cannot control episodes.'
        : 'Agents use tools here: starting and controlling episodes is for the control plane.',
    )
  }

  #send(text: string): MaybePromise<void> {
    if (!this.#open) return
    if (this.#answers !== null) return this.#answers.send(this.#socket, text)
    const stored = this.#resuming?.stored()
    if (stored === undefined) return this.#socket.send(text)
    // Stored first: what a client has been told is never undone.
    return stored.then(() => {
      if (this.#open) return this.#socket.send(text)
    })
  }

  #fail(thrown: unknown): MaybePromise<void> {
    const error = isOpenEnvError(thrown) ? thrown : toOpenEnvError(thrown, 'the call')
    if (error.code === 'CAPACITY_REACHED' && !this.#slot.joined) {
      this.#refuse(error)
      return
    }
    if (this.#open) logFailure(this.#host, error, this.#slot.session)
    return this.#send(errorFrame(error))
  }
}
