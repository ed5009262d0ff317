import {
  OpenEnvError,
  agentTools,
  type AgentTools,
  type AnyEnvironment,
  type Clock,
  type GroupCandidate,
} from '@openenv-ts/core'
import { toOpenEnvError } from '@openenv-ts/core/host'
import type { Host } from '../host.ts'
import type { Session } from '../sessions/session.ts'
import { refused, wireCall, type WireCall } from './blocks.ts'
import { Calls, type Call } from './calls.ts'
import type { Start } from './create.ts'
import { withoutSecrets } from './secrets.ts'

/** How long deleting waits for a call that is at work, before it is torn down all the same. */
const LAST_CALL_MS = 5000

/** An episode as ORS knows it: started once, used by tools, never reset. */
export class OrsSession {
  readonly session: Session
  readonly #environment: AnyEnvironment
  readonly #start: Start
  readonly #tools: AgentTools
  readonly #calls: Calls
  readonly #log: Host['log']
  readonly #setup: Promise<void>
  readonly #ending = new AbortController()
  readonly #ended = whenAborted(this.#ending.signal)
  #settled = false
  /** Why it is of no use: setup failed, or a call was given up in the middle. */
  #failure: OpenEnvError | null = null
  /** Settles when the calls accepted so far are done. */
  #tail: Promise<unknown> = Promise.resolve()
  /** Tool calls and scorings that the environment is at, not those that wait. */
  #atWork = 0

  /** Begins the setup, and does not wait for it. */
  constructor(session: Session, start: Start, host: Host, clock: Clock) {
    this.session = session
    this.#environment = host.environment
    this.#start = start
    this.#log = host.log
    this.#tools = agentTools(session.episode, host.environment)
    this.#calls = new Calls(clock, host.sessions.limits)
    this.#setup = this.#begin()
  }

  async #begin(): Promise<void> {
    const { selector, secrets } = this.#start
    try {
      const given = Object.keys(secrets).length === 0 ? {} : { secrets }
      await this.session.episode.reset({ ...selector, ...given })
    } catch (thrown) {
      this.#fail(thrown, 'The setup of a session failed.')
    } finally {
      this.#settled = true
    }
  }

  /**
   * Waits until the episode can be used.
   *
   * @throws OpenEnvError HTTP 410 when it is deleted meanwhile, 500 when it could not be started.
   */
  async ready(): Promise<void> {
    if (!this.#settled) await Promise.race([this.#setup, this.#ended])
    this.requireUse()
  }

  /** Throws what {@link ready} would, for as much as is known now. */
  requireUse(): void {
    if (this.#ending.signal.aborted) throw deleted()
    if (this.#failure !== null) throw this.#failure
  }

  /** What the agent is told at the start. */
  async brief(): Promise<string> {
    await this.ready()
    return this.#guarded('the prompt', () => this.#tools.instructions())
  }

  async tools(): ReturnType<AgentTools['listTools']> {
    await this.ready()
    return this.#guarded('the tool list', () => this.#tools.listTools())
  }

  /** Whether the environment is at a call. Setup does not count. */
  get working(): boolean {
    return this.#atWork > 0
  }

  /** Drops results that nobody may ask for any more. */
  forgetOld(): void {
    this.#calls.forgetOld()
  }

  /** Counts a stream that tells of a call; see {@link Calls.follow}. */
  follow(): () => void {
    return this.#calls.follow()
  }

  /** A call that was made here before; undefined for every other id. */
  find(kind: Call['kind'], taskId: string): Call | undefined {
    return this.#calls.find(kind, taskId)
  }

  /**
   * Calls a tool, after all calls before it.
   *
   * @throws OpenEnvError `CAPACITY_REACHED` (HTTP 429) when too many wait.
   */
  call(name: string, input: Readonly<Record<string, unknown>>): Call {
    return this.#calls.begin('call', async () => {
      const turn = this.#tail.then(async () => {
        await this.ready()
        return this.#act(name, input)
      })
      this.#tail = turn.catch(() => undefined)
      return turn
    })
  }

  async #act(name: string, input: Readonly<Record<string, unknown>>): Promise<WireCall> {
    this.#atWork += 1
    try {
      if (this.session.episode.reply?.done === true) {
        const known = (await this.#tools.listTools()).some((tool) => tool.name === name)
        return refused(name, known ? 'episode_finished' : 'not_found')
      }
      const call = await this.#tools.act(name, input)
      if (call.failure !== 'timeout') return wireCall(name, call)
      // Where the environment stands now nobody knows, and there is no reset here.
      throw new OpenEnvError('TIMEOUT', 'A tool call took too long: the session is over. Create another.')
    } catch (thrown) {
      const error = toOpenEnvError(thrown, 'a tool call')
      if (error.code === 'TIMEOUT') this.#failure = asInternal(error)
      this.#report('A tool call failed.', error)
      throw error
    } finally {
      this.#atWork -= 1
    }
  }

  /** Scores attempts at this session's task; the episode is left as it is. */
  scoreGroup(candidates: readonly GroupCandidate[]): Call {
    return this.#calls.begin('score_group', async () => {
      await this.ready()
      this.#atWork += 1
      try {
        const { task } = this.#start
        const signal = this.#ending.signal
        const scores = (await this.#environment.scoreGroup?.(candidates, { task, signal })) ?? []
        if (scores.length !== candidates.length || !scores.every(({ reward }) => Number.isFinite(reward))) {
          throw new OpenEnvError(
            'EXECUTION_ERROR',
            'The environment did not give every candidate a finite score.',
          )
        }
        return { scores: scores.map(({ reward, metadata = null }) => ({ reward, metadata })) }
      } catch (thrown) {
        const error = toOpenEnvError(thrown, 'the scoring of a group')
        this.#report('The scoring of a group failed.', error)
        throw error
      } finally {
        this.#atWork -= 1
      }
    })
  }

  /** Wakes whoever waits. The episode is closed by the pool. */
  end(): void {
    this.#ending.abort(deleted())
  }

  /** Lets the call that is at work come to its end; those that wait are refused. */
  async lastCall(): Promise<void> {
    this.end()
    if (!this.working) return
    let timer: ReturnType<typeof setTimeout> | undefined
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, LAST_CALL_MS)
    })
    await Promise.race([this.#tail, enough])
    clearTimeout(timer)
  }

  async #guarded<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (thrown) {
      if (this.#ending.signal.aborted) throw deleted()
      const error = toOpenEnvError(thrown, doing)
      throw new OpenEnvError(error.code, error.message, { http: error.http, cause: this.#clean(error) })
    }
  }

  #fail(thrown: unknown, message: string): void {
    if (this.#ending.signal.aborted) return
    const error = toOpenEnvError(thrown, 'setup')
    this.#failure = new OpenEnvError(error.code, error.message, { http: 500, cause: this.#clean(error) })
    this.#report(message, error)
  }

  #report(message: string, error: OpenEnvError): void {
    if (this.#ending.signal.aborted) return
    this.#log({ level: 'error', message, session: String(this.session.number), cause: this.#clean(error) })
  }

  /** What may be logged of an error. */
  #clean(error: OpenEnvError): unknown {
    return withoutSecrets(error.cause ?? error, this.#start.secrets)
  }
}

function asInternal({ code, message }: OpenEnvError): OpenEnvError {
  return new OpenEnvError(code, message, { http: 500 })
}

function deleted(): OpenEnvError {
  return new OpenEnvError('CANCELLED', 'Session deleted', { http: 410 })
}

function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve()
    })
  })
}
