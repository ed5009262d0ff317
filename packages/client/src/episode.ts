import {
  isOpenEnvError,
  OpenEnvError,
  type AnyEnvironment,
  type EpisodeState,
  type Reply,
  type ResetOptions,
  type Snapshot,
  type Status,
} from '@openenv-ts/core'
import { isObject, notReady, SerialQueue } from '@openenv-ts/core/host'
import { resetToWire, stateFromWire, type WireSchemas } from '@openenv-ts/core/wire'
import type { Channel } from './channel.ts'
import { dial, type DialPlan } from './dial.ts'
import { writeFrame, type ServerFrame } from './frame.ts'
import { History, noFork } from './history.ts'
import type { HttpOptions } from './http.ts'
import { fetchMetadata, fetchSchemas, type ServerMetadata } from './info.ts'
import type { CallOptions, RemoteEpisode } from './options.ts'
import { checkObservation, readReply } from './reply.ts'
import { checkReset, sameStart } from './reset.ts'
import { keepEpisode, resumeEpisode } from './resume.ts'
import { backoffMs, checkDuration, sleepUnlessAborted } from './time.ts'

/** What an episode and its forks have in common. */
export interface EpisodeSettings {
  readonly plan: DialPlan
  readonly http: HttpOptions
  readonly environment: AnyEnvironment | undefined
  readonly timeoutMs: number
  readonly fork: boolean
  /** How long a server may take to come back; null: a lost connection is a lost episode. */
  readonly resumeMs: number | null
  /** Infinite for none. */
  readonly heartbeatMs: number
}

type Data = Readonly<Record<string, unknown>>

/** What the last reset began. */
interface Run {
  /** The reset, as it was sent. */
  readonly start: string
  /** Null when nothing is remembered for a fork. */
  readonly history: History | null
  status: Status
  steps: number
}

/**
 * An episode on a session socket. A lost connection is a lost episode, and only `reset` makes a new one; unless the
 * server keeps it and the client resumes.
 */
export class SocketEpisode<TAction, TObservation> implements RemoteEpisode<TAction, TObservation> {
  readonly #settings: EpisodeSettings
  readonly #queue = new SerialQueue()
  /** Aborted by `close`. */
  readonly #life = new AbortController()
  #channel: Channel
  #run: Run | null = null
  /** Whether the server ever gave this episode a session. */
  #hadSession = false
  #closing: Promise<void> | null = null
  /** The connection that extras were agreed on: each is asked once. */
  #agreed: Channel | null = null
  /** What brings the episode back; null where the server keeps none. */
  #token: string | null = null

  constructor(settings: EpisodeSettings, channel: Channel) {
    this.#settings = settings
    this.#channel = channel
  }

  get url(): string {
    return this.#settings.plan.url.http
  }

  get status(): Status | 'idle' | 'lost' {
    if (this.#channel.failure !== null && !this.#mayResume()) return 'lost'
    return this.#run?.status ?? 'idle'
  }

  get stepCount(): number {
    return this.#run?.steps ?? 0
  }

  reset(options: ResetOptions & CallOptions = {}): Promise<Reply<TObservation>> {
    return this.#inTurn(() => this.#reset(options), options.signal)
  }

  step(action: TAction, options: CallOptions = {}): Promise<Reply<TObservation>> {
    return this.#inTurn(() => this.#step(action, options), options.signal)
  }

  state(options: CallOptions = {}): Promise<EpisodeState> {
    return this.#inTurn(() => this.#state(options), options.signal)
  }

  fork(): Promise<RemoteEpisode<TAction, TObservation>> {
    return this.#inTurn(() => this.#fork(), undefined)
  }

  snapshot(): Promise<Snapshot> {
    return Promise.reject(stateStaysThere('snapshot'))
  }

  restore(): Promise<Reply<TObservation>> {
    return Promise.reject(stateStaysThere('restore'))
  }

  schemas(options: CallOptions = {}): Promise<WireSchemas> {
    return fetchSchemas(this.url, { ...this.#settings.http, ...options })
  }

  describe(options: CallOptions = {}): Promise<ServerMetadata> {
    return fetchMetadata(this.url, { ...this.#settings.http, ...options })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #close(): Promise<void> {
    const closed = new OpenEnvError('CANCELLED', 'The episode is closed.')
    this.#life.abort(closed)
    void this.#queue.rejectWaiting(closed)
    await this.#channel.close(closed)
  }

  async #inTurn<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    this.#life.signal.throwIfAborted()
    return this.#queue.run(work, signal)
  }

  async #reset(options: ResetOptions & CallOptions): Promise<Reply<TObservation>> {
    checkReset(options)
    const start = writeFrame('reset', resetToWire(options))
    const frame = await this.#sendReset(start, options)
    return this.#checked(this.#begin(start, frame))
  }

  #begin(start: string, frame: ServerFrame): Reply<Data> {
    const { environment, fork } = this.#settings
    const remembers = fork && environment?.deterministic === true
    const history = remembers ? new History(frame.text) : null
    const run: Run = { start, history, status: 'running', steps: 0 }
    this.#run = run
    this.#hadSession = true
    const reply = readReply(frame)
    run.status = reply.status
    return reply
  }

  #advance(run: Run, request: string, frame: ServerFrame): Reply<Data> {
    run.steps += 1
    run.history?.add(request, frame.text)
    const reply = readReply(frame)
    run.status = reply.status
    return reply
  }

  /** Sends a reset, on a new connection where the old one is gone. */
  async #sendReset(text: string, options: CallOptions): Promise<ServerFrame> {
    for (let attempt = 0; ; attempt += 1) {
      const reconnected = this.#channel.failure !== null
      if (reconnected) await this.#reconnect(options.signal)
      try {
        await this.#agree(options)
        return await this.#request('reset', text, 'observation', options)
      } catch (error) {
        // After any other error the server's old episode may be gone; bad options never touch it.
        if (!isOpenEnvError(error) || error.code !== 'VALIDATION_ERROR') this.#run = null
        if (!this.#mayResetAgain(error, attempt, reconnected)) throw error
      }
      await sleepUnlessAborted(backoffMs(attempt), this.#signal(options.signal))
    }
  }

  #mayResetAgain(error: unknown, attempt: number, reconnected: boolean): boolean {
    if (!isOpenEnvError(error) || attempt >= this.#settings.plan.retries) return false
    // The connection had been dead before, which shows only in use.
    if (error.code === 'CONNECTION_ERROR') {
      return this.#channel.lostByPeer && (!reconnected || this.#settings.resumeMs !== null)
    }
    // The server may still be busy with freeing the slot that we had.
    return error.code === 'CAPACITY_REACHED' && this.#hadSession
  }

  /** Agrees with a server on what goes beyond the plain wire, before the first reset on a connection. */
  async #agree({ signal, timeoutMs = this.#settings.timeoutMs }: CallOptions): Promise<void> {
    const { resumeMs, heartbeatMs } = this.#settings
    const channel = this.#channel
    if (this.#agreed === channel) return
    this.#agreed = channel
    if (resumeMs !== null) this.#token = await keepEpisode(channel, timeoutMs, signal)
    if (heartbeatMs === Infinity) return
    const text = writeFrame('heartbeat')
    await channel.request({ name: 'heartbeat', text, answer: 'heartbeat', timeoutMs, signal }).then(
      () => {
        channel.beat(heartbeatMs)
      },
      (error: unknown) => {
        if (!isOpenEnvError(error) || error.code !== 'UNKNOWN_TYPE') throw error
      },
    )
  }

  /** How to reach a server that may be on its way back. */
  get #patientPlan(): DialPlan {
    const { plan, resumeMs } = this.#settings
    if (resumeMs === null) return plan
    return { ...plan, connectTimeoutMs: resumeMs, retries: Infinity }
  }

  /** Whether the connection is gone, and the episode may be there all the same. */
  #mayResume(): boolean {
    return this.#token !== null && this.#run !== null && this.#channel.lostByPeer
  }

  /**
   * Goes on with the episode on another connection.
   *
   * @returns The answer to a step that was done although its answer was lost; null when there is none.
   */
  async #resume(run: Run, stepping: boolean, options: CallOptions): Promise<ServerFrame | null> {
    const token = this.#token ?? ''
    const { timeoutMs, heartbeatMs } = this.#settings
    this.#token = null
    const resumed = await resumeEpisode(this.#patientPlan, token, timeoutMs, this.#signal(options.signal))
    const { channel, stepCount } = resumed
    const ahead = stepCount - run.steps
    if (ahead !== 0 && !(stepping && ahead === 1)) {
      const elsewhere = new OpenEnvError(
        'SESSION_ERROR',
        `The episode came back at step ${String(stepCount)} instead of step ${String(run.steps)}.`,
      )
      await channel.close(elsewhere)
      throw elsewhere
    }
    this.#channel = channel
    this.#agreed = channel
    this.#token = resumed.token
    if (heartbeatMs !== Infinity) channel.beat(heartbeatMs)
    return ahead === 1 ? resumed.last : null
  }

  async #reconnect(signal: AbortSignal | undefined): Promise<void> {
    this.#run = null
    this.#token = null
    const channel = await dial(this.#patientPlan, this.#signal(signal))
    this.#channel = channel
    if (this.#life.signal.aborted) {
      const closed = this.#life.signal.reason as OpenEnvError
      await channel.close(closed)
      throw closed
    }
  }

  async #step(action: TAction, options: CallOptions): Promise<Reply<TObservation>> {
    this.#checkAlive()
    const run = this.#run
    const tool = toolMessage(action)
    // Tools may be listed at any time; about a call at the wrong time the server says more.
    if (tool === null) {
      if (run === null) throw notReady('before reset')
      if (run.status !== 'running') throw notReady('after the end')
    }
    const text = writeFrame('step', action)
    const frame = await this.#call('step', text, 'observation', options)
    if (run === null || tool === 'list_tools') return readReply(frame) as Reply<TObservation>
    const reply = this.#advance(run, text, frame)
    return tool === null ? this.#checked(reply) : (reply as Reply<TObservation>)
  }

  async #state(options: CallOptions): Promise<EpisodeState> {
    this.#checkAlive()
    const { data } = await this.#call('state', writeFrame('state'), 'state', options)
    return stateFromWire(data, this.stepCount)
  }

  async #fork(): Promise<RemoteEpisode<TAction, TObservation>> {
    this.#checkAlive()
    const run = this.#run
    if (run === null) throw notReady('before reset')
    const { environment, fork, plan } = this.#settings
    if (environment === undefined) throw noFork('connect was not given its `environment`')
    if (!environment.deterministic) throw noFork(`${environment.name} is not deterministic`)
    if (!fork || run.history === null) throw noFork('it was opened with `fork: false`')
    const { data } = JSON.parse(run.start) as { readonly data: Data }
    const drawn = data['seed'] === undefined ? (await this.#state({})).seed : undefined
    const start = writeFrame('reset', sameStart(data, drawn))
    const twin = new SocketEpisode<TAction, TObservation>(this.#settings, await dial(plan, this.#life.signal))
    try {
      await twin.#follow(run.history, start, this.#life.signal)
      return twin
    } catch (error) {
      await twin.close()
      throw error
    }
  }

  /** Comes to the position that a history led to. */
  async #follow(history: History, start: string, signal: AbortSignal): Promise<void> {
    await history.replay(async (request) => {
      const call = this.#request('fork', request ?? start, 'observation', { signal })
      const frame = await call.catch((error: unknown) => {
        const other = isOpenEnvError(error) && ['VALIDATION_ERROR', 'EXECUTION_ERROR'].includes(error.code)
        throw other ? noFork('played again, it was answered with an error', error) : error
      })
      if (request === null || this.#run === null) this.#begin(start, frame)
      else this.#advance(this.#run, request, frame)
      return frame.text
    })
  }

  /** Sends a request within an episode; when the connection breaks, again or not as it was done already. */
  async #call(
    name: 'step' | 'state',
    text: string,
    answer: 'observation' | 'state',
    options: CallOptions,
  ): Promise<ServerFrame> {
    const run = this.#run
    for (;;) {
      let cause: unknown = this.#channel.failure
      if (cause === null) {
        try {
          return await this.#request(name, text, answer, options)
        } catch (error) {
          cause = error
        }
      }
      if (run === null || !this.#mayResume() || this.#channel.failure === null) throw cause
      const done = await this.#resume(run, name === 'step', options)
      if (done !== null) return done
    }
  }

  #request(
    name: string,
    text: string,
    answer: 'observation' | 'state',
    options: CallOptions,
  ): Promise<ServerFrame> {
    const timeoutMs = checkDuration('timeoutMs', options.timeoutMs ?? this.#settings.timeoutMs)
    return this.#channel.request({ name, text, answer, timeoutMs, signal: options.signal })
  }

  /** The caller's signal, and the end of this episode. */
  #signal(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#life.signal : AbortSignal.any([signal, this.#life.signal])
  }

  #checkAlive(): void {
    const { failure } = this.#channel
    if (failure === null || this.#mayResume()) return
    if (!this.#hadSession) throw failure
    throw new OpenEnvError(
      'EXECUTION_ERROR',
      `The episode was lost with its connection: call reset to start another. What happened: ${failure.message}`,
      { http: 409, cause: failure },
    )
  }

  #checked(reply: Reply<Data>): Reply<TObservation> {
    const { environment } = this.#settings
    return (
      environment === undefined ? reply : checkObservation(reply, environment, this.url)
    ) as Reply<TObservation>
  }
}

/** Which of MCP's two messages an action is; null for every other action. */
function toolMessage(action: unknown): 'list_tools' | 'call_tool' | null {
  const type = isObject(action) ? action['type'] : undefined
  return type === 'list_tools' || type === 'call_tool' ? type : null
}

function stateStaysThere(what: string): OpenEnvError {
  return new OpenEnvError(
    'NOT_SUPPORTED',
    `A remote episode has no ${what}: the state of its environment stays on the server. Use fork, or openLocal.`,
  )
}
