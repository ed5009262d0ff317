import { manualClock } from '../clock.ts'
import type { AnyEnvironment } from '../environment.ts'
import type { Episode, EpisodeState, Reply, ResetOptions } from '../episode.ts'
import { isOpenEnvError } from '../errors.ts'
import { openLocal } from '../local.ts'
import type { LocalEpisode, LocalOptions } from '../local-episode.ts'
import { seededRandom, type Random } from '../random.ts'
import { describeIssues, issuesOf } from '../issues.ts'
import { differenceOf, preview } from './compare.ts'
import { Findings, type Promised } from './findings.ts'
import { sampleAction } from './sample-actions.ts'
import { watched } from './watch.ts'

/** Options of {@link checkEnvironment}. */
export interface CheckOptions {
  /** By default 0, 1 and 42. */
  readonly seeds?: readonly number[]
  /** Ids; by default the first two of every split, six at most. */
  readonly tasks?: readonly string[]
  /** How many steps an episode is played; by default 30. */
  readonly steps?: number
  /** Episodes must end by themselves within so many steps. By default they need not. */
  readonly endsWithin?: number
  /** Acts; by default with a random action made from the schema, which may not come far. */
  readonly act?: (observation: unknown, random: Random) => unknown
  /** The environment's own reset options. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Texts that must reach no agent while it works on a task: its gold data. */
  readonly gold?: (taskId: string) => readonly string[]
}

/** What an episode starts from. */
export interface Start {
  readonly seed: number
  /** Null where the environment has no tasks. */
  readonly task: string | null
}

/** An episode as it was played; `states` has one more than `actions`, the one after reset. */
export interface Trace {
  readonly start: Start
  readonly actions: readonly unknown[]
  readonly replies: readonly Reply<unknown>[]
  readonly states: readonly EpisodeState[]
}

/** What the promises are tested with: an environment under watch, and ways to play it. */
export class Bench {
  readonly environment: AnyEnvironment
  readonly options: CheckOptions
  readonly findings = new Findings()
  readonly steps: number
  readonly #watched: AnyEnvironment
  #clocks = 0

  constructor(environment: AnyEnvironment, options: CheckOptions) {
    this.environment = environment
    this.options = options
    this.steps = Math.max(options.steps ?? 30, (options.endsWithin ?? 0) + 1)
    this.#watched = watched(environment, this.findings)
  }

  /** An episode whose ids can be compared, at a time of its own: nothing that is shown may depend on the time. */
  open(options: LocalOptions = {}): LocalEpisode {
    this.#clocks += 1
    this.findings.episodes += 1
    const clock = manualClock(Date.UTC(2026, 0, this.#clocks))
    return openLocal(this.#watched, { clock, newEpisodeId: () => 'episode', ...options })
  }

  resetOptions({ seed, task }: Start): ResetOptions {
    return {
      seed,
      ...(task === null ? {} : { taskId: task }),
      ...(this.options.options === undefined ? {} : { options: this.options.options }),
    }
  }

  /** Says where the episode under test is, for what is found there. */
  at(start: Start, step?: number): void {
    this.findings.where = step === undefined ? start : { ...start, step }
  }

  async reset(episode: Episode, start: Start): Promise<Reply<unknown>> {
    this.at(start, 0)
    return episode.reset(this.resetOptions(start))
  }

  /** Plays with actions of its own; null when not even the reset worked. What fails is a finding. */
  async record(start: Start): Promise<Trace | null> {
    await using episode = this.open()
    const random = seededRandom(start.seed, 'check', start.task ?? '')
    const actions: unknown[] = []
    const replies: Reply<unknown>[] = []
    const states: EpisodeState[] = []
    try {
      replies.push(recorded(await this.reset(episode, start)))
      states.push(await episode.state())
    } catch (error) {
      this.#failed('The reset', undefined, error)
      return null
    }
    while (actions.length < this.steps && replies.at(-1)?.done !== true) {
      const step = actions.length + 1
      this.at(start, step)
      const action = this.#act(replies.at(-1)?.observation, random.split(step))
      if (action === undefined) break
      try {
        const reply = await episode.step(action)
        const state = await episode.state()
        this.findings.steps += 1
        actions.push(action)
        replies.push(recorded(reply))
        states.push(state)
      } catch (error) {
        this.#failed('The step', action, error)
        break
      }
    }
    return { start, actions, replies, states }
  }

  #act(observation: unknown, random: Random): unknown {
    this.findings.tested('actions')
    try {
      const action = this.options.act?.(observation, random) ?? sampleAction(this.environment, random)
      const parsed = this.environment.action.safeParse(action)
      if (parsed.success) return action
      const issues = describeIssues(issuesOf(parsed.error, action))
      this.findings.broken(
        'actions',
        `No action made from its JSON Schema is accepted: ${issues}. Give \`act\`.`,
      )
    } catch (error) {
      this.findings.broken(
        'actions',
        `No action can be made from its JSON Schema: ${causesOf(error)} Give \`act\`.`,
      )
    }
    return undefined
  }

  #failed(what: string, action: unknown, error: unknown): void {
    // A frame that breaks a schema was found and named already, where it came from.
    if (
      isOpenEnvError(error) &&
      error.code === 'EXECUTION_ERROR' &&
      /^The environment gave /.test(error.message)
    )
      return
    const expected = 'a reply'
    const message = `${what} fails on legal input: ${causesOf(error)}`
    this.findings.broken('actions', message, expected, action === undefined ? 'an error' : action)
  }

  /** Plays recorded actions from where an episode is, and compares each reply with the recorded one. */
  async follow(promise: Promised, what: string, episode: Episode, trace: Trace, from = 0): Promise<boolean> {
    for (let index = from; index < trace.actions.length; index += 1) {
      this.at(trace.start, index + 1)
      const reply = await episode.step(trace.actions[index])
      if (!this.same(promise, `${what}: the reply`, trace.replies[index + 1], reply)) return false
    }
    return this.same(promise, `${what}: the state`, trace.states.at(-1), await episode.state())
  }

  /** Finds fault unless two values are the same bytes. */
  same(promise: Promised, what: string, expected: unknown, received: unknown): boolean {
    this.findings.tested(promise)
    if (JSON.stringify(expected) === JSON.stringify(received)) return true
    const place = differenceOf(expected, received)
    const difference =
      place === null ? 'has its keys in another order' : `differs${place === '' ? '' : ` at ${place}`}`
    this.findings.broken(promise, `${what} ${difference}.`, pick(expected, place), pick(received, place))
    return false
  }

  /** Tests a promise; what fails on the way is a broken promise too. */
  async test(promise: Promised, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.findings.broken(promise, `It could not be tested to its end: ${causesOf(error)}`)
    }
  }
}

/** What a call fails with; throws when it does not fail. */
export async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol('nothing')
  const error = await call.then(
    () => nothing,
    (thrown: unknown) => thrown,
  )
  return error === nothing ? null : error
}

/** An error and what is behind it, in words: the person who reads it wrote what failed. */
export function causesOf(error: unknown): string {
  const texts: string[] = []
  for (
    let cause = error;
    cause !== undefined && texts.length < 4;
    cause = cause instanceof Error ? cause.cause : undefined
  ) {
    texts.push(cause instanceof Error ? `${cause.name}: ${cause.message}` : preview(cause))
  }
  return texts.join(' Cause: ')
}

/** A copy, so that what is changed later shows against it. */
function recorded<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

function pick(value: unknown, place: string | null): unknown {
  if (place === null || place === '') return value
  const steps = place.split('.')
  return steps.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[key] : inner,
    value,
  )
}
