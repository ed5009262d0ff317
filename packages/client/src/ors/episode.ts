import {
  isOpenEnvError,
  OpenEnvError,
  type EpisodeState,
  type Reply,
  type ResetOptions,
  type Split,
  type Status,
  type TaskSpec,
  type Tool,
  type ToolResult,
} from '@openenv-ts/core'
import {
  notReady,
  notSupported,
  termsOfInfo,
  SerialQueue,
  type ToolCallOptions,
  type ToolHost,
} from '@openenv-ts/core/host'
import type { CallOptions } from '../options.ts'
import { countTasks, listSplits, listTasks, type EnvironmentOptions } from '../tasks.ts'
import { setTimer } from '../time.ts'
import type { OrsAction, OrsEpisode, OrsObservation, OrsTaskRange } from './options.ts'
import { sendForJson, type OrsServer } from './request.ts'
import { OrsSession } from './session.ts'
import { startOf } from './start.ts'
import { readCall, readTools, textOf } from './wire.ts'

/** What an episode keeps of its connection. */
export interface OrsSettings {
  readonly server: OrsServer
  readonly environment: string
  readonly secrets: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly pingIntervalMs: number
}

interface Run {
  readonly session: OrsSession
  status: Status
  steps: number
}

/** An episode in sessions of an ORS server: one a reset. */
export class RemoteOrsEpisode implements OrsEpisode {
  readonly tools: ToolHost
  readonly #settings: OrsSettings
  readonly #queue = new SerialQueue()
  /** Aborted by `close`. */
  readonly #life = new AbortController()
  #run: Run | null = null

  constructor(settings: OrsSettings) {
    this.#settings = settings
    this.tools = {
      listTools: () => this.#listTools(),
      callTool: (name, args, options) => this.#callTool(name, args, options),
    }
  }

  get url(): string {
    return this.#settings.server.url
  }

  get environment(): string {
    return this.#settings.environment
  }

  get status(): Status | 'idle' | 'lost' {
    if (this.#run === null) return 'idle'
    return this.#run.session.lost === null ? this.#run.status : 'lost'
  }

  get stepCount(): number {
    return this.#run?.steps ?? 0
  }

  reset(options: ResetOptions & CallOptions = {}): Promise<Reply<OrsObservation>> {
    return this.#inTurn('reset', options, (signal) => this.#reset(options, signal))
  }

  step(action: OrsAction, options: CallOptions = {}): Promise<Reply<OrsObservation>> {
    return this.#inTurn('call', options, (signal) => this.#step(action, signal))
  }

  state(): Promise<EpisodeState> {
    return Promise.resolve({ episodeId: this.#run?.session.id ?? null, stepCount: this.stepCount })
  }

  listSplits(): Promise<readonly Split[]> {
    return listSplits(this.url, this.#where())
  }

  countTasks(split?: string): Promise<number> {
    return countTasks(this.url, { ...this.#where(), ...(split === undefined ? {} : { split }) })
  }

  listTasks(range: OrsTaskRange = {}): Promise<readonly TaskSpec[]> {
    return listTasks(this.url, { ...this.#where(), ...range })
  }

  fork(): Promise<never> {
    return Promise.reject(notSupported('fork'))
  }

  snapshot(): Promise<never> {
    return Promise.reject(notSupported('snapshot'))
  }

  restore(): Promise<never> {
    return Promise.reject(notSupported('restore'))
  }

  async close(): Promise<void> {
    const closed = new OpenEnvError('CANCELLED', 'The episode is closed.')
    if (!this.#life.signal.aborted) this.#life.abort(closed)
    void this.#queue.rejectWaiting(closed)
    await this.#run?.session.end(closed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #where(): EnvironmentOptions {
    const { server, environment } = this.#settings
    return { headers: server.headers, environment }
  }

  async #reset(options: ResetOptions, signal: AbortSignal): Promise<Reply<OrsObservation>> {
    const { server, environment, secrets, pingIntervalMs } = this.#settings
    const start = await startOf(this.url, { ...this.#where(), signal }, options)
    await this.#run?.session.end(new OpenEnvError('CANCELLED', 'The episode was reset.'))
    this.#run = null
    const plan = { server, environment, start, secrets: { ...secrets, ...options.secrets }, pingIntervalMs }
    const session = await OrsSession.open(plan, signal)
    try {
      const { content, messages } = await session.prompt(signal)
      this.#run = { session, status: 'running', steps: 0 }
      const observation = { prompt: textOf(content), content, messages }
      return { observation, reward: null, status: 'running', done: false, info: {} }
    } catch (error) {
      void session.end(new OpenEnvError('CANCELLED', 'The episode could not be started.'))
      throw error
    }
  }

  async #step(action: OrsAction, signal: AbortSignal): Promise<Reply<OrsObservation>> {
    const { tool_name: name, arguments: input } = checked(action)
    const run = this.#run
    if (run === null) throw notReady('before reset')
    if (run.session.lost !== null) throw lostEpisode(run.session.lost)
    if (run.status !== 'running') throw notReady('after the end')
    let text: string
    try {
      text = await run.session.call(name, input ?? {}, signal)
    } catch (error) {
      // Given up under way: whether the call was made nobody knows.
      if (signal.aborted) void run.session.end(new OpenEnvError('CANCELLED', 'A call was given up.'))
      if (isOpenEnvError(error) && this.status === 'lost' && !signal.aborted) throw lostEpisode(error)
      throw error
    }
    const { observation, reward, finished, info, ran, over } = readCall(name, text)
    if (finished || over) run.status = 'terminated'
    if (over) throw notReady('after the end')
    if (ran) run.steps += 1
    const terms = termsOfInfo(info)
    const reply = { observation, reward, status: run.status, done: finished, info }
    return terms === undefined ? reply : { ...reply, terms }
  }

  async #listTools(): Promise<readonly Tool[]> {
    const signal = this.#life.signal
    const run = this.#run
    if (run !== null && run.session.lost === null) return run.session.tools(signal)
    const path = `/${encodeURIComponent(this.environment)}/tools`
    return readTools(await sendForJson(this.#settings.server, { method: 'GET', path, signal }))
  }

  async #callTool(name: string, args: unknown, options: ToolCallOptions = {}): Promise<ToolResult> {
    const { signal } = options
    let observation: OrsObservation
    try {
      const action = { tool_name: name, arguments: (args ?? {}) as Readonly<Record<string, unknown>> }
      ;({ observation } = await this.step(action, signal === undefined ? {} : { signal }))
    } catch (error) {
      if (!isOpenEnvError(error)) throw error
      return { content: [{ type: 'text', text: error.message }], isError: true }
    }
    if ('prompt' in observation) throw new TypeError('A call gave a prompt.')
    const { result, error } = observation
    if (result === null) return { content: [{ type: 'text', text: error.message }], isError: true }
    const { content, structured_content: structured, data } = result
    return {
      content,
      ...(structured === null ? {} : { structuredContent: structured }),
      data,
      isError: false,
    }
  }

  /** Runs a call when all before it are done, and no longer than it may take. */
  async #inTurn<T>(
    doing: string,
    { signal, timeoutMs = this.#settings.timeoutMs }: CallOptions,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    this.#life.signal.throwIfAborted()
    return this.#queue.run(async () => {
      const late = new AbortController()
      const stop = setTimer(timeoutMs, () => {
        late.abort(
          new OpenEnvError('TIMEOUT', `The ${doing} took longer than ${String(timeoutMs / 1000)} s.`),
        )
      })
      const ends = [this.#life.signal, late.signal, ...(signal === undefined ? [] : [signal])]
      try {
        return await work(AbortSignal.any(ends))
      } finally {
        stop()
      }
    }, signal)
  }
}

function checked(action: OrsAction): OrsAction {
  const { tool_name: name, arguments: input } = action
  const fault =
    typeof name !== 'string'
      ? { loc: ['tool_name'], msg: 'Expected a text' }
      : input !== undefined && (typeof input !== 'object' || Array.isArray(input))
        ? { loc: ['arguments'], msg: 'Expected an object' }
        : undefined
  if (fault === undefined) return action
  const issues = [{ type: 'invalid_type', ...fault }]
  throw new OpenEnvError('VALIDATION_ERROR', `Invalid action: ${fault.loc.join('.')}: ${fault.msg}.`, {
    issues,
  })
}

function lostEpisode(cause: OpenEnvError): OpenEnvError {
  return new OpenEnvError(
    'EXECUTION_ERROR',
    `The episode was lost: ${cause.message} Call reset to start another.`,
    {
      http: 409,
      cause,
    },
  )
}
