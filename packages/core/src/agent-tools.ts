import { actionTools, type ActionTool } from './action-tools.ts'
import type { AnyEnvironment } from './environment.ts'
import type { Reply } from './episode.ts'
import type { Info } from './info.ts'
import { isOpenEnvError, type Issue } from './errors.ts'
import { describeIssues } from './issues.ts'
import { isObject } from './json.ts'
import type { LocalEpisode } from './local-episode.ts'
import { toJsonSchema } from './schema.ts'
import type { ContentBlock, Tool, ToolCallOptions, ToolHost, ToolResult } from './tool.ts'

/** A tool call with what it did to the episode: for transports that carry rewards beside results. */
export interface ToolCall {
  readonly result: ToolResult
  /** The step's reply; null when no step was taken. */
  readonly reply: Reply<unknown> | null
  /** Why a failed call failed. */
  readonly failure?: ToolFailure
}

/** The kinds of failure that OpenEnv's tool observations know. */
export type ToolFailure =
  'execution_error' | 'invalid_args' | 'transport_error' | 'tool_not_found' | 'timeout'

/** What an agent may do in one episode: use its tools, and nothing else. */
export interface AgentTools extends ToolHost {
  /** As `callTool`, with the reply of the step that it took. */
  act(name: string, args: unknown, options?: ToolCallOptions): Promise<ToolCall>
  /** What the agent is told at the start: prompt, description and whatever the reset reply said. */
  instructions(): Promise<string>
}

/** Shows the current reply without a step. */
const OBSERVE = 'observe'

/**
 * Seats an agent in an episode. Resetting is not among the things that it can do, by type.
 *
 * A tool-shaped environment offers its tools. An action-shaped one offers `act`, or a tool for each kind of action
 * when the schema is a union told apart by one field; and `observe` [OE-20].
 */
export function agentTools(episode: LocalEpisode, environment: AnyEnvironment): AgentTools {
  const tools =
    environment.tools === undefined
      ? new ActionTools(episode, environment)
      : new OwnTools(episode, environment)
  return tools
}

/** Tools as they can be listed without an episode. */
export function listTools(environment: AnyEnvironment): readonly Tool[] {
  return environment.tools ?? offered(environment, null)
}

abstract class EpisodeTools implements AgentTools {
  protected readonly episode: LocalEpisode
  protected readonly environment: AnyEnvironment

  constructor(episode: LocalEpisode, environment: AnyEnvironment) {
    this.episode = episode
    this.environment = environment
  }

  abstract listTools(): Promise<readonly Tool[]>
  abstract act(name: string, args: unknown, options?: ToolCallOptions): Promise<ToolCall>

  async callTool(name: string, args: unknown, options?: ToolCallOptions): Promise<ToolResult> {
    const { result } = await this.act(name, args, options)
    return result
  }

  async instructions(): Promise<string> {
    const prompt = await this.episode.prompt()
    const facts = factsOf(this.episode.opening).filter((fact) => prompt === null || !saidIn(prompt, fact))
    const parts = [[prompt ?? this.environment.description, ...facts].join('\n')]
    // What a tool environment observes first is the prompt itself.
    const says = prompt === null || this.environment.tools === undefined
    if (says && this.episode.opening !== null) {
      parts.push(`First observation:\n${JSON.stringify(this.episode.opening.observation)}`)
    }
    return parts.join('\n\n')
  }
}

/** Whether a prompt has the text of a fact already. */
function saidIn(prompt: string, fact: string): boolean {
  return prompt.includes(fact.slice(fact.indexOf(': ') + 2))
}

/** Actions that are tool calls already. */
class OwnTools extends EpisodeTools {
  listTools(): Promise<readonly Tool[]> {
    return Promise.resolve(this.episode.taskTools() ?? this.environment.tools ?? [])
  }

  async act(name: string, args: unknown, options?: ToolCallOptions): Promise<ToolCall> {
    const action = { type: 'call_tool', tool_name: name, arguments: args ?? {} }
    const taken = await takeStep(this.episode, action, options)
    if ('failed' in taken) return taken.failed
    const { result, error } = taken.reply.observation as { result?: unknown; error?: unknown }
    if (isObject(error)) {
      const failure = error['error_type'] as ToolFailure
      return { ...failedCall(failure, String(error['message'])), reply: taken.reply }
    }
    return { result: resultOf(result), reply: taken.reply }
  }
}

/** Actions that become tools by their schema. */
class ActionTools extends EpisodeTools {
  listTools(): Promise<readonly Tool[]> {
    return Promise.resolve(offered(this.environment, this.episode.opening))
  }

  async act(name: string, args: unknown, options?: ToolCallOptions): Promise<ToolCall> {
    if (name === OBSERVE) return this.#observe()
    const kind = toolsOf(this.environment).find((tool) => tool.name === name)
    if (kind === undefined) return failedCall('tool_not_found', `Unknown tool: '${name.slice(0, 100)}'`)
    const given = args ?? {}
    if (!isObject(given)) return failedCall('invalid_args', 'The arguments must be a JSON object.')
    const taken = await takeStep(this.episode, kind.actionOf(given), options)
    if ('failed' in taken) return taken.failed
    return { result: resultOfReply(taken.reply, this.episode.opening?.info), reply: taken.reply }
  }

  #observe(): ToolCall {
    const { reply, opening } = this.episode
    if (reply === null) return failedCall('execution_error', 'There is no episode yet.')
    return { result: resultOfReply(reply, opening?.info), reply: null }
  }
}

async function takeStep(
  episode: LocalEpisode,
  action: unknown,
  { signal, onProgress }: ToolCallOptions = {},
): Promise<{ readonly reply: Reply<unknown> } | { readonly failed: ToolCall }> {
  try {
    return { reply: await episode.stepNow(action, signal, onProgress) }
  } catch (error) {
    if (!isOpenEnvError(error)) throw error
    if (error.code === 'VALIDATION_ERROR')
      return { failed: failedCall('invalid_args', explain(error.message, error.issues)) }
    if (error.code === 'TIMEOUT') return { failed: failedCall('timeout', error.message) }
    throw error
  }
}

function explain(message: string, issues: readonly Issue[]): string {
  return issues.length === 0 ? message : `Invalid arguments: ${describeIssues(issues)}.`
}

function failedCall(failure: ToolFailure, message: string): ToolCall {
  return { result: { content: [{ type: 'text', text: message }], isError: true }, reply: null, failure }
}

/** Replies as they are shown: an agent may look again and again, and writing one out takes time. */
const SHOWN = new WeakMap<Reply<unknown>, { readonly told: Info | undefined; readonly result: ToolResult }>()

/** A reply as a tool result; what reset said stays beside what the last step said. */
function resultOfReply(reply: Reply<unknown>, told?: Info): ToolResult {
  const known = SHOWN.get(reply)
  if (known !== undefined && known.told === told) return known.result
  const result = show(reply, told)
  SHOWN.set(reply, { told, result })
  return result
}

function show(reply: Reply<unknown>, told: Info = {}): ToolResult {
  const { observation, reward, done } = reply
  const structuredContent = { observation, reward, done, info: { ...told, ...reply.info } }
  return {
    content: [{ type: 'text', text: JSON.stringify(structuredContent) }],
    structuredContent,
    data: structuredContent,
    isError: false,
  }
}

function resultOf(result: unknown): ToolResult {
  const { content, structured_content: structured, data } = isObject(result) ? result : {}
  return {
    content: (content ?? []) as ContentBlock[],
    ...(isObject(structured) ? { structuredContent: structured } : {}),
    data: data ?? null,
    isError: false,
  }
}

/** What the reset reply says in words, one fact a line; which task it is, is not for agents to act on. */
function factsOf(opening: Reply<unknown> | null): readonly string[] {
  return Object.entries(opening?.info ?? {})
    .filter(([key, value]) => typeof value === 'string' && key !== 'task_id')
    .map(([key, value]) => `${key}: ${String(value)}`)
}

/** Tools of actions, and `observe`, with the environment's description and the facts of the start below each. */
function offered(environment: AnyEnvironment, opening: Reply<unknown> | null): readonly Tool[] {
  const about = [environment.description, ...factsOf(opening)].join('\n')
  const nothing = { type: 'object', properties: {}, additionalProperties: false }
  return [
    ...toolsOf(environment).map(({ name, description, inputSchema }) => ({
      name,
      description: `${description}\n${about}`,
      inputSchema,
    })),
    {
      name: OBSERVE,
      description: `Shows the current observation again; takes no step.\n${about}`,
      inputSchema: nothing,
    },
  ]
}

const TOOLS = new WeakMap<AnyEnvironment, readonly ActionTool[]>()

function toolsOf(environment: AnyEnvironment): readonly ActionTool[] {
  let tools = TOOLS.get(environment)
  if (tools === undefined) {
    tools = actionTools(toJsonSchema(environment.action, 'input', 'action'))
    TOOLS.set(environment, tools)
  }
  return tools
}
