import type { Usage } from './usage.ts'

/** Limits that a rollout sets on an episode, on top of the environment's own. Reaching one truncates it. */
export interface RolloutLimits {
  /** Counted steps; 1,000 when not given, so that an environment without an end has one. */
  readonly steps?: number
  /** Seconds since reset was asked for; it is truncated even in the middle of a call. */
  readonly seconds?: number
  /** Tokens that the policy reported; looked at before each action. */
  readonly tokens?: number
  /** Refused actions in a row after which the episode is an `agent_error`; 3 when not given. */
  readonly invalidActions?: number
}

/** The limits that truncate. */
export type LimitName = 'steps' | 'seconds' | 'tokens'

/** Limits with their defaults filled in. */
export type ResolvedLimits = Required<RolloutLimits>

/**
 * Fills in defaults.
 *
 * @param ownSteps - Steps after which the environment ends by itself; no default of ours cuts that short.
 * @throws RangeError naming the limit that is not above zero.
 */
export function resolveLimits(limits: RolloutLimits = {}, ownSteps?: number): ResolvedLimits {
  const {
    steps = Math.max(1000, ownSteps ?? 0),
    seconds = Infinity,
    tokens = Infinity,
    invalidActions: invalidActions = 3,
  } = limits
  for (const [name, value] of Object.entries({ steps, tokens, invalidActions })) {
    if (value !== Infinity && (!Number.isSafeInteger(value) || value < 1)) {
      throw new RangeError(`The limit "${name}" is a whole number from 1, not ${String(value)}.`)
    }
  }
  if (!(seconds > 0)) throw new RangeError(`The limit "seconds" is above 0, not ${String(seconds)}.`)
  return { steps, seconds, tokens, invalidActions: invalidActions }
}

const MAX_TIMER_MS = 2 ** 31 - 1

/** Watches one episode's limits: the only place that says that one was reached. */
export class LimitWatch implements Disposable {
  /** Aborted by the caller's signal and by the limit on time. */
  readonly signal: AbortSignal
  readonly #limits: ResolvedLimits
  readonly #caller: AbortSignal | undefined
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined

  constructor(limits: ResolvedLimits, caller?: AbortSignal) {
    this.#limits = limits
    this.#caller = caller
    this.signal = this.#controller.signal
    caller?.addEventListener('abort', this.#onCaller, { once: true })
    if (caller?.aborted === true) this.#onCaller()
    const milliseconds = limits.seconds * 1000
    if (milliseconds > MAX_TIMER_MS) return
    this.#timer = setTimeout(() => {
      this.#controller.abort(new Error(`The limit of ${String(limits.seconds)} s was reached.`))
    }, milliseconds)
  }

  readonly #onCaller = (): void => {
    this.#controller.abort(this.#caller?.reason)
  }

  /** Whether the caller gave up, rather than a limit being reached. */
  get cancelled(): boolean {
    return this.#caller?.aborted === true
  }

  /** The limit that was reached after so much, if any. */
  reached(steps: number, usage: Usage | null): LimitName | null {
    if (this.signal.aborted && !this.cancelled) return 'seconds'
    if (steps >= this.#limits.steps) return 'steps'
    if ((usage?.total_tokens ?? 0) >= this.#limits.tokens) return 'tokens'
    return null
  }

  /** Waits for work, but not longer than until the signal; rejects with its reason then. */
  async hold<T>(work: () => T | Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    let onAbort: () => void = () => undefined
    const given = new Promise<never>((_resolve, reject) => {
      onAbort = () => {
        reject(this.signal.reason as Error)
      }
    })
    this.signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await Promise.race([Promise.resolve().then(work), given])
    } finally {
      this.signal.removeEventListener('abort', onAbort)
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#caller?.removeEventListener('abort', this.#onCaller)
  }
}
