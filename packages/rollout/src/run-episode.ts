import {
  isOpenEnvError,
  seededRandom,
  type Episode,
  type ErrorCode,
  type Info,
  type Json,
  type JsonSchema,
  type Reply,
  type ResetOptions,
  type Status,
} from '@openenv-ts/core'
import { copyPlainJson } from '@openenv-ts/core/host'
import { jsonCopy } from './canonical-json.ts'
import {
  LimitWatch,
  resolveLimits,
  type LimitName,
  type ResolvedLimits,
  type RolloutLimits,
} from './limits.ts'
import { isInfrastructure, type Failure, type Outcome } from './outcome.ts'
import { STOP, type AnyPolicy, type PastStep, type PolicyContext, type PolicyFunction } from './policy.ts'
import type { StepRecord } from './record.ts'
import { returnOf, scoreOf } from './score.ts'
import { addUsage, type Usage } from './usage.ts'
import { failureOf, deepFailureOf, textOf } from './failure.ts'

/** Options of {@link runEpisode}. */
export interface EpisodeOptions {
  /** What reset is given. The policy's random numbers come from its seed, 0 when there is none. */
  readonly reset?: Omit<ResetOptions, 'signal'>
  readonly actionSchema?: JsonSchema
  readonly description?: string
  readonly limits?: RolloutLimits
  /** Ends the episode as `cancelled`. */
  readonly signal?: AbortSignal
  /** Called when reset was answered. */
  readonly onStart?: () => void
}

/** How an episode went. */
export interface EpisodeResult {
  readonly outcome: Outcome
  readonly status: Status
  /** The counted steps; refused actions are not among them. */
  readonly steps: readonly StepRecord[]
  /** Sum of the rewards. Null after an error, and where no step was scored. */
  readonly return: number | null
  /** The last reply's `info.score`, else the return. Null after an error. */
  readonly score: number | null
  readonly usage: Usage | null
  /** What reset answered; null when it did not. */
  readonly first: { readonly observation: Json; readonly info: Info } | null
  /** Who or what ended it; a limit's name where it was one of the rollout. */
  readonly endedBy: 'environment' | 'policy' | LimitName | 'failure' | 'signal'
  /** What went wrong, when the outcome is an error. */
  readonly failure: Failure | null
  /** Whether the same again, on a fresh episode, may go well. */
  readonly retryable: boolean
}

/**
 * Plays one episode from reset to its end. Never rejects: what goes wrong is the outcome. Does not close the episode.
 *
 * An action that the environment refuses is the policy's mistake: it is told so in `context.error` and asked again.
 */
export async function runEpisode(
  episode: Episode,
  policy: AnyPolicy,
  options: EpisodeOptions = {},
): Promise<EpisodeResult> {
  const limits = resolveLimits(options.limits)
  using watch = new LimitWatch(limits, options.signal)
  const play = new Play(episode, policy, options, limits, watch)
  let ending: Ending
  try {
    ending = await play.toTheEnd()
  } catch (error) {
    ending = play.endingAfter(error)
  }
  return play.result(ending)
}

/** What ended an episode, before it is put into words. */
interface Ending {
  readonly outcome: Outcome
  readonly status: Status
  readonly endedBy: EpisodeResult['endedBy']
  readonly failure?: Failure
  readonly retryable?: boolean
}

/** Codes with which an environment says that the action was no good, and that nothing was counted. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['VALIDATION_ERROR', 'TOO_LARGE', 'INVALID_JSON'])

/** One episode being played. */
class Play {
  readonly #episode: Episode
  readonly #policy: AnyPolicy
  readonly #options: EpisodeOptions
  readonly #limits: ResolvedLimits
  readonly #watch: LimitWatch
  readonly #steps: StepRecord[] = []
  readonly #history: PastStep[] = []
  /** What is being done now: where a failure happened. */
  #during: Failure['during'] = 'reset'
  #first: EpisodeResult['first'] = null
  #last: Reply<unknown> | null = null
  #usage: Usage | null = null

  constructor(
    episode: Episode,
    policy: AnyPolicy,
    options: EpisodeOptions,
    limits: ResolvedLimits,
    watch: LimitWatch,
  ) {
    this.#episode = episode
    this.#policy = policy
    this.#options = options
    this.#limits = limits
    this.#watch = watch
  }

  async toTheEnd(): Promise<Ending> {
    const { signal } = this.#watch
    let reply = await this.#watch.hold(() => this.#episode.reset({ ...this.#options.reset, signal }))
    this.#last = reply
    this.#first = { observation: jsonCopy(reply.observation), info: jsonCopy(reply.info) as Info }
    this.#options.onStart?.()
    let info = reply.info
    const { ask } = await this.#startPolicy()
    let invalidActions = 0
    let error: string | undefined
    while (!reply.done) {
      const limit = this.#watch.reached(this.#steps.length, this.#usage)
      if (limit !== null) return truncated(limit)
      this.#during = 'policy'
      const action = await ask(reply.observation, info, error)
      if (action === STOP) return truncated('policy')
      this.#during = 'step'
      const tried = await this.#step(action)
      if ('refused' in tried) {
        invalidActions += 1
        error = tried.refused.message
        if (invalidActions >= this.#limits.invalidActions) return agentError(invalidActions, tried.refused)
        continue
      }
      reply = tried.reply
      info = { ...info, ...reply.info }
      invalidActions = 0
      error = undefined
    }
    return this.#ended(reply.status)
  }

  /** Makes the function that asks the policy for its next action. */
  async #startPolicy(): Promise<{
    readonly ask: (observation: unknown, info: Info, error: string | undefined) => Promise<unknown>
  }> {
    this.#during = 'policy'
    const fixed = {
      description: this.#options.description ?? '',
      actionSchema: this.#options.actionSchema ?? {},
      random: seededRandom(this.#options.reset?.seed ?? 0, 'policy'),
      signal: this.#watch.signal,
    }
    const policy = this.#policy
    let act: PolicyFunction<unknown, never>
    if (typeof policy === 'function') act = policy
    else if ('act' in policy) act = policy.act.bind(policy)
    else act = await this.#watch.hold(() => policy.start(fixed))
    const ask = (observation: unknown, info: Info, error: string | undefined): Promise<unknown> => {
      const context: PolicyContext = {
        ...fixed,
        info,
        index: this.#steps.length,
        history: this.#history,
        ...(error === undefined ? {} : { error }),
        addUsage: (usage) => {
          this.#usage = addUsage(this.#usage, usage)
        },
      }
      return this.#watch.hold(() => act(observation as never, context as PolicyContext<never>))
    }
    return { ask }
  }

  /** Sends what will be recorded, byte for byte: a copy of the action, so that nobody changes it afterwards. */
  async #step(action: unknown): Promise<{ reply: Reply<unknown> } | { refused: Failure }> {
    let sent: Json
    try {
      sent = copyPlainJson(action, 'action')
    } catch (error) {
      return {
        refused: { during: 'step', code: 'VALIDATION_ERROR', message: `Invalid action. ${textOf(error)}` },
      }
    }
    const { signal } = this.#watch
    let reply: Reply<unknown>
    try {
      reply = await this.#watch.hold(() => this.#episode.step(sent, { signal }))
    } catch (error) {
      if (!isOpenEnvError(error) || !REFUSALS.has(error.code)) throw error
      return { refused: failureOf(error, 'step') }
    }
    const { observation, reward, terms = [], status, info } = reply
    this.#steps.push(jsonCopy({ action: sent, observation, reward, terms, status, info }) as StepRecord)
    this.#history.push({ action: sent, observation, reward, info })
    this.#last = reply
    return { reply }
  }

  /** An environment that ends a task without any grade has not graded it, which is not the same as 0. */
  #ended(status: Status): Ending {
    const graded = scoreOf(this.#last?.info, returnOf(this.#steps)) !== null
    if (status === 'terminated' && !graded) {
      const message = 'The episode ended without a reward or a score.'
      return failed('grader_error', { during: 'end', code: 'NO_GRADE', message }, status)
    }
    return { outcome: 'completed', status, endedBy: 'environment' }
  }

  endingAfter(error: unknown): Ending {
    const status = this.#last?.status ?? 'running'
    if (this.#watch.cancelled) return { outcome: 'cancelled', status, endedBy: 'signal' }
    if (this.#watch.signal.aborted) {
      if (this.#first !== null) return truncated('seconds')
      const message = `Reset took longer than the limit of ${String(this.#limits.seconds)} s.`
      return failed('environment_error', { during: this.#during, code: 'TIMEOUT', message }, status)
    }
    return blame(error, this.#during, status)
  }

  result({ outcome, status, endedBy, failure, retryable = false }: Ending): EpisodeResult {
    const completed = outcome === 'completed'
    const total = completed ? returnOf(this.#steps) : null
    return {
      outcome,
      status,
      steps: this.#steps,
      return: total,
      score: completed ? scoreOf(this.#last?.info, total) : null,
      usage: this.#usage,
      first: this.#first,
      endedBy,
      failure: failure ?? null,
      retryable,
    }
  }
}

/** How an episode ends that could not even be opened. */
export function failedToOpen(error: unknown, signal?: AbortSignal): EpisodeResult {
  const ending: Ending =
    signal?.aborted === true
      ? { outcome: 'cancelled', status: 'running', endedBy: 'signal' }
      : blame(error, 'open', 'running')
  const { outcome, status, endedBy, failure = null, retryable = false } = ending
  const nothing = { steps: [], return: null, score: null, usage: null, first: null }
  return { outcome, status, endedBy, failure, retryable, ...nothing }
}

/** Whose failure it was, by where it happened and what the error says of itself. */
function blame(error: unknown, during: Failure['during'], status: Status): Ending {
  const failure = deepFailureOf(error, during)
  const byPolicy = during === 'policy'
  if (isInfrastructure(error)) {
    // A model's endpoint has been tried as often as its policy wanted.
    return { ...failed('infrastructure_error', failure, status), retryable: !byPolicy }
  }
  if (byPolicy) return failed('agent_error', failure, status)
  // The only way in which an environment can say that its grader failed, and not the rest of it.
  const grading = isOpenEnvError(error) && error.data['part'] === 'grader'
  return failed(grading ? 'grader_error' : 'environment_error', failure, status)
}

function truncated(endedBy: LimitName | 'policy'): Ending {
  return { outcome: 'completed', status: 'truncated', endedBy }
}

function failed(outcome: Outcome, failure: Failure, status: Status): Ending {
  return { outcome, status, endedBy: 'failure', failure }
}

function agentError(invalidActions: number, last: Failure): Ending {
  const message = `${String(invalidActions)} actions in a row were refused. The last: ${last.message}`
  return failed('agent_error', { ...last, message }, 'running')
}
