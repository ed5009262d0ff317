import type { z } from 'zod'
import { systemClock, type Clock } from './clock.ts'
import type {
  AnyEnvironment,
  Environment,
  EpisodeLimits,
  Frame,
  Simulation,
  StepContext,
} from './environment.ts'
import type {
  Episode,
  EpisodeState,
  Info,
  Progress,
  Reply,
  ResetOptions,
  Snapshot,
  Status,
} from './episode.ts'
import { notReady, notSupported, OpenEnvError, toOpenEnvError, type Issue } from './errors.ts'
import { isObject, type Json, type MaybePromise } from './json.ts'
import { seededRandom, type Random } from './random.ts'
import { declaredKeys, describeIssues, issuesOf } from './schema.ts'
import { checkSnapshot } from './snapshot.ts'
import { selectTask, type Task, type TaskSpec } from './task.ts'
import type { Tool } from './tool.ts'

/** Options of {@link openLocal}; every effect that an episode has comes in here. */
export interface LocalOptions {
  readonly clock?: Clock
  /** Narrow the environment's own limits; the smaller of two counts. */
  readonly limits?: EpisodeLimits
  /** Draws the seed of a reset without one: an integer from 0 to 2^53 − 1. */
  readonly drawSeed?: () => number
  /** Makes up the id of an episode that was given none. */
  readonly newEpisodeId?: () => string
}

/** An episode in this process. */
export interface LocalEpisode<A = unknown, O = unknown> extends Episode<A, O> {
  /** Where it stands; `idle` before the first reset. */
  readonly status: Status | 'idle'
  readonly stepCount: number
  /** Whether a call is being worked on, or waits. */
  readonly busy: boolean
  /** What the last call answered; null before the first reset. */
  readonly reply: Reply<O> | null
  /** What the last reset answered; null before it, and after a restore, which does not know. */
  readonly opening: Reply<O> | null
  /** What the environment tells the agent in words; null where it has nothing to say beside the observation. */
  prompt(): Promise<string | null>
  /** Tools of this very task; undefined where they are the environment's. */
  taskTools(): readonly Tool[] | undefined
  /**
   * As `step`, without a promise where nothing has to be waited for: the server's fast path. Throws at once what
   * `step` would reject with.
   *
   * @param action - Any value; it is checked against the schema here.
   * @param onProgress - Told what the step says of its progress, as long as it runs.
   */
  stepNow(
    action: unknown,
    signal?: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): MaybePromise<Reply<O>>
  fork(): Promise<LocalEpisode<A, O>>
}

/** Opens an episode of an environment in this process. Nothing is started before the first reset. */
export function openLocal<A, O, AI, T>(
  environment: Environment<A, O, AI, T>,
  options: LocalOptions = {},
): LocalEpisode<AI, O> {
  return new InProcessEpisode<AI, O>(environment, options)
}

/** What a reset fixed, and where the run stands. One object, replaced as a whole, so that no half of it is stale. */
interface Run {
  readonly episodeId: string
  readonly seed: number
  readonly seedDrawn: boolean
  readonly task: Task<unknown> | null
  readonly options: Readonly<Record<string, unknown>>
  readonly startedAt: number
  readonly opening: Reply<unknown> | null
  simulation: Simulation<unknown, unknown>
  reply: Reply<unknown>
  steps: number
  /** Set when a step was cut off by time: what it left behind is unknown. */
  broken: boolean
}

const INPUT_KEYS_OF = new WeakMap<AnyEnvironment, ReadonlySet<string>>()

class InProcessEpisode<AI, O> implements LocalEpisode<AI, O> {
  readonly #environment: AnyEnvironment
  readonly #options: LocalOptions
  readonly #clock: Clock
  readonly #maxSteps: number
  #run: Run | null = null
  #closed = false
  /** Settles, without failing, when the calls accepted so far are done; null when there are none. */
  #tail: Promise<void> | null = null
  #abort: AbortController | null = null

  constructor(environment: AnyEnvironment, options: LocalOptions) {
    this.#environment = environment
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#maxSteps = Math.min(options.limits?.steps ?? Infinity, environment.limits.steps ?? Infinity)
  }

  get status(): Status | 'idle' {
    return this.#run === null ? 'idle' : this.#run.reply.status
  }

  get stepCount(): number {
    return this.#run?.steps ?? 0
  }

  get busy(): boolean {
    return this.#tail !== null
  }

  get reply(): Reply<O> | null {
    return (this.#run?.reply ?? null) as Reply<O> | null
  }

  get opening(): Reply<O> | null {
    return (this.#run?.opening ?? null) as Reply<O> | null
  }

  prompt(): Promise<string | null> {
    return this.#promised(() =>
      this.#inTurn(async () => {
        const { simulation } = this.#started()
        return (await guarded('prompt', () => simulation.prompt?.())) ?? null
      }),
    )
  }

  taskTools(): readonly Tool[] | undefined {
    return this.#run?.simulation.tools?.()
  }

  reset(options: ResetOptions = {}): Promise<Reply<O>> {
    return this.#promised(() => this.#inTurn(() => this.#reset(options), options.signal))
  }

  step(action: AI, options: { readonly signal?: AbortSignal } = {}): Promise<Reply<O>> {
    return this.#promised(() => this.stepNow(action, options.signal))
  }

  stepNow(
    action: unknown,
    signal?: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): MaybePromise<Reply<O>> {
    if (this.#tail === null) {
      signal?.throwIfAborted()
      const reply = this.#step(action, signal, onProgress)
      return reply instanceof Promise ? this.#hold(reply) : reply
    }
    return this.#inTurn(() => this.#step(action, signal, onProgress), signal)
  }

  state(options: { readonly signal?: AbortSignal } = {}): Promise<EpisodeState> {
    return this.#promised(() => this.#inTurn(() => this.#state(), options.signal))
  }

  fork(): Promise<LocalEpisode<AI, O>> {
    return this.#promised(() =>
      this.#inTurn(async () => {
        const run = this.#started()
        if (run.simulation.fork === undefined) throw notSupported('fork')
        const simulation = await guarded('fork', () => run.simulation.fork?.())
        if (simulation === undefined) throw notSupported('fork')
        const twin = new InProcessEpisode<AI, O>(this.#environment, this.#options)
        twin.#run = { ...run, simulation, episodeId: this.#newId() }
        return twin
      }),
    )
  }

  snapshot(): Promise<Snapshot> {
    return this.#promised(() =>
      this.#inTurn(async () => {
        const run = this.#started()
        if (run.simulation.snapshot === undefined) throw notSupported('snapshot')
        const state = (await guarded('snapshot', () => run.simulation.snapshot?.())) ?? null
        return structuredClone({
          format: 'openenv-ts/snapshot@1' as const,
          environment: { name: this.#environment.name, version: this.#environment.version },
          episodeId: run.episodeId,
          seed: run.seed,
          seedDrawn: run.seedDrawn,
          task: run.task?.spec ?? null,
          stepCount: run.steps,
          elapsedMs: this.#clock.now() - run.startedAt,
          reply: run.reply as Reply<Json>,
          state,
        })
      }),
    )
  }

  restore(snapshot: Snapshot): Promise<Reply<O>> {
    return this.#promised(() => this.#inTurn(() => this.#restore(snapshot)))
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#abort?.abort(new OpenEnvError('CANCELLED', 'The episode was closed.'))
    await this.#tail
    await this.#closeSimulation()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The work's answer as a promise, also where it throws at once. */
  #promised<T>(work: () => MaybePromise<T>): Promise<T> {
    return new Promise((resolve) => {
      resolve(work())
    })
  }

  /** Runs work after all calls accepted before it. */
  #inTurn<T>(work: () => MaybePromise<T>, signal?: AbortSignal): Promise<T> {
    const start = (): MaybePromise<T> => {
      signal?.throwIfAborted()
      if (this.#closed) throw new OpenEnvError('CANCELLED', 'The episode is closed.')
      return work()
    }
    return this.#hold(this.#tail === null ? this.#promised(start) : this.#tail.then(start))
  }

  /** Keeps later calls waiting until this one has settled. */
  #hold<T>(call: Promise<T>): Promise<T> {
    const settled: Promise<void> = call.then(
      () => {
        this.#release(settled)
      },
      () => {
        this.#release(settled)
      },
    )
    this.#tail = settled
    return call
  }

  #release(settled: Promise<void>): void {
    if (this.#tail === settled) this.#tail = null
  }

  #started(): Run {
    const run = this.#run
    if (run === null || run.broken) throw notReady('before reset')
    return run
  }

  #newId(): string {
    return (this.#options.newEpisodeId ?? (() => crypto.randomUUID()))()
  }

  async #reset(options: ResetOptions): Promise<Reply<O>> {
    const request = checkReset(options, this.#environment)
    const seed = options.seed ?? (this.#options.drawSeed ?? drawSeed)()
    const task = await guarded('the task look-up', () =>
      selectTask(this.#environment.tasks, options, options.seed),
    )
    await this.#closeSimulation()
    const start = (signal: AbortSignal): MaybePromise<Simulation<unknown, unknown>> =>
      this.#environment.start({
        seed,
        random: seededRandom(seed, 'start'),
        task,
        options: request.options,
        ...declaredSecrets(options.secrets, this.#environment),
        clock: this.#clock,
        signal,
      })
    const simulation = await this.#limited('reset', options.signal, start, closeQuietly)
    let reply: Reply<O>
    try {
      reply = this.#check(simulation.frame, simulation.frame.status)
    } catch (error) {
      await closeQuietly(simulation)
      throw error
    }
    this.#run = {
      episodeId: options.episodeId ?? this.#newId(),
      seed,
      seedDrawn: options.seed === undefined,
      task,
      options: request.options,
      startedAt: this.#clock.now(),
      opening: reply,
      simulation,
      reply,
      steps: 0,
      broken: false,
    }
    return reply
  }

  /** Ends the run before the next one starts, so that what it held is free again. */
  async #closeSimulation(): Promise<void> {
    const simulation = this.#run?.simulation
    this.#run = null
    if (simulation !== undefined) await closeQuietly(simulation)
  }

  #step(
    action: unknown,
    signal: AbortSignal | undefined,
    onProgress: ((progress: Progress) => void) | undefined,
  ): MaybePromise<Reply<O>> {
    if (this.#closed) throw new OpenEnvError('CANCELLED', 'The episode is closed.')
    const run = this.#started()
    if (run.reply.done) throw notReady('after the end')
    const parsed = this.#parse(action)
    const { simulation } = run
    const index = run.steps + 1
    const step = (context: StepContext): MaybePromise<Simulation<unknown, unknown>> => {
      if ('action' in parsed) return simulation.step(parsed.action, context)
      if (simulation.invalid === undefined) throw invalidAction(parsed.issues)
      return simulation.invalid(parsed.issues, context)
    }
    const context = new LazyStepContext(
      index,
      run.seed,
      this.#clock,
      () => this.#controller().signal,
      onProgress ?? ignore,
    )
    let next: MaybePromise<Simulation<unknown, unknown>>
    try {
      next = step(context)
    } catch (error) {
      throw toOpenEnvError(error, 'step')
    }
    if (!(next instanceof Promise)) return this.#accept(run, next, context, signal)
    const pending = next
    return this.#awaited(run, signal, () => pending).then((reached) =>
      this.#accept(run, reached, context, signal),
    )
  }

  /** Waits for environment code in the middle of a step. */
  async #awaited<T>(run: Run, signal: AbortSignal | undefined, work: () => MaybePromise<T>): Promise<T> {
    const progress = { settled: false }
    const arrival = async (): Promise<T> => {
      try {
        return await work()
      } finally {
        progress.settled = true
      }
    }
    try {
      return await this.#limited('step', signal, arrival)
    } catch (error) {
      // Given up while the environment was still at it: where it stands now nobody knows.
      if (!progress.settled) run.broken = true
      throw error
    }
  }

  #parse(action: unknown): { readonly action: unknown } | { readonly issues: readonly Issue[] } {
    const parsed = this.#environment.action.safeParse(action)
    if (parsed.success) return { action: parsed.data }
    // Python's base Action has a `metadata` field, which its clients send along [OE-3].
    if (isObject(action) && Object.hasOwn(action, 'metadata') && !keysOf(this.#environment).has('metadata')) {
      const { metadata: _dropped, ...rest } = action
      return this.#parse(rest)
    }
    const issues = issuesOf(parsed.error, action)
    if (!isObject(action)) throw invalidAction(issues)
    return { issues }
  }

  /** Applies the limits to the position that a step came to. */
  #accept(
    run: Run,
    reached: Simulation<unknown, unknown>,
    context: StepContext,
    signal: AbortSignal | undefined,
  ): MaybePromise<Reply<O>> {
    const { status } = reached.frame
    const cutOff = status === 'running' && (context.index >= this.#maxSteps || this.#outOfTime(run))
    if (!cutOff) return this.#take(run, reached, status)
    if (reached.truncate === undefined) return this.#take(run, reached, 'truncated')
    return this.#awaited(run, signal, () => reached.truncate?.(context)).then((last) =>
      this.#take(run, last ?? reached, 'truncated'),
    )
  }

  #take(run: Run, simulation: Simulation<unknown, unknown>, status: Status): Reply<O> {
    const reply = this.#check(simulation.frame, status)
    run.simulation = simulation
    run.steps += 1
    run.reply = reply
    return reply
  }

  #outOfTime(run: Run): boolean {
    const own = this.#environment.limits.seconds ?? Infinity
    const given = this.#options.limits?.seconds ?? Infinity
    const limit = Math.min(own, given)
    return limit !== Infinity && this.#clock.now() - run.startedAt >= limit * 1000
  }

  #check(frame: Frame<unknown>, status: Status): Reply<O> {
    const parsed = this.#environment.observation.safeParse(frame.observation)
    if (!parsed.success) {
      throw new OpenEnvError(
        'EXECUTION_ERROR',
        'The environment gave an observation that breaks its own schema.',
        {
          cause: parsed.error,
        },
      )
    }
    const { reward, info, terms } = frame
    if (reward !== null && !Number.isFinite(reward)) {
      throw new OpenEnvError('EXECUTION_ERROR', 'The environment gave a reward that is not a finite number.')
    }
    if (!isFlat(info)) {
      throw new OpenEnvError(
        'EXECUTION_ERROR',
        'The environment gave an info that is not flat: only texts, finite numbers and booleans are.',
      )
    }
    const done = status !== 'running'
    const observation = parsed.data as O
    return terms === undefined
      ? { observation, reward, status, done, info }
      : { observation, reward, status, done, info, terms }
  }

  async #state(): Promise<EpisodeState> {
    const run = this.#run
    if (run === null) return { episode_id: null, step_count: 0 }
    const { view } = this.#environment
    const shown =
      view === undefined ? {} : viewed(view, await guarded('state', () => run.simulation.view?.()))
    return {
      episode_id: run.episodeId,
      step_count: run.steps,
      ...(run.seedDrawn ? { seed: run.seed } : {}),
      ...shown,
    }
  }

  async #restore(snapshot: Snapshot): Promise<Reply<O>> {
    const environment = this.#environment
    checkSnapshot(snapshot, environment)
    if (environment.restore === undefined) throw notSupported('restore')
    const task = await taskOfSnapshot(environment, snapshot.task)
    await this.#closeSimulation()
    const { reply } = structuredClone(snapshot)
    const frame: Frame<unknown> = reply
    const again = (signal: AbortSignal): MaybePromise<Simulation<unknown, unknown>> => {
      if (environment.restore === undefined) throw notSupported('restore')
      return environment.restore(structuredClone(snapshot.state), frame, {
        seed: snapshot.seed,
        random: seededRandom(snapshot.seed, 'start'),
        task,
        options: {},
        clock: this.#clock,
        signal,
      })
    }
    const simulation = await this.#limited('restore', undefined, again, closeQuietly)
    this.#run = {
      episodeId: snapshot.episodeId,
      seed: snapshot.seed,
      seedDrawn: snapshot.seedDrawn,
      task,
      options: {},
      startedAt: this.#clock.now() - snapshot.elapsedMs,
      opening: null,
      simulation,
      reply,
      steps: snapshot.stepCount,
      broken: false,
    }
    return reply as Reply<O>
  }

  #controller(): AbortController {
    this.#abort ??= new AbortController()
    return this.#abort
  }

  /**
   * Runs environment code under the step limit and the caller's signal; whoever gives up first decides.
   *
   * @param late - Gets what the work came to after it had been given up.
   */
  async #limited<T>(
    doing: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => MaybePromise<T>,
    late?: (result: T) => unknown,
  ): Promise<T> {
    signal?.throwIfAborted()
    if (this.#closed) throw new OpenEnvError('CANCELLED', 'The episode was closed.')
    const own = this.#controller()
    const seconds = Math.min(
      this.#environment.limits.stepSeconds ?? Infinity,
      this.#options.limits?.stepSeconds ?? Infinity,
    )
    let stop: (reason: unknown) => void = () => undefined
    const given = new Promise<never>((_resolve, reject) => {
      stop = reject
    })
    const onAbort = (): void => {
      stop(signal?.reason)
      own.abort(signal?.reason)
      this.#abort = null
    }
    const onClose = (): void => {
      stop(own.signal.reason)
    }
    signal?.addEventListener('abort', onAbort, { once: true })
    own.signal.addEventListener('abort', onClose, { once: true })
    const timer =
      seconds === Infinity
        ? undefined
        : setTimeout(() => {
            stop(new OpenEnvError('TIMEOUT', `The ${doing} took longer than ${String(seconds)} s.`))
            own.abort(new OpenEnvError('TIMEOUT', 'The step limit was reached.'))
            this.#abort = null
          }, seconds * 1000)
    const working = guarded(doing, () => work(own.signal))
    try {
      return await Promise.race([working, given])
    } catch (error) {
      working.then(late, () => undefined)
      throw error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      own.signal.removeEventListener('abort', onClose)
    }
  }
}

/** Random stream and signal exist only for environments that look at them. */
class LazyStepContext implements StepContext {
  readonly index: number
  readonly clock: Clock
  readonly progress: (progress: Progress) => void
  readonly #seed: number
  readonly #signal: () => AbortSignal
  #random: Random | undefined

  constructor(
    index: number,
    seed: number,
    clock: Clock,
    signal: () => AbortSignal,
    progress: (progress: Progress) => void,
  ) {
    this.index = index
    this.clock = clock
    this.progress = progress
    this.#seed = seed
    this.#signal = signal
  }

  get random(): Random {
    this.#random ??= seededRandom(this.#seed, 'step', this.index)
    return this.#random
  }

  get signal(): AbortSignal {
    return this.#signal()
  }
}

function ignore(): void {
  // Nobody listens.
}

function invalidAction(issues: readonly Issue[]): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', `Invalid action: ${describeIssues(issues)}.`, { issues })
}

/** The seam to environment code: whatever it throws comes out as an error of the table. */
async function guarded<T>(doing: string, work: () => MaybePromise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toOpenEnvError(error, doing)
  }
}

/** Closing cannot be refused and has no answer; an environment that fails here has nobody left to tell. */
async function closeQuietly(simulation: Simulation<unknown, unknown>): Promise<void> {
  await guarded('close', () => simulation.close?.()).catch(() => undefined)
}

function isFlat(info: Info): boolean {
  for (const key in info) {
    const value: unknown = info[key]
    if (typeof value === 'string' || typeof value === 'boolean') continue
    if (typeof value !== 'number' || !Number.isFinite(value)) return false
  }
  return true
}

/** What the environment shows of its state, as its schema says, sharing nothing with what is inside. */
function viewed(schema: z.ZodType, shown: unknown): object {
  const parsed = schema.safeParse(shown)
  if (parsed.success) return structuredClone(parsed.data) as object
  throw new OpenEnvError('EXECUTION_ERROR', 'The environment gave a state view that breaks its own schema.', {
    cause: parsed.error,
  })
}

function keysOf(environment: AnyEnvironment): ReadonlySet<string> {
  let keys = INPUT_KEYS_OF.get(environment)
  if (keys === undefined) {
    keys = declaredKeys(environment.action)
    INPUT_KEYS_OF.set(environment, keys)
  }
  return keys
}

function drawSeed(): number {
  const [word = 0] = crypto.getRandomValues(new Uint32Array(1))
  return word
}

function checkReset(
  { seed, episodeId, taskId, split, index, taskSpec, options }: ResetOptions,
  environment: AnyEnvironment,
): { readonly options: Readonly<Record<string, unknown>> } {
  const issues: Issue[] = []
  const wrong = (loc: string, msg: string, input: unknown): void => {
    issues.push({ type: 'invalid_value', loc: [loc], msg, input })
  }
  if (seed !== undefined && (!Number.isSafeInteger(seed) || seed < 0)) {
    wrong('seed', 'Expected an integer from 0 to 2^53 - 1', seed)
  }
  if (episodeId !== undefined && (typeof episodeId !== 'string' || episodeId.length > 255)) {
    wrong('episode_id', 'Expected a text of at most 255 characters', undefined)
  }
  if (taskId !== undefined && typeof taskId !== 'string') wrong('task_id', 'Expected a text', taskId)
  if (split !== undefined && typeof split !== 'string') wrong('split', 'Expected a text', split)
  if (taskSpec !== undefined && !isObject(taskSpec)) wrong('task_spec', 'Expected an object', undefined)
  if (index !== undefined && !Number.isSafeInteger(index)) wrong('index', 'Expected an integer', index)
  if (issues.length > 0)
    throw new OpenEnvError('VALIDATION_ERROR', `Invalid reset: ${describeIssues(issues)}.`, { issues })
  if (environment.options === undefined) return { options: {} }
  const parsed = environment.options.safeParse(options ?? {})
  if (parsed.success) return { options: parsed.data as Record<string, unknown> }
  const faults = issuesOf(parsed.error, options ?? {})
  throw new OpenEnvError('VALIDATION_ERROR', `Invalid reset: ${describeIssues(faults)}.`, { issues: faults })
}

/** The secrets that the environment asks for, and no others. */
function declaredSecrets(
  given: ResetOptions['secrets'],
  { secrets: names = [] }: AnyEnvironment,
): { readonly secrets?: Readonly<Record<string, string>> } {
  const declared = Object.entries(given ?? {}).filter(([name]) => names.includes(name))
  return declared.length === 0 ? {} : { secrets: Object.fromEntries(declared) }
}

async function taskOfSnapshot(
  environment: AnyEnvironment,
  spec: TaskSpec | null,
): Promise<Task<unknown> | null> {
  return spec === null ? null : selectTask(environment.tasks, { taskId: spec.id }, undefined)
}
