import { z } from 'zod'
import { checkDefinition, checkFields } from './definition.ts'
import type { Environment } from './environment.ts'
import type { JsonSchema } from './json.ts'
import { checkKeys, keysOf } from './known-keys.ts'
import { termsOf } from './rubric.ts'
import { toJsonSchema } from './schema.ts'
import { refuseTransforms, refuseUnknownKeys } from './strictness.ts'
import { RESERVED_TOOL_NAMES, type Tool } from './tool.ts'
import { ToolObservation, toolCallSchema, type ToolAction } from './tool-call.ts'
import { startWorld, WorldView, type WorldInside, type WorldTool } from './tool-world.ts'
import type { WorldScore, ToolEnvironmentDefinition } from './world.ts'

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
