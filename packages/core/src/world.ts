import type { z } from 'zod'
import type { EpisodeLimits, StartContext, StepContext } from './environment.ts'
import type { MaybePromise } from './json.ts'
import type { TermAnswer } from './rubric.ts'
import type { TaskProvider } from './task.ts'

/** What of a task everybody but the rubric sees: all but its `gold`. */
export type GivenTask<TTask> = TTask extends object ? Omit<TTask, 'gold'> : null

/** The `gold` of a task, for the rubric only; undefined where tasks have none. */
export type GoldOf<TTask> = TTask extends { readonly gold: infer G } ? G : undefined

/** What a world is opened for. */
export interface OpenContext<TTask> extends Omit<StartContext, 'task'> {
  /** Null when the environment has no tasks. */
  readonly task: GivenTask<TTask>
}

/** What a tool may use beside the world and its arguments. */
export interface ToolContext<TTask> extends StepContext {
  readonly task: GivenTask<TTask>
}

/** One call that the agent made, and whether it went well. */
export interface CallRecord {
  readonly tool: string
  readonly arguments: Readonly<Record<string, unknown>>
  readonly ok: boolean
}

/** What an episode is scored by. */
export interface ScoreContext<TTask> {
  readonly task: GivenTask<TTask>
  readonly gold: GoldOf<TTask>
  /** Every call of the episode, in order. */
  readonly calls: readonly CallRecord[]
  readonly signal: AbortSignal
}

/**
 * One term of the rubric: a function (weight 1), or one with its weight. It answers a number, a boolean (1 or 0), or
 * `{value, evidence}`: evidence is for orchestrators and the record, and no agent sees it.
 */
export type WorldTerm<TWorld, TTask> =
  WorldScore<TWorld, TTask> | { readonly weight: number; readonly score: WorldScore<TWorld, TTask> }

/** Scores a world once, at the end. */
export type WorldScore<TWorld, TTask> = (
  world: TWorld,
  context: ScoreContext<TTask>,
) => MaybePromise<TermAnswer>

/**
 * An environment that acts on a world of its own: an application, a database, a process.
 *
 * @typeParam TWorld - The world. @typeParam TTask - A row of the tasks. @typeParam TInputs - Arguments of each tool, by its name.
 */
export interface ToolEnvironmentDefinition<TWorld, TTask, TInputs extends object> {
  readonly name: string
  /** What it is about; the name, when not given. */
  readonly description?: string
  /** `0.0.0` when not given. */
  readonly version?: string
  /** Rows; their `gold` reaches nothing but the rubric. */
  readonly tasks?: TaskProvider<TTask>
  readonly options?: z.ZodType
  /** Opens the world that one episode acts in. Write it before `tools`: the world's type is read off it. */
  open(context: OpenContext<NoInfer<TTask>>): MaybePromise<TWorld>
  /** Frees what the world holds: at the end, at the next reset, at close; once. */
  close?(world: NoInfer<TWorld>): MaybePromise<void>
  /**
   * What the agent can do. What `run` throws is the agent's to read, as a failed call; an `OpenEnvError` is not: it
   * says that the environment itself failed. What `run` answers must be JSON.
   */
  readonly tools: {
    readonly [K in keyof TInputs]: {
      readonly description: string
      /** An object schema: the arguments. */
      readonly input: z.ZodType<TInputs[K]>
      /** A call that goes well ends the episode. */
      readonly final?: boolean
      /** A harness calls it with the agent's last words: its input is one text, or nothing. */
      readonly terminal?: boolean
      run(
        world: NoInfer<TWorld>,
        input: NoInfer<TInputs[K]>,
        context: ToolContext<NoInfer<TTask>>,
      ): MaybePromise<unknown>
    }
  }
  /** What the agent is told first; the description, when not given. */
  prompt?(world: NoInfer<TWorld>, context: { readonly task: GivenTask<NoInfer<TTask>> }): MaybePromise<string>
  /** Scored once, when the episode ends by a final tool or by a limit; the reward is null until then. */
  readonly rubric: Readonly<Record<string, WorldTerm<NoInfer<TWorld>, NoInfer<TTask>>>>
  /** The final reward is clipped to it. */
  readonly rewardRange?: readonly [number, number]
  readonly limits?: EpisodeLimits
  /** A copy of the world, independent of it; without it, episodes cannot be forked. */
  fork?(world: NoInfer<TWorld>): MaybePromise<NoInfer<TWorld>>
  /** Whether equal seeds and actions give equal replies; false when not given. */
  readonly deterministic?: boolean
  /** Whether many worlds may be open in one process; true when not given. */
  readonly concurrent?: boolean
}
