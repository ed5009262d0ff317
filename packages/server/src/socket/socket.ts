import { isOpenEnvError, OpenEnvError, agentTools, type MaybePromise } from '@openenv-ts/core'
import { listTools, toOpenEnvError } from '@openenv-ts/core/host'
import {
  readClientMessage,
  replyToWire,
  resetFromWire,
  type ClientMessage,
  stateToWire,
} from '@openenv-ts/core/wire'
import { AgentAnswers } from '../limits/agent-answers.ts'
import { Inbox, TRY_AGAIN_LATER } from './inbox.ts'
import type { IncomingBytes } from '../limits/incoming-bytes.ts'
import { readIncoming } from './incoming.ts'
import { Batches } from './batch.ts'
import { errorFrame, frame, replyFrame } from './frame.ts'
import { isLargeContent, jsonInTurns } from '../http/json-in-turns.ts'
import type { ResumableEpisode, Resumption } from '../sessions/resume.ts'
import type { Quota, Release } from '../limits/quota.ts'
import type { SocketRoute } from '../http/route.ts'
import { failure } from '../http/failure.ts'
import { logFailure } from '../log-failure.ts'
import type { Host } from '../host.ts'
import { answerRpc, rpcText } from '../mcp/rpc.ts'
import {
  agentSessions,
  capabilitySession,
  connectionSessions,
  type RpcSessions,
} from '../mcp/rpc-sessions.ts'
import { needsControl } from '../mcp/rpc-error.ts'
import type { Session } from '../sessions/session.ts'
import { taskQueries, type TaskQueries } from './task-queries.ts'
import { isToolMessage, noEpisodeReply, toolCallReply, toolListReply } from './tool-message.ts'
import type { SocketLike, SocketHandler } from './socket-like.ts'
import { refusedConnection } from '../limits/refused-connection.ts'
import type { SocketAccess } from './socket-access.ts'

/** The one spelling of a heartbeat that is answered while a call runs. */
const HEARTBEAT = '{"type":"heartbeat"}'
const HEARTBEAT_REPLY = frame('heartbeat', {})

/** How long a client that finds no slot has for its first message, which may be one that needs none. */
const REFUSAL_DELAY_MS = 200
/** How long a refused client has after the refusal: older ones lose a frame that a close follows at once. */
const REFUSAL_GRACE_MS = 1000

/**
 * `/ws`: one session a socket, or the one named by `?session_id=`; and the socket of an agent's capability.
 *
 * @param mayControl - Whether reset, step and state are served: not in production mode.
 */
export function episodeSocketRoutes(host: Host, mayControl: boolean): readonly SocketRoute[] {
  return [
    {
      path: '/ws',
      plane: mayControl ? 'control' : 'agent',
      accept: (request) => {
        if (!mayControl) {
          const refused = refusedConnection(host, host.shared)
          return refused ?? ((socket) => new EpisodeSocket(host, socket, { kind: 'idle' }))
        }
        const trusted = host.authorizer.principal(request.headers) === 'control'
        const id = new URL(request.url).searchParams.get('session_id')
        const session = id === null || id === '' ? undefined : id
        return (socket) => new EpisodeSocket(host, socket, { kind: 'control', trusted, session })
      },
    },
    {
      path: '/agent/:capability/ws',
      plane: 'capability',
      accept: (_request, { capability }) =>
        acceptAgent(host, capability, (session) => (socket) => {
          return new EpisodeSocket(host, socket, { kind: 'agent', session })
        }),
    },
  ]
}

/**
 * Decides on a handshake at an agent's address before a byte of its messages is read: 404 where there is no episode,
 * 429 where its agent has connections enough.
 */
export function acceptAgent(
  host: Host,
  capability: string | undefined,
  play: (session: Session) => (socket: SocketLike) => SocketHandler,
): ReturnType<SocketRoute['accept']> {
  let session: Session
  try {
    session = capabilitySession(host, capability)
  } catch (error) {
    return failure(error, host)
  }
  return refusedConnection(host, host.sessions.quotaOf(session)) ?? play(session)
}

type Data = Readonly<Record<string, unknown>>

/** Takes a session for one orchestrator's socket. */
function attach(session: Session | undefined, id: string): Session {
  if (session === undefined)
    throw new OpenEnvError('SESSION_ERROR', `Unknown session_id: ${id.slice(0, 128)}`)
  if (session.attached)
    throw new OpenEnvError('SESSION_ERROR', `Session ${session.id} already has an attached WebSocket`)
  session.attached = true
  session.holders += 1
  return session
}

/** One client on a socket: its messages in order, one answer to each, none unasked. */
class EpisodeSocket implements SocketHandler {
  readonly #host: Host
  readonly #socket: SocketLike
  readonly #access: SocketAccess
  /** Whether the session outlives the socket. */
  readonly #joined: boolean
  /** Null for a client that holds no slot: there was none, or it has only asked about tasks so far. */
  #session: Session | null = null
  /** The episodes that batches opened on this socket; null for the many clients that send none. */
  #batches: Batches | null = null
  /** The episode's place in the store; null for the many clients that do not ask for one. */
  #kept: ResumableEpisode | null = null
  /** The bound on what agents leave unread; null for an orchestrator. */
  readonly #answers: AgentAnswers | null
  /** Gives back the connection that is counted; null for an orchestrator with a session. */
  #connection: Release | null = null
  #refused = false
  /** Whether a heartbeat's answer is still on its way to a client that does not read. */
  #beating = false
  #untouched = true
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #inbox: Inbox
  #open = true

  constructor(host: Host, socket: SocketLike, access: SocketAccess) {
    this.#host = host
    this.#socket = socket
    this.#access = access
    this.#joined = access.kind === 'agent' || (access.kind === 'control' && access.session !== undefined)
    this.#inbox = new Inbox(socket, {
      maxBytes: host.maxMessageBytes,
      answer: (bytes, binary, decode) => this.#onFrame(bytes, binary, decode),
      incoming: () => this.#incoming,
      slice: access.kind === 'control' ? undefined : this.#quota.slice,
    })
    this.#answers = access.kind === 'control' ? null : new AgentAnswers(this.#quota.unread)
    this.#sit()
  }

  #sit(): void {
    const { sessions } = this.#host
    switch (this.#access.kind) {
      case 'idle':
        this.#count()
        return
      case 'agent':
        this.#session = this.#access.session
        this.#session.holders += 1
        this.#count()
        return
      case 'control':
        break
    }
    const { session: id } = this.#access
    try {
      this.#session = id === undefined ? sessions.open('websocket') : attach(sessions.find(id), id)
    } catch (error) {
      if (id !== undefined) this.#refuse(error)
      else if (this.#count()) {
        this.#timer = setTimeout(() => {
          this.#refuse(error)
        }, REFUSAL_DELAY_MS)
      }
    }
  }

  /** What this socket counts towards. */
  get #quota(): Quota {
    const { sessions, shared } = this.#host
    return this.#access.kind === 'agent' ? sessions.quotaOf(this.#access.session) : shared
  }

  /** Counts this connection; ends it and gives false where there are too many. */
  #count(): boolean {
    if (this.#connection !== null) return true
    try {
      this.#connection = this.#quota.connection()
      return true
    } catch (error) {
      this.#refused = true
      this.#socket.cutOff(TRY_AGAIN_LATER, toOpenEnvError(error, 'the connection').message)
      return false
    }
  }

  /** What large messages count towards: an orchestrator that plays may send as it likes. */
  get #incoming(): IncomingBytes | null {
    if (this.#access.kind === 'control') {
      const plays = this.#batches !== null || (this.#session?.episode.status ?? 'idle') !== 'idle'
      if (this.#access.trusted || plays) return null
    }
    return this.#quota.incoming
  }

  get #mayControl(): boolean {
    return this.#access.kind === 'control'
  }

  get busy(): boolean {
    return this.#inbox.busy
  }

  message(bytes: Uint8Array, binary: boolean, decode: (bytes: Uint8Array) => string): void {
    const mayBeat = bytes.length === HEARTBEAT.length && this.#inbox.busy && !binary
    if (mayBeat && decode(bytes) === HEARTBEAT) this.#beat()
    else this.#inbox.receive(bytes, binary, decode)
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
    clearTimeout(this.#timer)
    this.#connection?.()
    void this.#batches?.close()
    this.#kept?.release()
    const session = this.#session
    this.#session = null
    if (session === null) return
    if (!this.#joined) {
      void this.#host.sessions.close(session)
      return
    }
    session.holders -= 1
    if (this.#access.kind === 'agent') return
    session.attached = false
    if (session.closing) void this.#host.sessions.close(session)
  }

  /** Says why there is no session, reads no more, and ends the connection a moment later. */
  #refuse(error: unknown): void {
    clearTimeout(this.#timer)
    if (this.#refused || !this.#count()) return
    this.#refused = true
    this.#socket.pause()
    this.#inbox.clear()
    void this.#send(errorFrame(error))
    this.#timer = setTimeout(() => {
      this.#socket.cutOff(1000, '')
    }, REFUSAL_GRACE_MS)
  }

  #end(): void {
    this.#socket.close(1000)
    this.closed()
  }

  /** The slot of this socket, taken again if it was given up for task queries. */
  #seated(): Session {
    this.#untouched = false
    this.#session ??= this.#takeSlot()
    return this.#session
  }

  #takeSlot(): Session {
    const session = this.#host.sessions.open('websocket')
    clearTimeout(this.#timer)
    this.#connection?.()
    this.#connection = null
    return session
  }

  /** A client that begins with tasks needs no slot [OE-22]. */
  #giveUpSlot(): void {
    clearTimeout(this.#timer)
    if (!this.#untouched || this.#joined || this.#session === null) return
    if (!this.#count()) return
    void this.#host.sessions.close(this.#session)
    this.#session = null
  }

  /** Answers one frame; never throws. */
  #onFrame(bytes: Uint8Array, binary: boolean, decode: (bytes: Uint8Array) => string): MaybePromise<void> {
    if (!this.#open || this.#refused) return
    let read: unknown
    try {
      if (binary) throw new OpenEnvError('INVALID_JSON', 'Invalid JSON: send text frames, not binary ones.')
      read = readIncoming(bytes, decode, this.#host.shape)
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
          ? this.#perform(message)
          : this.#answers.inTurn(() => (this.#open ? this.#perform(message) : undefined))
      if (sent instanceof Promise) return sent.catch((error: unknown) => this.#fail(error))
    } catch (error) {
      return this.#fail(error)
    }
  }

  #unreadable(error: unknown): MaybePromise<void> {
    this.#host.sessions.metrics.failed('message', isOpenEnvError(error) ? error.code : 'EXECUTION_ERROR')
    return this.#fail(error)
  }

  #perform(message: ClientMessage): MaybePromise<void> {
    switch (message.type) {
      case 'step': {
        const { data } = message
        if (isToolMessage(data, this.#host)) return this.#useTool(data)
        this.#requireControl()
        const reply = this.#seated().episode.stepNow(data)
        if (!(reply instanceof Promise)) return this.#send(replyFrame(reply))
        return reply.then((late) => this.#send(replyFrame(late)))
      }
      case 'reset':
        this.#requireControl()
        return this.#seated()
          .episode.reset(resetFromWire(message.data, this.#host.environment))
          .then((reply) => this.#send(replyFrame(reply)))
      case 'state':
        this.#requireControl()
        return this.#seated()
          .episode.state()
          .then((state) => this.#send(frame('state', stateToWire(state))))
      case 'mcp':
        return answerRpc(message.data, this.#host, this.#rpcSeat())
          .then(rpcText)
          .then((text) => this.#send(`{"type":"mcp","data":${text}}`))
      case 'close':
        void this.#kept?.forget()
        this.#end()
        return
      case 'heartbeat':
        return this.#send(HEARTBEAT_REPLY)
      case 'resume':
        this.#requireControl()
        return this.#resume(message.data).then((data) => this.#send(frame('resume', data)))
      case 'batch': {
        this.#requireControl()
        this.#giveUpSlot()
        this.#batches ??= new Batches(this.#host)
        const replies = this.#batches.perform(message.data)
        if (!(replies instanceof Promise)) return this.#send(replies)
        return replies.then((text) => this.#send(text))
      }
      default:
        this.#requireControl()
        this.#giveUpSlot()
        return this.#tasks[message.type](message.data).then((reply) => this.#send(frame(message.type, reply)))
    }
  }

  /** Tools as steps: how OpenEnv's older clients, and those that want the reward, call them. */
  async #useTool(data: Readonly<Record<string, unknown>>): Promise<void> {
    const { environment } = this.#host
    const session = this.#playing()
    const seat = session === null ? null : agentTools(session.episode, environment)
    if (data['type'] === 'list_tools') {
      const tools = seat === null ? listTools(environment) : await seat.listTools()
      return this.#send(frame('observation', toolListReply(tools)))
    }
    const name = String(data['tool_name'])
    const reply = seat === null ? noEpisodeReply(name) : await toolCallReply(seat, name, data['arguments'])
    const { result } = reply.observation as {
      readonly result?: { readonly content?: readonly unknown[] } | null
    }
    const written = await jsonInTurns(reply, isLargeContent(result?.content ?? []))
    return this.#send(`{"type":"observation","data":${written}}`)
  }

  /** The session that tools act in; null for an agent that has none. */
  #playing(): Session | null {
    return this.#mayControl ? this.#seated() : this.#session
  }

  #rpcSeat(): RpcSessions {
    if (this.#access.kind === 'agent') return agentSessions(this.#access.session)
    return connectionSessions({
      session: () => this.#playing(),
      create: () => {
        throw needsControl()
      },
      idOf: ({ id }) => id,
    })
  }

  /** Keeps this socket's episode from now on, or goes on with one that was kept. */
  async #resume({ token, next, ...rest }: Data): Promise<Data> {
    const { resumption, environment } = this.#host
    const readable = isSecretOrNone(token) && isSecretOrNone(next) && Object.keys(rest).length === 0
    if (!readable || (token === undefined && next !== undefined)) throw badResume()
    if (resumption === null || this.#joined || environment.restore === undefined) {
      throw new OpenEnvError('NOT_SUPPORTED', whyNotResumable(resumption !== null, this.#joined))
    }
    if (token === undefined) return this.#keep(this.#seated(), resumption)
    if (this.#kept !== null || (this.#session?.episode.status ?? 'idle') !== 'idle') throw badResume()
    const taken = await resumption.take(token, next)
    try {
      const session = this.#seated()
      const reply = await session.episode.restore(taken.snapshot)
      const kept = await this.#keep(session, resumption, taken.next)
      return { ...kept, step_count: session.episode.stepCount, reply: replyToWire(reply) }
    } catch (error) {
      await taken.putBack()
      throw error
    }
  }

  async #keep({ episode }: Session, resumption: Resumption, token?: string): Promise<Data> {
    const abandon = (): void => {
      if (this.#open) this.#end()
    }
    const kept = this.#kept ?? (await resumption.begin(episode, abandon, token))
    this.#kept = kept
    // Its client may have gone meanwhile.
    if (!this.#open) kept.release()
    return { token: kept.token }
  }

  get #tasks(): TaskQueries {
    return taskQueries(this.#host.environment)
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
    if (this.#kept === null) return this.#socket.send(text)
    // Stored first: what a client has been told is never undone.
    return this.#kept.keep().then(() => {
      if (this.#open) return this.#socket.send(text)
    })
  }

  #fail(thrown: unknown): MaybePromise<void> {
    const error = isOpenEnvError(thrown) ? thrown : toOpenEnvError(thrown, 'the call')
    if (error.code === 'CAPACITY_REACHED' && !this.#joined) {
      this.#refuse(error)
      return
    }
    if (this.#open) logFailure(this.#host, error, this.#session)
    return this.#send(errorFrame(error))
  }
}

/** A secret as `resume` gives them, for clients may make up the next one themselves. */
function isSecretOrNone(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && /^[\w-]{43}$/.test(value))
}

function badResume(): OpenEnvError {
  const msg =
    'Send {} for a token, or {token, next} before anything else: the token of a lost connection, and the one to take ' +
    'its place (43 base64url characters).'
  return new OpenEnvError('VALIDATION_ERROR', `Invalid resume: ${msg}`, {
    issues: [{ type: 'invalid_value', loc: ['token'], msg }],
  })
}

function whyNotResumable(stores: boolean, joined: boolean): string {
  if (!stores) return 'This server keeps no episodes: start it with --resume-dir.'
  if (joined) return 'A session with an id of its own is not resumed: name the id again.'
  return 'resume is not supported for this environment.'
}
