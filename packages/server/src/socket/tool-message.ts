import { isOpenEnvError, type AgentTools, type AnyEnvironment, type Tool } from '@openenv-ts/core'
import { isObject, listTools, type ToolCall } from '@openenv-ts/core/host'
import { replyToWire, type WireReply } from '@openenv-ts/core/wire'
import type { Host } from '../host.ts'
import { isLargeContent, jsonInTurns } from '../http/json-in-turns.ts'
import { NO_EPISODE_HERE, textOf } from '../mcp/rpc.ts'
import { frame } from './frame.ts'

/**
 * Whether the data of a step is a tool message and not an action: `list_tools`, or a `call_tool` with a name.
 *
 * An action-shaped environment whose own actions have a field `type` keeps it for itself.
 */
export function isToolMessage(
  data: Readonly<Record<string, unknown>>,
  { environment, actionHasKey }: Host,
): boolean {
  const { type, tool_name: name } = data
  if (environment.tools === undefined && actionHasKey('type')) return false
  if (type === 'list_tools') return true
  if (typeof name !== 'string') return false
  return type === 'call_tool' || (type === undefined && environment.tools !== undefined)
}

/**
 * The message that answers a tool message, as text.
 *
 * @param tools - Of the agent's episode; null where it has none.
 */
export async function answerToolMessage(
  data: Readonly<Record<string, unknown>>,
  tools: AgentTools | null,
  environment: AnyEnvironment,
): Promise<string> {
  if (data['type'] === 'list_tools') {
    const listed = tools === null ? listTools(environment) : await tools.listTools()
    return frame('observation', toolListReply(listed))
  }
  const name = String(data['tool_name'])
  const reply = tools === null ? noEpisodeReply(name) : await toolCallReply(tools, name, data['arguments'])
  const { result } = reply.observation as {
    readonly result?: { readonly content?: readonly unknown[] } | null
  }
  const written = await jsonInTurns(reply, isLargeContent(result?.content ?? []))
  return `{"type":"observation","data":${written}}`
}

/** The observation that lists tools; here the schema is spelled `input_schema`. */
function toolListReply(tools: readonly Tool[]): WireReply {
  const listed = tools.map(({ name, description, inputSchema }) => ({
    name,
    description,
    input_schema: inputSchema,
  }))
  return { observation: { metadata: {}, tools: listed }, reward: null, done: false }
}

/** The observation that a tool call gives, failures included: they are the agent's to read. */
async function toolCallReply(tools: AgentTools, name: string, args: unknown): Promise<WireReply> {
  let call: ToolCall
  try {
    call = await tools.act(name, isObject(args) ? args : {})
  } catch (error) {
    if (!isOpenEnvError(error)) throw error
    return failedReply(name, 'execution_error', error.message)
  }
  const { reply, result, failure } = call
  const wire = reply === null ? { reward: null, done: false } : replyToWire(reply)
  const metadata = reply?.info ?? {}
  const about = { metadata, tool_name: name }
  if (result.isError) {
    const error = { error_type: failure ?? 'execution_error', message: textOf(call) }
    return { ...wire, observation: { ...about, result: null, error } }
  }
  const { content, structuredContent, data = null } = result
  const shown = { content, structured_content: structuredContent ?? null, data, is_error: false }
  return { ...wire, observation: { ...about, result: shown, error: null } }
}

/** What an agent without an episode is answered. */
function noEpisodeReply(name: string): WireReply {
  return failedReply(name, 'execution_error', NO_EPISODE_HERE)
}

function failedReply(name: string, failure: string, message: string): WireReply {
  const error = { error_type: failure, message }
  return { observation: { metadata: {}, tool_name: name, result: null, error }, reward: null, done: false }
}
