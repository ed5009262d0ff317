import { checkTimeStep, earnedWith, viewed } from './check-time-step.ts'
import { checkReset, declaredSecrets, drawSeed } from './check-reset.ts'
import { systemClock, type Clock } from './clock.ts'
import type { AnyEnvironment, Environment, TimeStep, Simulation, StepContext } from './environment.ts'
import type { EpisodeState, Progress, Reply, ResetOptions, Snapshot, Status } from './episode.ts'
import { isOpenEnvError, notReady, notSupported, OpenEnvError, toOpenEnvError, type Issue } from './errors.ts'
import { checkLimits } from './definition.ts'
import { checkKeys, keysOf } from './known-keys.ts'
import { guarded, Interruptible, LazySignal } from './interruptible.ts'
import { validationError, issuesOf, withFaultsNamed } from './issues.ts'
import { isObject, type Json, type MaybePromise } from './json.ts'
import { seededRandom } from './random.ts'
import { declaredKeys } from './schema.ts'
import { checkSnapshot } from './snapshot.ts'
import { LazyStepContext } from './step-context.ts'
import type { Task, TaskSpec } from './task.ts'
import { selectTask } from './select-task.ts'
import type { Tool } from './tool.ts'
import { promised, SerialQueue } from './serial-queue.ts'
import type { LocalOptions, LocalEpisode } from './local-episode.ts'

/** Opens an episode of an environment in this process. Nothing is started before the first reset. */
export function openLocal<TAction, TObservation, TActionInput, TTask>(
  environment: Environment<TAction, TObservation, TActionInput, TTask>,
  options: LocalOptions = {},
): LocalEpisode<TActionInput, TObservation> {
  checkKeys('the options of openLocal', options, LOCAL_KEYS)
  checkLimits(options.limits)
  return new InProcessEpisode<TActionInput, TObservation>(environment, options)
}

const LOCAL_KEYS = keysOf<LocalOptions>({ clock: true, limits: true, drawSeed: true, newEpisodeId: true })

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
  /** Sum of the rewards; null where nothing was scored yet. */
  earned: number | null
  /** Set when a step took longer than it may: what it left behind is unknown. */
  overdue: boolean
  /** Settles when work that a caller gave up has ended; null where there is none. */
  left: Promise<void> | null
}

const INPUT_KEYS_OF = new WeakMap<AnyEnvironment, ReadonlySet<string>>()

class InProcessEpisode<TActionInput, TObservation> implements LocalEpisode<TActionInput, TObservation> {
  readonly #environment: AnyEnvironment
  readonly #options: LocalOptions
  readonly #clock: Clock
  readonly #maxSteps: number
  readonly #maxMs: number
  #run: Run | null = null
  readonly #queue = new SerialQueue()
  /** What of the environment's own code goes on. */
  readonly #work: Interruptible

  constructor(environment: AnyEnvironment, options: LocalOptions) {
    this.#environment = environment
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const { limits } = environment
    this.#maxSteps = Math.min(options.limits?.steps ?? Infinity, limits.steps ?? Infinity)
    this.#maxMs = Math.min(options.limits?.seconds ?? Infinity, limits.seconds ?? Infinity) * 1000
    this.#work = new Interruptible(
      Math.min(options.limits?.stepSeconds ?? Infinity, limits.stepSeconds ?? Infinity),
    )
  }

  get status(): Status | 'idle' {
    return this.#run === null ? 'idle' : this.#run.reply.status
  }

  get stepCount(): number {
    return this.#run?.steps ?? 0
  }

  get busy(): boolean {
    return this.#queue.busy
  }

  get broken(): boolean {
    const run = this.#run
    return run !== null && (run.overdue || run.simulation.broken === true)
  }

  get reply(): Reply<TObservation> | null {
    return (this.#run?.reply ?? null) as Reply<TObservation> | null
  }

  get opening(): Reply<TObservation> | null {
    return (this.#run?.opening ?? null) as Reply<TObservation> | null
  }

  prompt(): Promise<string | null> {
    return this.#inTurn(async () => {
      const { simulation } = await this.#resting()
      return (await guarded('prompt', () => simulation.prompt?.())) ?? null
    })
  }

  taskTools(): readonly Tool[] | undefined {
    return this.#run?.simulation.tools?.()
  }

  reset(options: ResetOptions = {}): Promise<Reply<TObservation>> {
    return this.#inTurn(() => this.#reset(options), options.signal)
  }

  step(action: TActionInput, options: { readonly signal?: AbortSignal } = {}): Promise<Reply<TObservation>> {
    return promised(() => this.stepNow(action, options.signal))
  }

  stepNow(
    action: unknown,
    signal?: AbortSignal,
    onProgress?: (progress: Progress) => void,
  ): MaybePromise<Reply<TObservation>> {
    if (!this.#queue.busy) {
      signal?.throwIfAborted()
      const reply = this.#step(action, signal, onProgress)
      return reply instanceof Promise ? this.#queue.hold(reply) : reply
    }
    return this.#inTurn(() => this.#step(action, signal, onProgress), signal)
  }

  state(options: { readonly signal?: AbortSignal } = {}): Promise<EpisodeState> {
    return this.#inTurn(() => this.#state(options.signal), options.signal)
  }

  fork(): Promise<LocalEpisode<TActionInput, TObservation>> {
    return this.#inTurn(async () => {
      const run = await this.#resting()
      if (run.simulation.fork === undefined) throw notSupported('fork')
      const simulation = await guarded('fork', () => run.simulation.fork?.())
      if (simulation === undefined) throw notSupported('fork')
      const twin = new InProcessEpisode<TActionInput, TObservation>(this.#environment, this.#options)
      twin.#run = { ...run, simulation, episodeId: this.#newId() }
      return twin
    })
  }

  snapshot(): Promise<Snapshot> {
    return this.#inTurn(async () => {
      const run = await this.#resting()
      if (run.simulation.snapshot === undefined) throw notSupported('snapshot')
      const state = (await guarded('snapshot', () => run.simulation.snapshot?.())) ?? null
      return structuredClone({
        format: 'openenv-ts/snapshot@2' as const,
        environment: { name: this.#environment.name, version: this.#environment.version },
        episodeId: run.episodeId,
        seed: run.seed,
        seedDrawn: run.seedDrawn,
        task: run.task?.spec ?? null,
        stepCount: run.steps,
        elapsedMs: this.#clock.now() - run.startedAt,
        earned: run.earned,
        reply: run.reply as Reply<Json>,
        state,
      })
    })
  }

  restore(snapshot: Snapshot): Promise<Reply<TObservation>> {
    return this.#inTurn(() => this.#restore(snapshot))
  }

  async settled(): Promise<void> {
    await this.#run?.left
  }

  async close(): Promise<void> {
    if (this.#work.closed) return
    this.#work.close()
    await this.#queue.rejectWaiting(new OpenEnvError('CANCELLED', 'The episode was closed.'))
    await this.#closeSimulation()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Runs work after all calls accepted before it. */
  #inTurn<TTask>(work: () => MaybePromise<TTask>, signal?: AbortSignal): Promise<TTask> {
    return this.#queue.run(() => {
      this.#work.throwIfClosed()
      return work()
    }, signal)
  }

  #started(): Run {
    const run = this.#run
    if (run === null || run.overdue) throw notReady('before reset')
    return run
  }

  /** The run, when nothing goes on any more of a step that was given up. */
  async #resting(signal?: AbortSignal): Promise<Run> {
    const { left } = this.#started()
    if (left !== null) await this.#work.until(left, signal)
    return this.#started()
  }

  #newId(): string {
    return (this.#options.newEpisodeId ?? (() => crypto.randomUUID()))()
  }

  /** The task to start. Refusals name their faults, which those of the task routes may not [OE-11]. */
  async #select(options: ResetOptions): Promise<Task<unknown> | null> {
    try {
      return await selectTask(this.#environment.tasks, options, options.seed)
    } catch (thrown) {
      throw isOpenEnvError(thrown) ? withFaultsNamed(thrown) : thrown
    }
  }

  async #reset(options: ResetOptions): Promise<Reply<TObservation>> {
    const request = checkReset(options, this.#environment)
    const seed = options.seed ?? (this.#options.drawSeed ?? drawSeed)()
    const task = await guarded('the task look-up', () => this.#select(options))
    await this.#closeSimulation()
    const stop = new LazySignal()
    const start = (): MaybePromise<Simulation<unknown, unknown>> =>
      this.#environment.start({
        seed,
        random: seededRandom(seed, 'start'),
        task,
        options: request.options,
        ...declaredSecrets(options.secrets, this.#environment),
        clock: this.#clock,
        signal: stop.signal,
      })
    const { signal } = options
    const simulation = await this.#work.run({ doing: 'reset', signal, stop, work: start, late: closeQuietly })
    let reply: Reply<TObservation>
    try {
      reply = checkTimeStep<TObservation>(
        this.#environment,
        simulation.timeStep,
        simulation.timeStep.status,
        {
          taskId: task?.spec.id ?? null,
          earned: null,
        },
      )
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
      earned: null,
      overdue: false,
      left: null,
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
  ): MaybePromise<Reply<TObservation>> {
    this.#work.throwIfClosed()
    const run = this.#started()
    if (run.left !== null) {
      return this.#work.until(run.left, signal).then(() => {
        signal?.throwIfAborted()
        return this.#step(action, signal, onProgress)
      })
    }
    if (run.reply.done) throw notReady('after the end')
    const parsed = this.#parse(action)
    const { simulation } = run
    const index = run.steps + 1
    const step = (context: StepContext): MaybePromise<Simulation<unknown, unknown>> => {
      if ('action' in parsed) return simulation.step(parsed.action, context)
      if (simulation.invalid === undefined) throw validationError('action', parsed.issues)
      return simulation.invalid(parsed.issues, context)
    }
    const context = new LazyStepContext(index, run.seed, this.#clock, onProgress ?? ignore)
    let reply: MaybePromise<Reply<TObservation>>
    let givenUp = false
    try {
      const next = step(context)
      reply =
        next instanceof Promise
          ? next.then((reached) => {
              // Given up, and the position that it was given up in stands as it was: nothing has happened.
              if (givenUp && reached !== simulation) return run.reply as Reply<TObservation>
              return this.#accept(run, reached, context)
            })
          : this.#accept(run, next, context)
    } catch (error) {
      throw toOpenEnvError(error, 'step')
    }
    if (!(reply instanceof Promise)) return reply
    return this.#work.run({
      doing: 'step',
      signal,
      stop: context,
      work: () => reply,
      overdue: () => {
        run.overdue = true
      },
      left: (end) => {
        givenUp = true
        run.left = end.then(() => {
          run.left = null
        })
      },
    })
  }

  #parse(action: unknown): { readonly action: unknown } | { readonly issues: readonly Issue[] } {
    const parsed = this.#environment.action.safeParse(action)
    if (parsed.success) return { action: parsed.data }
    // Python's base Action has a `metadata` field, which its clients send along [OE-3].
    if (
      isObject(action) &&
      Object.hasOwn(action, 'metadata') &&
      !actionKeysOf(this.#environment).has('metadata')
    ) {
      const { metadata: _dropped, ...rest } = action
      return this.#parse(rest)
    }
    const issues = issuesOf(parsed.error, action)
    if (!isObject(action)) throw validationError('action', issues)
    return { issues }
  }

  /** Applies the limits to the position that a step came to. */
  #accept(
    run: Run,
    reached: Simulation<unknown, unknown>,
    context: StepContext,
  ): MaybePromise<Reply<TObservation>> {
    const { status } = reached.timeStep
    const cutOff = status === 'running' && (context.index >= this.#maxSteps || this.#outOfTime(run))
    if (!cutOff) return this.#take(run, reached, status)
    const last = reached.truncate?.(context) ?? reached
    if (!(last instanceof Promise)) return this.#take(run, last, 'truncated')
    return last.then((scored) => this.#take(run, scored, 'truncated'))
  }

  #take(run: Run, simulation: Simulation<unknown, unknown>, status: Status): Reply<TObservation> {
    // Too late: the episode needs a reset already.
    if (run.overdue) return run.reply as Reply<TObservation>
    const { task, earned } = run
    const facts = { taskId: task?.spec.id ?? null, earned }
    const reply = checkTimeStep<TObservation>(this.#environment, simulation.timeStep, status, facts)
    run.simulation = simulation
    run.steps += 1
    run.earned = earnedWith(reply.reward, earned)
    run.reply = reply
    return reply
  }

  #outOfTime(run: Run): boolean {
    return this.#maxMs !== Infinity && this.#clock.now() - run.startedAt >= this.#maxMs
  }

  async #state(signal: AbortSignal | undefined): Promise<EpisodeState> {
    const run = this.#run
    if (run === null) return { episodeId: null, stepCount: 0 }
    if (run.left !== null) await this.#work.until(run.left, signal)
    const { view } = this.#environment
    const shown =
      view === undefined ? {} : viewed(view, await guarded('state', () => run.simulation.view?.()))
    return {
      episodeId: run.episodeId,
      stepCount: run.steps,
      ...(run.seedDrawn ? { seed: run.seed } : {}),
      ...shown,
    }
  }

  async #restore(snapshot: Snapshot): Promise<Reply<TObservation>> {
    const environment = this.#environment
    checkSnapshot(snapshot, environment)
    if (environment.restore === undefined) throw notSupported('restore')
    const task = await taskOfSnapshot(environment, snapshot.task)
    await this.#closeSimulation()
    const { reply } = structuredClone(snapshot)
    const timeStep: TimeStep<unknown> = reply
    const stop = new LazySignal()
    const again = (): MaybePromise<Simulation<unknown, unknown>> => {
      if (environment.restore === undefined) throw notSupported('restore')
      return environment.restore(structuredClone(snapshot.state), timeStep, {
        seed: snapshot.seed,
        random: seededRandom(snapshot.seed, 'start'),
        task,
        options: {},
        clock: this.#clock,
        signal: stop.signal,
      })
    }
    const simulation = await this.#work.run({
      doing: 'restore',
      signal: undefined,
      stop,
      work: again,
      late: closeQuietly,
    })
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
      earned: snapshot.earned,
      overdue: false,
      left: null,
    }
    return reply as Reply<TObservation>
  }
}

function ignore(): void {
  // Nobody listens.
}

/** Closing cannot be refused and has no answer; an environment that fails here has nobody left to tell. */
async function closeQuietly(simulation: Simulation<unknown, unknown>): Promise<void> {
  await guarded('close', () => simulation.close?.()).catch(() => undefined)
}

function actionKeysOf(environment: AnyEnvironment): ReadonlySet<string> {
  let keys = INPUT_KEYS_OF.get(environment)
  if (keys === undefined) {
    keys = declaredKeys(environment.action)
    INPUT_KEYS_OF.set(environment, keys)
  }
  return keys
}

async function taskOfSnapshot(
  environment: AnyEnvironment,
  spec: TaskSpec | null,
): Promise<Task<unknown> | null> {
  return spec === null ? null : selectTask(environment.tasks, { taskId: spec.id }, undefined)
}
