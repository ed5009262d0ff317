import { isOpenEnvError, OpenEnvError, type Reply } from '@openenv-ts/core'
import { isObject, SerialQueue } from '@openenv-ts/core/host'
import { errorFromSocket, replyFromWire, resetToWire } from '@openenv-ts/core/wire'
import type { Channel } from './channel.ts'
import { dial } from './dial.ts'
import { writeFrame } from './frame.ts'
import type { CallOptions } from './options.ts'
import { checkObservation } from './reply.ts'
import { backoffMs, sleepUnlessAborted } from './time.ts'
import type { VectorReply, VectorResetOptions, VectorEpisode, VectorSettings } from './vector.ts'

type Call = readonly [operation: string, episode: number, data?: unknown]

/**
 * Connects and opens the episodes.
 *
 * @throws OpenEnvError as `connect` does; `NOT_SUPPORTED` when the server knows no batches; `CAPACITY_REACHED`.
 */
export async function openVector(
  settings: VectorSettings,
  signal: AbortSignal | undefined,
): Promise<VectorEpisode<never, never>> {
  const { size } = settings
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new OpenEnvError(
      'VALIDATION_ERROR',
      `A vector has a whole number of episodes, not ${String(size)}.`,
    )
  }
  const vector = new SocketVector<never, never>(settings, await dial(settings.plan, signal))
  try {
    await vector.open(signal)
    return vector
  } catch (error) {
    await vector.close()
    throw error
  }
}

/** How many seeds there are. */
const SEEDS = 2 ** 53
const NOTHING: Reply<unknown> = { observation: {}, reward: null, status: 'running', done: false, info: {} }

class SocketVector<TAction, TObservation> implements VectorEpisode<TAction, TObservation> {
  readonly #settings: VectorSettings
  #channel: Channel
  readonly #queue = new SerialQueue()
  /** Aborted by `close`. */
  readonly #life = new AbortController()
  /** What each episode answered last. */
  readonly #last: Reply<TObservation>[]
  /** What each was reset with. */
  readonly #starts: Readonly<Record<string, unknown>>[] = []

  constructor(settings: VectorSettings, channel: Channel) {
    this.#settings = settings
    this.#channel = channel
    this.#last = new Array<Reply<TObservation>>(settings.size).fill(NOTHING as Reply<TObservation>)
  }

  get size(): number {
    return this.#settings.size
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    const calls = this.#last.map((_reply, episode): Call => ['open', episode])
    const answers = await this.#send(calls, signal === undefined ? {} : { signal })
    const refused = answers.find((answer) => answer instanceof OpenEnvError)
    if (refused !== undefined) throw refused
  }

  reset(options: VectorResetOptions & CallOptions = {}): Promise<VectorReply<TObservation>> {
    return this.#queue.run(async () => {
      const { seed, mask, ...rest } = options
      this.#requireOneEach('mask', mask)
      this.#requireOneEach('seed', typeof seed === 'number' ? undefined : seed)
      const reconnected = await this.#reconnect(mask, options.signal)
      const chosen = this.#episodes().filter((episode) => mask?.[episode] ?? true)
      const calls = chosen.map((episode): Call => {
        const own = typeof seed === 'number' ? seed + episode : seed?.[episode]
        const start = resetToWire(own === undefined ? rest : { ...rest, seed: own })
        this.#starts[episode] = start
        return ['reset', episode, start]
      })
      try {
        return this.#reply(await this.#call(calls, options))
      } catch (error) {
        // The connection had been dead before, which shows only in use.
        if (reconnected || mask?.includes(false) === true || !this.#channel.lostByPeer) throw error
        await this.#reconnect(mask, options.signal)
        return this.#reply(await this.#call(calls, options))
      }
    }, options.signal)
  }

  step(actions: readonly TAction[], options: CallOptions = {}): Promise<VectorReply<TObservation>> {
    return this.#queue.run(async () => {
      this.#checkAlive()
      const { autoreset } = this.#settings
      this.#requireOneEach('actions', actions)
      // With `same-step` there are some only where the reset failed.
      const over = new Set(autoreset === 'disabled' ? [] : this.#ended())
      const errors = await this.#call(
        actions.map((action, episode): Call =>
          over.has(episode) ? this.#startAgain(episode) : ['step', episode, action],
        ),
        options,
      )
      // A reset in place of a step is worth nothing, rather than unknown.
      for (const episode of over) this.#amend(episode, { reward: 0 })
      if (autoreset !== 'same-step') return this.#reply(errors)
      return this.#renewed(errors, options)
    }, options.signal)
  }

  async close(): Promise<void> {
    const closed = new OpenEnvError('CANCELLED', 'The vector is closed.')
    this.#life.abort(closed)
    void this.#queue.rejectWaiting(closed)
    await this.#channel.close(closed)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /**
   * Opens the episodes on a new connection where the old one is gone. A part of them cannot come back alone.
   *
   * @returns Whether it had to.
   */
  async #reconnect(mask: readonly boolean[] | undefined, signal: AbortSignal | undefined): Promise<boolean> {
    this.#life.signal.throwIfAborted()
    if (this.#channel.failure === null) return false
    if (mask?.includes(false) === true) this.#checkAlive()
    const either = signal === undefined ? this.#life.signal : AbortSignal.any([signal, this.#life.signal])
    for (let attempt = 0; ; attempt += 1) {
      const channel = await dial(this.#settings.plan, either)
      this.#channel = channel
      this.#last.fill(NOTHING as Reply<TObservation>)
      try {
        await this.open(either)
        return true
      } catch (error) {
        const dropped = new OpenEnvError('CONNECTION_ERROR', 'The episodes could not be opened again.', {
          cause: error,
        })
        await channel.close(dropped)
        // The server may still be busy with freeing the slots that we had.
        const full = isOpenEnvError(error) && error.code === 'CAPACITY_REACHED'
        if (!full || attempt >= this.#settings.plan.retries) throw error
      }
      await sleepUnlessAborted(backoffMs(attempt), either)
    }
  }

  #checkAlive(): void {
    this.#life.signal.throwIfAborted()
    const { failure } = this.#channel
    if (failure === null) return
    throw new OpenEnvError(
      'EXECUTION_ERROR',
      `The episodes were lost with their connection: call reset, without a mask, to start others. What happened: ${failure.message}`,
      { http: 409, cause: failure },
    )
  }

  /**
   * As the episode was reset last, with another seed where it had one: seeds go on where those of all episodes ended,
   * so that a whole run follows from the first ones.
   */
  #startAgain(episode: number): Call {
    const start = this.#starts[episode] ?? {}
    const { seed } = start
    const again = typeof seed === 'number' ? { ...start, seed: (seed + this.size) % SEEDS } : start
    this.#starts[episode] = again
    return ['reset', episode, again]
  }

  #requireOneEach(name: string, values: readonly unknown[] | undefined): void {
    if (values === undefined || values.length === this.size) return
    const msg = `Expected one for each of the ${String(this.size)} episodes, not ${String(values.length)}`
    throw new OpenEnvError('VALIDATION_ERROR', `Invalid ${name}: ${msg}.`, {
      issues: [{ type: 'invalid_value', loc: [name], msg }],
    })
  }

  #episodes(): readonly number[] {
    return Array.from(this.#last.keys())
  }

  #ended(): readonly number[] {
    return this.#episodes().filter((episode) => this.#last[episode]?.done === true)
  }

  #amend(episode: number, changes: Partial<Reply<TObservation>>): void {
    const last = this.#last[episode]
    if (last !== undefined) this.#last[episode] = { ...last, ...changes }
  }

  /** Resets what has ended and shows the new beginnings under the rewards and flags of the old ends. */
  async #renewed(
    errors: ReadonlyMap<number, OpenEnvError>,
    options: CallOptions,
  ): Promise<VectorReply<TObservation>> {
    const ended = this.#ended()
    if (ended.length === 0) return this.#reply(errors)
    const finalReplies = new Map(
      ended.map((episode) => [episode, this.#last[episode] as Reply<TObservation>]),
    )
    const late = await this.#call(
      ended.map((episode) => this.#startAgain(episode)),
      options,
    )
    return this.#reply(new Map([...errors, ...late]), finalReplies)
  }

  /** Performs calls and keeps their replies; answers what went wrong, by episode. */
  async #call(calls: readonly Call[], options: CallOptions): Promise<ReadonlyMap<number, OpenEnvError>> {
    const errors = new Map<number, OpenEnvError>()
    if (calls.length === 0) return errors
    const answers = await this.#send(calls, options)
    const { environment, plan } = this.#settings
    for (const [at, answer] of answers.entries()) {
      const episode = calls[at]?.[1] ?? 0
      if (answer instanceof OpenEnvError) {
        errors.set(episode, answer)
        continue
      }
      try {
        const reply = replyFromWire(answer)
        const checked =
          environment === undefined ? reply : checkObservation(reply, environment, plan.url.http)
        this.#last[episode] = checked as Reply<TObservation>
      } catch (error) {
        if (!isOpenEnvError(error)) throw error
        errors.set(episode, error)
      }
    }
    return errors
  }

  /** Sends one batch. The answers stand in the order of the calls: data, or what went wrong. */
  async #send(calls: readonly Call[], options: CallOptions): Promise<readonly unknown[]> {
    const { data } = await this.#channel
      .request({
        name: 'batch',
        text: writeFrame('batch', { calls }),
        answer: 'batch',
        timeoutMs: options.timeoutMs ?? this.#settings.timeoutMs,
        signal: options.signal,
      })
      .catch((error: unknown) => {
        throw knowsNoBatches(error) ? noVector() : error
      })
    const replies = isObject(data) ? data['replies'] : undefined
    if (!Array.isArray(replies) || replies.length !== calls.length) {
      throw new OpenEnvError(
        'CONNECTION_ERROR',
        'The server answered a batch with another number of replies.',
      )
    }
    return replies.map((reply: unknown) => {
      const { type, data: answer } = isObject(reply) ? reply : {}
      return type === 'error' ? errorFromSocket(answer) : answer
    })
  }

  #reply(
    errors: ReadonlyMap<number, OpenEnvError>,
    finalReplies: ReadonlyMap<number, Reply<TObservation>> = new Map(),
  ): VectorReply<TObservation> {
    const episodes = this.#episodes()
    const last = this.#last
    // Rewards and ends belong to the step; after an automatic reset that is the final reply.
    const scored = episodes.map(
      (episode) => finalReplies.get(episode) ?? (last[episode] as Reply<TObservation>),
    )
    return {
      observations: last.map(({ observation }) => observation),
      infos: last.map(({ info }) => info),
      // The reward of an earlier step is not earned again.
      rewards: scored.map(({ reward }, episode) =>
        errors.has(episode) && !finalReplies.has(episode) ? null : reward,
      ),
      terminated: scored.map(({ status }) => status === 'terminated'),
      truncated: scored.map(({ status }) => status === 'truncated'),
      errors: episodes.map((episode) => errors.get(episode) ?? null),
      finalReplies: episodes.map((episode) => finalReplies.get(episode) ?? null),
    }
  }
}

function knowsNoBatches(error: unknown): boolean {
  return error instanceof OpenEnvError && error.code === 'UNKNOWN_TYPE'
}

function noVector(): OpenEnvError {
  return new OpenEnvError('NOT_SUPPORTED', 'This server knows no batches: connect to each episode by itself.')
}
