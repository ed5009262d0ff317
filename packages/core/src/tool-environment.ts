import { z } from 'zod'
import { checkDefinition, checkFields } from './definition.ts'
import type { Environment, EpisodeLimits, StartContext, StepContext } from './environment.ts'
import type { JsonSchema, MaybePromise } from './json.ts'
import { checkKeys, keysOf } from './known-keys.ts'
import { termsOf, type TermAnswer } from './rubric.ts'
import { toJsonSchema } from './schema.ts'
import { refuseTransforms, refuseUnknownKeys } from './strictness.ts'
import type { TaskProvider } from './task.ts'
import { RESERVED_TOOL_NAMES, type Tool } from './tool.ts'
import { ToolObservation, toolCallSchema, type ToolAction } from './tool-call.ts'
import { startWorld, WorldView, type WorldInside, type WorldTool } from './tool-world.ts'

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

/** The calls that a tool environment takes, as sent. */
export type ToolCallOf<TInputs extends object> = {
  [K in keyof TInputs & string]: {
    readonly type?: 'call_tool'
    readonly tool_name: K
    readonly arguments: TInputs[K]
  }
}[keyof TInputs & string]

/**
 * Declares an environment that acts on a world by tools. Its actions are OpenEnv's tool calls. `state()` shows which
 * task it is, and, once it is scored, the reward and its terms.
 *
 * @throws TypeError when a tool has a reserved name, or arguments that are no JSON object; for a second tool that takes
 * the agent's last words, or one that takes more than those.
 */
export function defineToolEnvironment<TWorld, TInputs extends object, TTask = undefined>(
  definition: ToolEnvironmentDefinition<TWorld, TTask, TInputs>,
): Environment<ToolAction, ToolObservation, ToolCallOf<TInputs>, TTask> {
  checkFields('defineToolEnvironment', definition, KEYS, {
    ...{ name: 'text', open: 'function', tools: 'object', rubric: 'object' },
  })
  const { name, description = name, version = '0.0.0', tasks, options, rewardRange, limits = {} } = definition
  const inside = insideOf(
    definition as unknown as ToolEnvironmentDefinition<TWorld, TTask, Record<string, unknown>>,
    description,
  )
  const tools = [...inside.tools.values()].map(({ tool }) => tool)
  const action = toolCallSchema(tools)
  checkDefinition({ name, action, observation: ToolObservation, options }, 'tool calls')
  return {
    name,
    description,
    version,
    action: action as unknown as z.ZodType<ToolAction, ToolCallOf<TInputs>>,
    observation: ToolObservation,
    view: WorldView,
    tools,
    ...(options === undefined ? {} : { options }),
    ...(tasks === undefined ? {} : { tasks }),
    ...(rewardRange === undefined ? {} : { rewardRange }),
    rubric: inside.terms.map(({ name: term, weight }) => ({ name: term, weight })),
    limits,
    deterministic: definition.deterministic ?? false,
    concurrent: definition.concurrent ?? true,
    start: (context) => startWorld(inside, context),
  }
}

const KEYS = keysOf<ToolEnvironmentDefinition<unknown, unknown, object>>({
  ...{ name: true, description: true, version: true, tasks: true, options: true, open: true, close: true },
  ...{ tools: true, prompt: true, rubric: true, rewardRange: true, limits: true, fork: true },
  ...{ deterministic: true, concurrent: true },
})
const TOOL_KEYS = ['description', 'input', 'final', 'terminal', 'run'] as const

/** @throws TypeError naming the tool and the part that is misspelled or missing. */
function checkTool(name: string, tool: unknown): void {
  checkKeys(`tools.${name}`, tool, TOOL_KEYS)
  const { description, input, run } = tool as Readonly<Record<string, unknown>>
  if (typeof run !== 'function') throw new TypeError(`\`tools.${name}.run\` must be a function.`)
  if (typeof description !== 'string') throw new TypeError(`\`tools.${name}.description\` must be a text.`)
  if (!(input instanceof z.ZodType)) {
    throw new TypeError(`\`tools.${name}.input\` must be a zod schema of its arguments.`)
  }
}

function insideOf<TWorld, TTask>(
  definition: ToolEnvironmentDefinition<TWorld, TTask, Record<string, unknown>>,
  description: string,
): WorldInside<TWorld, TTask> {
  const tools = Object.entries(definition.tools).map(([name, given]) => {
    checkTool(name, given)
    const input = refuseUnknownKeys(given.input)
    const { description: about, final = false, terminal = false } = given
    const tool: Tool = {
      name,
      description: about,
      inputSchema: inputSchemaOf(name, input),
      ...(final && { final }),
      ...(terminal && { terminal }),
    }
    if (terminal) requireLastWords(tool)
    const made: WorldTool<TWorld, TTask> = {
      tool,
      input,
      run: (world, args, context) => given.run(world, args, context),
    }
    return [name, made] as const
  })
  const terminal = tools.filter(([, { tool }]) => tool.terminal === true).map(([name]) => name)
  if (terminal.length > 1) {
    throw new TypeError(`Only one tool can take the agent's last words, not both ${terminal.join(' and ')}.`)
  }
  const terms = termsOf<WorldScore<TWorld, TTask>>('rubric', definition.rubric)
  const [low = -Infinity, high = Infinity] = definition.rewardRange ?? []
  return { definition, description, tools: new Map(tools), terms, range: [low, high] }
}

/** Whoever calls it has a text and nothing else. */
function requireLastWords({ name, inputSchema }: Tool): void {
  const properties = Object.values(
    (inputSchema['properties'] ?? {}) as Record<string, { readonly type?: unknown }>,
  )
  if (properties.length <= 1 && properties.every(({ type }) => type === 'string')) return
  throw new TypeError(`The tool "${name}" takes the agent's last words: its input is one text, or nothing.`)
}

function inputSchemaOf(name: string, input: z.ZodType): JsonSchema {
  if (RESERVED_TOOL_NAMES.includes(name)) {
    throw new TypeError(
      `A tool cannot be called "${name}": that name belongs to the orchestrator. Rename it.`,
    )
  }
  if (!/^[\w.-]{1,64}$/.test(name)) {
    throw new TypeError(`"${name}" is no name for a tool: use 1 to 64 of A-Z, a-z, 0-9, "_", "." and "-".`)
  }
  refuseTransforms(input, `input of the tool "${name}"`)
  const schema = toJsonSchema(input, 'input', `input of the tool "${name}"`)
  if (schema['type'] === 'object') return schema
  throw new TypeError(`The input of the tool "${name}" must be an object schema: its arguments by name.`)
}
