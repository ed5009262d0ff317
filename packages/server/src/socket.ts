import { isOpenEnvError, OpenEnvError, seatAgent, toOpenEnvError, type MaybePromise } from '@openenv-ts/core'
import { readClientMessage, replyToWire, resetFromWire, type ClientMessage } from '@openenv-ts/core/wire'
import { Inbox } from './inbox.ts'
import { readIncoming } from './incoming.ts'
import { Batches } from './batch.ts'
import { errorFrame, frame, replyFrame } from './frame.ts'
import type { KeptEpisode, Resumption } from './resume.ts'
import { logFailure, type Host, type SocketRoute } from './route.ts'
import { answerRpc, capabilitySession, fixedSeat } from './rpc.ts'
import type { Session } from './session.ts'
import { taskQueries, type TaskQueries } from './task-queries.ts'
import { isToolMessage, toolCallReply, toolListReply } from './tool-message.ts'

/** A WebSocket as the server sees it, whatever runtime it comes from. */
export interface SocketLike {
  /** Sends; a promise when the other side leaves much unread, until this text has gone out. */
  send(text: string): MaybePromise<void>
  close(code: number, reason?: string): void
  /** Stops and resumes reading, for a client that sends faster than its episode answers. */
  pause(): void
  resume(): void
}

/** What a runtime tells about a socket. */
export interface SocketHandler {
  /** Whether a call is running. */
  readonly busy: boolean
  /** A frame. `decode` turns its bytes, known to be UTF-8, into text. */
  message(bytes: Uint8Array, binary: boolean, decode: (bytes: Uint8Array) => string): void
  /** Takes no more frames; settles when those that came before are answered. */
  finish(): Promise<void>
  /** The socket is gone, whichever side ended it. */
  closed(): void
}

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
        const id = new URL(request.url).searchParams.get('session_id')
        if (id === null || id === '') return (socket) => new EpisodeSocket(host, socket, { mayControl })
        const seating: Seating = {
          mayControl,
          // Agents do not pick episodes, whatever ids they know.
          attach: () => attach(mayControl ? host.sessions.find(id) : undefined, id),
          detach: (session) => {
            session.attached = false
            if (session.closing) void host.sessions.close(session)
          },
        }
        return (socket) => new EpisodeSocket(host, socket, seating)
      },
    },
    {
      path: '/agent/:capability/ws',
      plane: 'capability',
      accept: (_request, { capability }) => {
        const admitted = (): Session => capabilitySession(host, capability)
        return (socket) => new EpisodeSocket(host, socket, { mayControl: false, attach: admitted })
      },
    },
  ]
}

type Data = Readonly<Record<string, unknown>>

/** Takes a session for one orchestrator's socket. */
function attach(session: Session | undefined, id: string): Session {
  if (session === undefined)
    throw new OpenEnvError('SESSION_ERROR', `Unknown session_id: ${id.slice(0, 128)}`)
  if (session.attached)
    throw new OpenEnvError('SESSION_ERROR', `Session ${session.id} already has an attached WebSocket`)
  session.attached = true
  return session
}

/** What a socket may do, and which session it joins instead of opening its own. */
interface Seating {
  readonly mayControl: boolean
  /** Throws `SESSION_ERROR` when there is nothing to join. */
  readonly attach?: () => Session
  /** Called when the socket leaves the session that it joined. */
  readonly detach?: (session: Session) => void
}

/** One client on a socket: its messages in order, one answer to each, none unasked. */
class EpisodeSocket implements SocketHandler {
  readonly #host: Host
  readonly #socket: SocketLike
  readonly #mayControl: boolean
  /** Whether the session outlives the socket. */
  readonly #joined: boolean
  readonly #detach: ((session: Session) => void) | undefined
  /** Null for a client that holds no slot: there was none, or it has only asked about tasks so far. */
  #session: Session | null = null
  /** The episodes that batches opened on this socket; null for the many clients that send none. */
  #batches: Batches | null = null
  /** The episode's place in the store; null for the many clients that do not ask for one. */
  #kept: KeptEpisode | null = null
  #refused = false
  /** Whether a heartbeat's answer is still on its way to a client that does not read. */
  #beating = false
  #untouched = true
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #inbox: Inbox
  #open = true

  constructor(host: Host, socket: SocketLike, { mayControl, attach, detach }: Seating) {
    this.#host = host
    this.#socket = socket
    this.#mayControl = mayControl
    this.#inbox = new Inbox(socket, host.maxMessageBytes, (bytes, binary, decode) =>
      this.#answer(bytes, binary, decode),
    )
    this.#joined = attach !== undefined
    this.#detach = detach
    try {
      this.#session = attach === undefined ? host.sessions.open('socket') : attach()
      if (attach !== undefined) this.#session.holders += 1
    } catch (error) {
      if (attach !== undefined) {
        this.#refuse(error)
        return
      }
      this.#timer = setTimeout(() => {
        this.#refuse(error)
      }, REFUSAL_DELAY_MS)
    }
  }

  get busy(): boolean {
    return this.#inbox.busy
  }

  message(bytes: Uint8Array, binary: boolean, decode: (bytes: Uint8Array) => string): void {
    const mayBeat = bytes.length === HEARTBEAT.length && this.#inbox.busy && !binary
    if (mayBeat && decode(bytes) === HEARTBEAT) this.#beat()
    else this.#inbox.receive(bytes, binary, decode)
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
    this.#detach?.(session)
  }

  /** Tells that there is no slot, and closes a moment later. */
  #refuse(error: unknown): void {
    clearTimeout(this.#timer)
    this.#refused = true
    void this.#send(errorFrame(error))
    this.#timer = setTimeout(() => {
      this.#end()
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
    const session = this.#host.sessions.open('socket')
    clearTimeout(this.#timer)
    return session
  }

  /** A client that begins with tasks needs no slot [OE-22]. */
  #giveUpSlot(): void {
    clearTimeout(this.#timer)
    if (!this.#untouched || this.#joined || this.#session === null) return
    void this.#host.sessions.close(this.#session)
    this.#session = null
  }

  /** Answers one frame; never throws. */
  #answer(bytes: Uint8Array, binary: boolean, decode: (bytes: Uint8Array) => string): MaybePromise<void> {
    if (!this.#open) return
    if (this.#refused) {
      this.#end()
      return
    }
    let read: unknown
    try {
      if (binary) throw new OpenEnvError('INVALID_JSON', 'Invalid JSON: send text frames, not binary ones.')
      read = readIncoming(bytes, decode, this.#host.shape)
    } catch (error) {
      return this.#unreadable(error)
    }
    if (!(read instanceof Promise)) return this.#act(read)
    return read.then(
      (late) => this.#act(late),
      (error: unknown) => this.#unreadable(error),
    )
  }

  #act(read: unknown): MaybePromise<void> {
    if (!this.#open) return
    let message: ClientMessage
    try {
      message = readClientMessage(read)
    } catch (error) {
      return this.#unreadable(error)
    }
    try {
      const sent = this.#perform(message)
      if (sent instanceof Promise) return sent.catch((error: unknown) => this.#fail(error))
    } catch (error) {
      return this.#fail(error)
    }
  }

  #unreadable(error: unknown): MaybePromise<void> {
    this.#host.sessions.tally.failed('message', isOpenEnvError(error) ? error.code : 'EXECUTION_ERROR')
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
          .then((state) => this.#send(frame('state', state)))
      case 'mcp':
        return answerRpc(
          message.data,
          this.#host,
          fixedSeat(() => this.#seated()),
        ).then((reply) => this.#send(frame('mcp', reply)))
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
    const seat = seatAgent(this.#seated().episode, environment)
    if (data['type'] === 'list_tools') {
      return this.#send(frame('observation', toolListReply(await seat.listTools())))
    }
    const name = String(data['tool_name'])
    return this.#send(frame('observation', await toolCallReply(seat, name, data['arguments'])))
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
