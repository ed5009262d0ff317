import {
  isOpenEnvError,
  type Clock,
  type EpisodeState,
  type LocalEpisode,
  type MaybePromise,
  type Reply,
  type ResetOptions,
  type Snapshot,
  type Status,
  type Tool,
} from '@openenv-ts/core'
import type { Progress } from '@openenv-ts/core/host'
import type { EpisodeEvents, Happening } from './events.ts'
import type { CountedCall, ServerMetrics } from './metrics.ts'

/** Who is told what happens in an episode. */
export interface Observer {
  readonly metrics: ServerMetrics
  readonly events: EpisodeEvents
  /** The session's number in events. */
  readonly session: number
  readonly clock: Clock
}

/** An episode whose resets and steps are counted, timed and shown to whoever watches. Nothing else is different. */
export class ObservedEpisode implements LocalEpisode {
  readonly #episode: LocalEpisode
  // Each for itself: with many sessions, what a step costs is the objects that it has to fetch.
  readonly #metrics: ServerMetrics
  readonly #events: EpisodeEvents
  readonly #session: number
  readonly #clock: Clock

  constructor(episode: LocalEpisode, { metrics: tally, events, session, clock }: Observer) {
    this.#episode = episode
    this.#metrics = tally
    this.#events = events
    this.#session = session
    this.#clock = clock
  }

  get status(): Status | 'idle' {
    return this.#episode.status
  }

  get stepCount(): number {
    return this.#episode.stepCount
  }

  get busy(): boolean {
    return this.#episode.busy
  }

  get broken(): boolean {
    return this.#episode.broken
  }

  get reply(): Reply<unknown> | null {
    return this.#episode.reply
  }

  get opening(): Reply<unknown> | null {
    return this.#episode.opening
  }

  stepNow(
    action: unknown,
    signal?: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): MaybePromise<Reply<unknown>> {
    const start = performance.now()
    let reply: MaybePromise<Reply<unknown>>
    try {
      reply = this.#episode.stepNow(action, signal, onProgress)
    } catch (error) {
      throw this.#failed('step', error)
    }
    if (!(reply instanceof Promise)) {
      this.#replied('step', reply, start, action)
      return reply
    }
    return this.#watched('step', reply, start, action)
  }

  step(action: unknown, options: { readonly signal?: AbortSignal } = {}): Promise<Reply<unknown>> {
    return this.#watched('step', this.#episode.step(action, options), performance.now(), action)
  }

  reset(options?: ResetOptions): Promise<Reply<unknown>> {
    return this.#watched('reset', this.#episode.reset(options), performance.now())
  }

  state(options?: { readonly signal?: AbortSignal }): Promise<EpisodeState> {
    return this.#episode.state(options)
  }

  prompt(): Promise<string | null> {
    return this.#episode.prompt()
  }

  taskTools(): readonly Tool[] | undefined {
    return this.#episode.taskTools()
  }

  fork(): Promise<LocalEpisode> {
    return this.#episode.fork()
  }

  snapshot(): Promise<Snapshot> {
    return this.#episode.snapshot()
  }

  async restore(snapshot: Snapshot): Promise<Reply<unknown>> {
    const reply = await this.#episode.restore(snapshot)
    this.#show({ type: 'restored', reply })
    return reply
  }

  settled(): Promise<void> {
    return this.#episode.settled()
  }

  close(): Promise<void> {
    return this.#episode.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #watched(
    call: CountedCall,
    pending: Promise<Reply<unknown>>,
    start: number,
    action?: unknown,
  ): Promise<Reply<unknown>> {
    try {
      const reply = await pending
      this.#replied(call, reply, start, action)
      return reply
    } catch (error) {
      throw this.#failed(call, error)
    }
  }

  #replied(call: CountedCall, reply: Reply<unknown>, start: number, action: unknown): void {
    this.#metrics.replied(call, reply, performance.now() - start)
    if (this.#events.watched)
      this.#show(call === 'reset' ? { type: call, reply } : { type: call, action, reply })
  }

  #failed(call: CountedCall, error: unknown): unknown {
    const { code, message } = isOpenEnvError(error)
      ? error
      : { code: 'CANCELLED', message: 'The call was given up.' }
    this.#metrics.failed(call, code)
    this.#show({ type: 'error', call, code, message })
    return error
  }

  #show(what: Happening): void {
    if (this.#events.watched) this.#events.emit({ at: this.#clock.now(), session: this.#session, ...what })
  }
}
