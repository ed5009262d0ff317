import type { z } from 'zod'
import type {
  Environment,
  EpisodeLimits,
  TimeStep,
  Simulation,
  StartContext,
  StepContext,
} from './environment.ts'
import type { Status } from './episode.ts'
import type { Info } from './info.ts'
import { OpenEnvError, type Issue } from './errors.ts'
import type { DeepReadonly, Json } from './json.ts'
import { checkDefinition, checkFields } from './definition.ts'
import { checkKeys, keysOf } from './known-keys.ts'
import { createRubric, type RewardTerm, type Rubric } from './rubric.ts'
import type { Terms } from './terms.ts'
import { describeIssues } from './issues.ts'
import { refuseUnknownKeys } from './strictness.ts'
import type { TaskProvider } from './task.ts'

/** What led to a state: the argument of reward terms and of `info`. */
export interface PureStep<TState, TAction> {
  /** Which step, from 1; 0 for the start. */
  readonly index: number
  /** The state acted in; null at the start. */
  readonly before: TState | null
  /** Null at the start and for an action that broke the schema. */
  readonly action: TAction | null
}

/** A {@link PureStep} after scoring. */
export interface ScoredStep<TState, TAction> extends PureStep<TState, TAction> {
  /** Null at the start. */
  readonly reward: number | null
  readonly terms: Terms
}

/**
 * An environment as pure functions of an explicit, serialisable state.
 *
 * @typeParam TAction - Actions after parsing. @typeParam TActionInput - Actions as sent. @typeParam TObservation - Observations.
 * @typeParam TState - The state. @typeParam TTask - A task's data. @typeParam TView - What `state()` shows.
 */
export interface PureDefinition<TAction, TActionInput, TObservation, TState, TTask, TView> {
  readonly name: string
  readonly description: string
  /** `0.0.0` when not given. */
  readonly version?: string
  readonly action: z.ZodType<TAction, TActionInput>
  readonly observation: z.ZodType<TObservation>
  /** Plain JSON. It leaves the process only in snapshots, and may hold what agents must not see. */
  readonly state: z.ZodType<TState>
  readonly tasks?: TaskProvider<TTask>
  readonly options?: z.ZodType
  readonly limits?: EpisodeLimits
  /** Every reward is clipped to it; the terms are kept as they are. */
  readonly rewardRange?: readonly [number, number]

  initial(context: StartContext<NoInfer<TTask>>): NoInfer<DeepReadonly<TState>>
  /** The state after an action. Same arguments, same answer. */
  transition(
    state: NoInfer<DeepReadonly<TState>>,
    action: NoInfer<DeepReadonly<TAction>>,
    context: Pick<StepContext, 'index' | 'random'>,
  ): NoInfer<DeepReadonly<TState>>
  observe(state: NoInfer<DeepReadonly<TState>>): NoInfer<DeepReadonly<TObservation>>
  /**
   * Terms by name; a step's reward is their weighted sum. `{}` is the reward 0. A term may answer what its value rests on
   * as `{value, evidence}`.
   */
  readonly reward: Readonly<
    Record<
      string,
      RewardTerm<
        [
          NoInfer<DeepReadonly<TState>>,
          PureStep<NoInfer<DeepReadonly<TState>>, NoInfer<DeepReadonly<TAction>>>,
        ]
      >
    >
  >
  status(state: NoInfer<DeepReadonly<TState>>): Status

  /** Flat facts beside the observation; agents read them. */
  info?(
    state: NoInfer<DeepReadonly<TState>>,
    step: ScoredStep<NoInfer<DeepReadonly<TState>>, NoInfer<DeepReadonly<TAction>>>,
  ): Info
  /**
   * With it, an action that breaks the schema is a counted step: reward 0, `info.error`, and the state that this
   * answers. Without it such an action is refused and not counted.
   */
  invalid?(state: NoInfer<DeepReadonly<TState>>, issues: readonly Issue[]): NoInfer<DeepReadonly<TState>>
  /** What `state()` shows beside `episodeId` and `stepCount`. */
  readonly view?: {
    readonly schema: z.ZodType<TView>
    of(state: NoInfer<DeepReadonly<TState>>): NoInfer<DeepReadonly<TView>>
  }
  /** What the agent is told beside the observation. */
  prompt?(state: NoInfer<DeepReadonly<TState>>): string
  /** The state as text for a person. */
  render?(state: NoInfer<DeepReadonly<TState>>): string
}

/** An environment made of pure functions; the definition stays reachable for tools that look inside. */
export interface PureEnvironment<
  TAction,
  TActionInput,
  TObservation,
  TState,
  TTask,
  TView,
> extends Environment<TAction, TObservation, TActionInput, TTask> {
  readonly definition: PureDefinition<TAction, TActionInput, TObservation, TState, TTask, TView>
}

/**
 * Declares an environment by pure functions of explicit state. Seeding, replay, fork, snapshot and restore follow.
 *
 * @throws TypeError when a schema has no JSON Schema, or declares a name that the wire uses itself.
 */
export function definePureEnvironment<
  const TAction,
  TActionInput,
  const TObservation,
  const TState,
  TTask = undefined,
  TView = Record<string, never>,
>(
  definition: PureDefinition<TAction, TActionInput, TObservation, TState, TTask, TView>,
): PureEnvironment<TAction, TActionInput, TObservation, TState, TTask, TView> {
  checkFields('definePureEnvironment', definition, KEYS, {
    ...{ name: 'text', description: 'text', action: 'schema', observation: 'schema', state: 'schema' },
    ...{ initial: 'function', transition: 'function', observe: 'function', status: 'function' },
    reward: 'object',
  })
  if (definition.view !== undefined) checkKeys('view', definition.view, ['schema', 'of'])
  const { name, description, version = '0.0.0', tasks, options, rewardRange, limits = {}, view } = definition
  const action = refuseUnknownKeys(definition.action)
  const observation = refuseUnknownKeys(definition.observation)
  checkDefinition({ name, action, observation, state: definition.state, view: view?.schema, options })
  type Inner = PureInside<TAction, TObservation, TState>
  const rubric = createRubric(definition.reward, rewardRange)
  const inside = { definition, rubric } as unknown as Inner
  return {
    definition,
    name,
    description,
    version,
    action,
    observation,
    ...(view === undefined ? {} : { view: refuseUnknownKeys(view.schema) }),
    ...(options === undefined ? {} : { options }),
    ...(tasks === undefined ? {} : { tasks }),
    ...(rewardRange === undefined ? {} : { rewardRange }),
    rubric: rubric.terms,
    limits,
    deterministic: true,
    ...(definition.invalid === undefined ? {} : { countsInvalid: true }),
    concurrent: true,
    start: (context) => {
      const state = definition.initial(context) as TState
      return new PureSimulation(inside, state, openingFrame(inside, state))
    },
    restore: (snapshot, timeStep) => {
      const parsed = definition.state.safeParse(snapshot)
      if (!parsed.success) {
        throw new OpenEnvError('VALIDATION_ERROR', 'The state in the snapshot breaks the schema.', {
          cause: parsed.error,
        })
      }
      return new PureSimulation(inside, parsed.data, timeStep)
    },
  }
}

const KEYS = keysOf<PureDefinition<unknown, unknown, unknown, unknown, unknown, unknown>>({
  ...{ name: true, description: true, version: true, action: true, observation: true, state: true },
  ...{ tasks: true, options: true, limits: true, rewardRange: true, initial: true, transition: true },
  ...{ observe: true, reward: true, status: true, info: true, invalid: true, view: true },
  ...{ prompt: true, render: true },
})

/** The definition with its phantom types gone: inside, state and action are just S and A. */
interface PureInside<TAction, TObservation, TState> {
  readonly rubric: Rubric<[TState, PureStep<TState, TAction>]>
  readonly definition: {
    transition(state: TState, action: TAction, context: StepContext): TState
    observe(state: TState): TObservation
    status(state: TState): Status
    readonly info?: (state: TState, step: ScoredStep<TState, TAction>) => Info
    readonly invalid?: (state: TState, issues: readonly Issue[]) => TState
    readonly view?: { of(state: TState): Readonly<Record<string, unknown>> }
    readonly prompt?: (state: TState) => string
  }
}

const NO_INFO: Info = Object.freeze({})
const NO_TERMS: Terms = Object.freeze([])

function openingFrame<TAction, TObservation, TState>(
  { definition }: PureInside<TAction, TObservation, TState>,
  state: TState,
): TimeStep<TObservation> {
  const step = { index: 0, before: null, action: null, reward: null, terms: NO_TERMS }
  return {
    observation: definition.observe(state),
    reward: null,
    status: definition.status(state),
    info: definition.info?.(state, step) ?? NO_INFO,
  }
}

/** Says, of what a reward term threw, that it was the grading that failed: nothing else is wrong with the episode. */
function graded<T>(score: () => T): T {
  try {
    return score()
  } catch (cause) {
    throw new OpenEnvError('EXECUTION_ERROR', 'The environment failed to grade the step.', {
      cause,
      data: { part: 'grader' },
    })
  }
}

/** One state and the time step that it shows. Never changes; a step makes the next one. */
class PureSimulation<TAction, TObservation, TState> implements Simulation<TAction, TObservation> {
  readonly #inside: PureInside<TAction, TObservation, TState>
  readonly #state: TState
  readonly timeStep: TimeStep<TObservation>
  readonly invalid?: (
    issues: readonly Issue[],
    context: StepContext,
  ) => PureSimulation<TAction, TObservation, TState>
  readonly prompt?: () => string

  constructor(
    inside: PureInside<TAction, TObservation, TState>,
    state: TState,
    timeStep: TimeStep<TObservation>,
  ) {
    this.#inside = inside
    this.#state = state
    this.timeStep = timeStep
    const { invalid, prompt } = inside.definition
    if (invalid !== undefined) this.invalid = this.#invalid
    if (prompt !== undefined) this.prompt = this.#prompt
  }

  step(action: TAction, context: StepContext): PureSimulation<TAction, TObservation, TState> {
    const { definition, rubric } = this.#inside
    const before = this.#state
    const state = definition.transition(before, action, context)
    const step = { index: context.index, before, action }
    const { total, terms } = graded(() => rubric.score(state, step))
    const info = definition.info?.(state, { ...step, reward: total, terms }) ?? NO_INFO
    return this.#next(state, { reward: total, terms, info })
  }

  #invalid(issues: readonly Issue[], context: StepContext): PureSimulation<TAction, TObservation, TState> {
    const { definition, rubric } = this.#inside
    const before = this.#state
    const terms = rubric.terms.map((term) => ({ ...term, value: 0 }))
    const state = definition.invalid?.(before, issues) ?? before
    const step = { index: context.index, before, action: null, reward: 0, terms }
    const info = { ...definition.info?.(state, step), error: `Invalid action: ${describeIssues(issues)}.` }
    return this.#next(state, { reward: 0, terms, info })
  }

  #next(
    state: TState,
    scored: { reward: number; terms: Terms; info: Info },
  ): PureSimulation<TAction, TObservation, TState> {
    const { definition } = this.#inside
    return new PureSimulation(this.#inside, state, {
      observation: definition.observe(state),
      status: definition.status(state),
      reward: scored.reward,
      terms: scored.terms,
      info: scored.info,
    })
  }

  #prompt(): string {
    return this.#inside.definition.prompt?.(this.#state) ?? ''
  }

  view(): Readonly<Record<string, unknown>> {
    return this.#inside.definition.view?.of(this.#state) ?? {}
  }

  fork(): this {
    return this
  }

  snapshot(): Json {
    return this.#state as Json
  }
}
