import { z } from 'zod'
import type {
  CallRecord,
  GivenTask,
  GoldOf,
  ToolContext,
  ToolEnvironmentDefinition,
  WorldScore,
} from './world.ts'
import type { TimeStep, Simulation, StartContext, StepContext } from './environment.ts'
import type { Status } from './episode.ts'
import { isOpenEnvError, OpenEnvError } from './errors.ts'
import { scoredTerm, type RubricTerm, type TermAnswer } from './rubric.ts'
import type { Term, Terms } from './terms.ts'
import { describeIssues, issuesOf } from './issues.ts'
import type { Task } from './task.ts'
import type { Tool } from './tool.ts'
import { toolFailed, toolSucceeded, type ToolAction, type ToolObservation } from './tool-call.ts'

/** A tool made ready. */
export interface WorldTool<TWorld, TTask> {
  readonly tool: Tool
  readonly input: z.ZodType
  readonly run: (world: TWorld, input: unknown, context: ToolContext<TTask>) => unknown
}

/** A definition made ready. */
export interface WorldInside<TWorld, TTask> {
  readonly definition: ToolEnvironmentDefinition<TWorld, TTask, Record<string, unknown>>
  readonly description: string
  readonly tools: ReadonlyMap<string, WorldTool<TWorld, TTask>>
  readonly terms: readonly RubricTerm<WorldScore<TWorld, TTask>>[]
  readonly range: readonly [number, number]
}

/** What `state()` shows of an environment of tools, beside `episodeId` and `stepCount`. */
export const WorldView = z.strictObject({
  task_id: z.string().nullable().describe('Null when the environment has no tasks.'),
  reward: z.number().nullable().describe('Null until it is scored.'),
  terms: z
    .array(z.strictObject({ name: z.string(), value: z.number(), weight: z.number() }))
    .describe('The parts of the reward; empty until it is scored.'),
})

/** Opens a world and asks what to tell the agent. */
export async function startWorld<TWorld, TTask>(
  inside: WorldInside<TWorld, TTask>,
  context: StartContext<TTask>,
): Promise<Simulation<ToolAction, ToolObservation>> {
  const { definition, description } = inside
  const given = givenTask(context.task)
  const world = await definition.open({ ...context, task: given })
  try {
    const prompt = (await definition.prompt?.(world, { task: given })) ?? description
    return new WorldSimulation(inside, { world, task: context.task, given, prompt, calls: [] })
  } catch (error) {
    await Promise.resolve(definition.close?.(world)).catch(() => undefined)
    throw error
  }
}

/** A task without its gold: a copy, so that nothing that holds it leads to the gold. */
function givenTask<TTask>(task: Task<TTask> | null): GivenTask<TTask> {
  if (task === null) return null as GivenTask<TTask>
  const { gold: _gold, ...given } = task.data as TTask & { readonly gold?: unknown }
  return given as GivenTask<TTask>
}

interface Held<TWorld, TTask> {
  readonly world: TWorld
  readonly task: Task<TTask> | null
  readonly given: GivenTask<TTask>
  readonly prompt: string
  readonly calls: CallRecord[]
}

/** A world at work. It changes in place: one object from reset to the end. */
class WorldSimulation<TWorld, TTask> implements Simulation<ToolAction, ToolObservation> {
  readonly #inside: WorldInside<TWorld, TTask>
  readonly #held: Held<TWorld, TTask>
  readonly fork?: () => Promise<WorldSimulation<TWorld, TTask>>
  timeStep: TimeStep<ToolObservation>
  #open = true
  /** Why it can't be scored; every later call fails for the same reason. */
  #failure: OpenEnvError | null = null

  constructor(inside: WorldInside<TWorld, TTask>, held: Held<TWorld, TTask>) {
    this.#inside = inside
    this.#held = held
    this.timeStep = frameOf({ prompt: held.prompt })
    if (inside.definition.fork !== undefined) this.fork = this.#fork
  }

  async step(action: ToolAction, context: StepContext): Promise<this> {
    if (this.#failure !== null) throw this.#failure
    const { tool_name: name, arguments: args } = action
    const { observation, final } = await this.#call(name, args ?? {}, context)
    this.timeStep = final ? await this.#scored(observation, 'terminated', context) : frameOf(observation)
    return this
  }

  async truncate(context: StepContext): Promise<this> {
    this.timeStep = await this.#scored(this.timeStep.observation, 'truncated', context)
    return this
  }

  get broken(): boolean {
    return this.#failure !== null
  }

  /** Without evidence: where agents may ask for the state, that is not for them. */
  view(): z.infer<typeof WorldView> {
    const { reward, terms = [] } = this.timeStep
    return {
      task_id: this.#held.task?.spec.id ?? null,
      reward,
      terms: terms.map(({ name, value, weight }) => ({ name, value, weight })),
    }
  }

  prompt(): string {
    return this.#held.prompt
  }

  async close(): Promise<void> {
    if (!this.#open) return
    this.#open = false
    await this.#inside.definition.close?.(this.#held.world)
  }

  async #call(
    name: string,
    args: Readonly<Record<string, unknown>>,
    context: StepContext,
  ): Promise<{ readonly observation: ToolObservation; readonly final: boolean }> {
    const { tools } = this.#inside
    const { world, given: task, calls } = this.#held
    const known = tools.get(name)
    const over = (
      observation: ToolObservation,
      ok: boolean,
    ): { observation: ToolObservation; final: boolean } => {
      calls.push({ tool: name, arguments: args, ok })
      return { observation, final: ok && known?.tool.final === true }
    }
    if (known === undefined) {
      return over(
        toolFailed(
          name,
          'tool_not_found',
          `Unknown tool: '${name.slice(0, 100)}'. There are: ${[...tools.keys()].join(', ')}.`,
        ),
        false,
      )
    }
    const parsed = known.input.safeParse(args)
    if (!parsed.success) {
      const issues = describeIssues(issuesOf(parsed.error, args), 'arguments')
      return over(toolFailed(name, 'invalid_args', `Invalid arguments: ${issues}.`), false)
    }
    let value: unknown
    try {
      value = await known.run(world, parsed.data, toolContext(context, task))
    } catch (error) {
      // Given up from outside, or failed by its own word: neither is something that the agent did.
      if (context.signal.aborted || isOpenEnvError(error)) throw error
      return over(
        toolFailed(name, 'execution_error', error instanceof Error ? error.message : String(error)),
        false,
      )
    }
    return over(toolSucceeded(name, value), true)
  }

  /** Scores, and closes the world: nothing acts in it any more. */
  async #scored(
    observation: ToolObservation,
    status: Status,
    { signal }: StepContext,
  ): Promise<TimeStep<ToolObservation>> {
    const { terms, range } = this.#inside
    const { world, task, given, calls } = this.#held
    const gold = (task?.data as { readonly gold?: unknown } | undefined)?.gold as GoldOf<TTask>
    const scored: Term[] = []
    let total = 0
    for (const { name, weight, score } of terms) {
      let answer: TermAnswer
      try {
        answer = await score(world, { task: given, gold, calls, signal })
      } catch (cause) {
        throw this.#fail(`The reward term "${name}" could not be scored.`, cause)
      }
      try {
        const term = scoredTerm(name, weight, answer)
        scored.push(term)
        total += term.value * weight
      } catch (cause) {
        throw this.#fail((cause as Error).message, cause)
      }
    }
    // The score stands, whatever becomes of the world.
    await this.close().catch(() => undefined)
    return frameOf(observation, status, Math.min(Math.max(total, range[0]), range[1]), scored)
  }

  #fail(message: string, cause?: unknown): OpenEnvError {
    this.#failure = new OpenEnvError('EXECUTION_ERROR', message, { cause, data: { part: 'grader' } })
    return this.#failure
  }

  async #fork(): Promise<WorldSimulation<TWorld, TTask>> {
    const { definition } = this.#inside
    const { world, calls } = this.#held
    const copy = this.#open ? await definition.fork?.(world) : world
    const twin = new WorldSimulation(this.#inside, {
      ...this.#held,
      world: copy as TWorld,
      calls: [...calls],
    })
    twin.timeStep = this.timeStep
    twin.#open = this.#open
    twin.#failure = this.#failure
    return twin
  }
}

function frameOf(
  observation: ToolObservation,
  status: Status = 'running',
  reward: number | null = null,
  terms?: Terms,
): TimeStep<ToolObservation> {
  const timeStep = { observation, reward, status, info: {} }
  return terms === undefined ? timeStep : { ...timeStep, terms }
}

/** The step's context with the task in it; its stream and signal stay as lazy as they are. */
function toolContext<TTask>(context: StepContext, task: GivenTask<TTask>): ToolContext<TTask> {
  return {
    task,
    index: context.index,
    clock: context.clock,
    progress: context.progress,
    get random() {
      return context.random
    },
    get signal() {
      return context.signal
    },
  }
}
