import { isOpenEnvError, agentTools, type MaybePromise, type Tool } from '@openenv-ts/core'
import { listTools, type ToolCall } from '@openenv-ts/core/host'
import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { isLargeContent, jsonInTurns } from '../http/json-in-turns.ts'
import type { Host } from '../host.ts'
import { RpcError } from './rpc-error.ts'
import { type RpcReply, type Params, readRequest } from './rpc-message.ts'
import type { RpcSessions } from './rpc-sessions.ts'

/** What a tool call is answered where there is no episode to act in. */
export const NO_EPISODE_HERE =
  'There is no episode here: name one by session_id, or use the URL of an episode.'

/**
 * Answers one JSON-RPC request of OpenEnv's dialect; never throws. Malformed ones get a null id.
 *
 * @param signal - Aborted when the client no longer waits: the call ends, the episode goes on.
 */
export async function answerRpc(
  body: unknown,
  host: Host,
  sessions: RpcSessions,
  signal?: AbortSignal,
): Promise<RpcReply> {
  const request = readRequest(body)
  if ('error' in request) return { jsonrpc: '2.0', id: null, error: request.error }
  const { id, method, params } = request
  try {
    const result = await perform(method, params, host, sessions, signal)
    return { jsonrpc: '2.0', id, result }
  } catch (thrown) {
    if (thrown instanceof RpcError) {
      const { code, message, data } = thrown
      return { jsonrpc: '2.0', id, error: { code, message, data } }
    }
    // The client's own doing: there is nothing to log.
    if (signal?.aborted === true) {
      return { jsonrpc: '2.0', id, error: { code: -32000, message: 'The call was cancelled.', data: null } }
    }
    if (!isOpenEnvError(thrown))
      host.log({ level: 'error', message: 'A JSON-RPC call failed.', cause: thrown })
    return { jsonrpc: '2.0', id, error: errorToJsonRpc(thrown) }
  }
}

async function perform(
  method: string,
  params: Params,
  host: Host,
  sessions: RpcSessions,
  signal?: AbortSignal,
): Promise<Params> {
  switch (method) {
    case 'openenv/session/create':
      return sessions.create()
    case 'openenv/session/close':
      return sessions.close(params)
    case 'tools/list': {
      const session = sessions.session(params)
      const tools =
        session === null
          ? listTools(host.environment)
          : await agentTools(session.episode, host.environment).listTools()
      return { tools: tools.map(rpcTool) }
    }
    case 'tools/call':
      return callTool(params, host, sessions, signal)
    default:
      throw new RpcError(-32601, `Method not found: ${method.slice(0, 100)}`)
  }
}

async function callTool(
  params: Params,
  host: Host,
  sessions: RpcSessions,
  signal: AbortSignal | undefined,
): Promise<Params> {
  const session = sessions.session(params)
  const { name, arguments: args } = params
  if (typeof name !== 'string' || name === '') throw new RpcError(-32602, "Missing 'name' in params")
  if (session === null) {
    throw new RpcError(-32603, NO_EPISODE_HERE)
  }
  let call: ToolCall
  try {
    call = await agentTools(session.episode, host.environment).act(
      name,
      args,
      signal === undefined ? {} : { signal },
    )
  } catch (error) {
    // OpenEnv's clients take any result for a success, so what went wrong has to be an error.
    if (isOpenEnvError(error)) throw new RpcError(-32603, error.message)
    throw error
  }
  const { content, structuredContent, data, isError } = call.result
  if (isError) throw new RpcError(-32603, textOf(call))
  // The value goes out up to three times, and each has its readers: OpenEnv's clients read `data` alone, agents the
  // text, and clients of MCP that came here over a WebSocket or without `Accept` the structured content.
  return {
    content,
    ...(structuredContent === undefined ? {} : { structuredContent }),
    isError,
    data: data ?? null,
  }
}

/** A reply as text. A large one is written in turns. */
export function rpcText(reply: RpcReply): MaybePromise<string> {
  const content = 'result' in reply ? reply.result['content'] : undefined
  return jsonInTurns(reply, Array.isArray(content) && isLargeContent(content))
}

/** What a failed call says. */
export function textOf({ result }: ToolCall): string {
  return result.content.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n')
}

/** A tool under both spellings of its schema: clients of different ages read different ones. */
export function rpcTool({ name, description, inputSchema }: Tool): Params {
  return { name, description, inputSchema, input_schema: inputSchema }
}
