import type { z } from 'zod'
import type { Clock } from './clock.ts'
import type { Issue } from './errors.ts'
import type { GroupCandidate, GroupContext, GroupScore } from './group.ts'
import type { Progress, Status } from './episode.ts'
import type { Info } from './info.ts'
import type { Json, MaybePromise } from './json.ts'
import type { Random } from './random.ts'
import type { Terms } from './terms.ts'
import type { Task, TaskProvider } from './task.ts'
import type { Tool } from './tool.ts'

/** Limits on an episode, applied in one place: the local episode. Past one of the first two it is truncated. */
export interface EpisodeLimits {
  /** Counted steps. */
  readonly steps?: number
  /** Seconds since reset, looked at after each step. */
  readonly seconds?: number
  /** Seconds that one call may take; past them it fails with TIMEOUT and the episode needs a reset. */
  readonly stepSeconds?: number
}

/** What one moment of a simulation looks like from outside, before it is checked. */
export interface TimeStep<TObservation> {
  readonly observation: TObservation
  readonly reward: number | null
  readonly status: Status
  readonly info: Info
  /** The parts of the reward; their values stand in the reply's info too. */
  readonly terms?: Terms
}

/** What an environment starts from. */
export interface StartContext<TTask = unknown> {
  readonly seed: number
  /** Random numbers for the start: a stream of its own, fixed by the seed. */
  readonly random: Random
  /** Null when the environment has no tasks. */
  readonly task: Task<TTask> | null
  readonly options: Readonly<Record<string, unknown>>
  /** Of those that {@link Environment.secrets} names, the ones that were given. Absent: none were. */
  readonly secrets?: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** What a step may use beside state and action. */
export interface StepContext {
  /** Which step this is, from 1. */
  readonly index: number
  /** Random numbers for this step: a stream of its own, fixed by seed and index, so that replay and fork hold. */
  readonly random: Random
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Tells whoever waits how far this step is; often nobody listens. Never part of the reply. */
  readonly progress: (progress: Progress) => void
}

/**
 * One position in a started run of an environment: what an episode drives, one call at a time, with checked input.
 *
 * `step` answers the next position. A pure environment answers a new object and leaves this one as it was; one
 * that holds something of the world may answer itself, with a new frame.
 */
export interface Simulation<TAction, TObservation> {
  readonly timeStep: TimeStep<TObservation>
  /**
   * True once it can take no further step, whatever its frame says: after a failure, or after a step that was given up
   * and left it in disorder. Absent: it can.
   */
  readonly broken?: boolean
  /**
   * Acts. When it throws, the position stays as it was.
   *
   * `context.signal` is aborted when the step is given up. A simulation that then throws stands as it was. One that
   * goes on is waited for before the next step: what it answers counts if it is this very simulation, and is dropped
   * if it is another one.
   */
  step(action: TAction, context: StepContext): MaybePromise<Simulation<TAction, TObservation>>
  /** Takes an action that broke the schema as a counted step [OE-2]; absent: such actions are refused. */
  invalid?(issues: readonly Issue[], context: StepContext): MaybePromise<Simulation<TAction, TObservation>>
  /**
   * Told that a limit cuts the episode off here: answers the same position with its last frame, for an environment
   * that scores at the end. Its status counts as truncated.
   */
  truncate?(context: StepContext): MaybePromise<Simulation<TAction, TObservation>>
  /** What state() shows beside `episodeId` and `stepCount`. */
  view?(): MaybePromise<Readonly<Record<string, unknown>>>
  /** What the agent is told at the start, in words. */
  prompt?(): MaybePromise<string>
  /** The tools of this very task, where they differ from the environment's. */
  tools?(): readonly Tool[]
  /** The same position, independent from here on. */
  fork?(): MaybePromise<Simulation<TAction, TObservation>>
  /** This position as plain JSON, for `Environment.restore`. */
  snapshot?(): MaybePromise<Json>
  close?(): MaybePromise<void>
}

/**
 * An environment: schemas, tasks and a way to start. `definePureEnvironment` and `defineToolEnvironment` make one; an
 * environment that must do everything itself implements this.
 *
 * @typeParam TAction - Actions after parsing. @typeParam TObservation - Observations. @typeParam TActionInput - Actions as sent.
 */
export interface Environment<
  TAction = unknown,
  TObservation = unknown,
  TActionInput = TAction,
  TTask = unknown,
> {
  /** Lower-case words joined by hyphens. */
  readonly name: string
  readonly description: string
  readonly version: string
  readonly action: z.ZodType<TAction, TActionInput>
  readonly observation: z.ZodType<TObservation>
  /** Shape of what `state()` shows beside `episodeId` and `stepCount`. */
  readonly view?: z.ZodType
  /** Options that reset takes: an object schema. */
  readonly options?: z.ZodType
  readonly tasks?: TaskProvider<TTask>
  /** Names of the secrets that an episode may be started with; no other reaches `start`. */
  readonly secrets?: readonly string[]
  /**
   * The tools of an environment whose actions are tool calls. Absent: it is action-shaped, and its tools derive
   * from the action schema.
   */
  readonly tools?: readonly Tool[]
  /** Names and weights of the reward's terms. */
  readonly rubric: readonly { readonly name: string; readonly weight: number }[]
  /** Bounds of every step's reward. */
  readonly rewardRange?: readonly [number, number]
  readonly limits: EpisodeLimits
  /**
   * Whether equal seeds and actions give equal bytes. What an episode can do beyond that (fork, snapshot) it says
   * itself, with NOT_SUPPORTED.
   */
  readonly deterministic: boolean
  /**
   * Whether an action that breaks the schema is a counted step [OE-2]. Absent: it is refused. This is what an OpenAPI
   * document says; what happens is for each {@link Simulation} to say.
   */
  readonly countsInvalid?: boolean
  /**
   * Whether many sessions may run in one process at a time. False: the server holds one session for it.
   */
  readonly concurrent: boolean
  start(context: StartContext<TTask>): MaybePromise<Simulation<TAction, TObservation>>
  /**
   * Scores several attempts at one task against each other, one score an attempt, in their order. Beside the rewards
   * of episodes, not in place of them; it changes no episode.
   */
  scoreGroup?(
    candidates: readonly GroupCandidate[],
    context: GroupContext<TTask>,
  ): MaybePromise<readonly GroupScore[]>
  /** Goes on from what {@link Simulation.snapshot} gave. A snapshot holds no secrets. */
  restore?(
    state: Json,
    frame: TimeStep<TObservation>,
    context: StartContext<TTask>,
  ): MaybePromise<Simulation<TAction, TObservation>>
}

/** An environment of whatever types, for code that serves or runs any of them. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- A is used in both directions, so unknown would fit none
export type AnyEnvironment = Environment<any, any, any, any>

/** The actions that an environment takes, as sent. */
export type ActionOf<E> =
  E extends Environment<infer _A, infer _O, infer TActionInput, infer _T> ? TActionInput : unknown

/** The observations that an environment gives. */
export type ObservationOf<E> =
  E extends Environment<infer _A, infer TObservation, infer _AI, infer _T> ? TObservation : unknown
