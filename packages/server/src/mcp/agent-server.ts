import { isOpenEnvError, agentTools, type AgentTools, type Tool } from '@openenv-ts/core'
import { listTools, type Progress, type ToolCall } from '@openenv-ts/core/host'
import type * as ServerSdk from '@modelcontextprotocol/server'
import type { CallToolResult, McpServer, ServerContext, Tool as McpTool } from '@modelcontextprotocol/server'
import { isLargeContent } from '../http/json-in-turns.ts'
import { yieldToEventLoop } from '../limits/time-slice.ts'
import { logFailure } from '../log-failure.ts'
import type { Host } from '../host.ts'
import type { Session } from '../sessions/session.ts'

/** MCP's SDK: seven megabytes that only MCP needs, so it is loaded with the first MCP request. */
export type Sdk = typeof ServerSdk

/**
 * A server of MCP for the agent of one episode: its tools, and nothing else.
 *
 * @param session - Null for a caller that has no episode: tools can be listed, and calling one says so.
 * @param instructions - What the agent is told first.
 * @param called - Called when a tool call, also one that was given up, has come to its end.
 */
export async function agentServer(
  sdk: Sdk,
  host: Host,
  session: Session | null,
  instructions: string,
  called: () => void = () => undefined,
): Promise<McpServer> {
  const { environment } = host
  const endpoint = new sdk.McpServer(
    { name: environment.name, version: environment.version },
    { capabilities: { tools: { listChanged: false } }, instructions },
  )
  const list = async (): Promise<readonly Tool[]> =>
    session === null ? listTools(environment) : agentTools(session.episode, environment).listTools()
  // Tools differ by task and are listed afresh each time, so they are answered for rather than registered; but the
  // SDK looks arguments that travel in headers too up before it asks anybody.
  const known = await list()
  endpoint.toolInputSchemaJson = (name) => known.find((tool) => tool.name === name)?.inputSchema
  const { server } = endpoint
  server.setRequestHandler('tools/list', async () => ({ tools: (await list()).map(mcpTool) }))
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args } }, { mcpReq }) => {
    if (session === null) {
      return failed('There is no episode here. Ask whoever runs the environment for the address of one.')
    }
    const tools = agentTools(session.episode, environment)
    const call = await act(tools, name, args, mcpReq, host, session).finally(() => {
      void session.episode.settled().then(called)
    })
    if (!('failure' in call) || call.failure !== 'tool_not_found') return call.result
    throw new sdk.ProtocolError(sdk.ProtocolErrorCode.InvalidParams, `Unknown tool: ${name.slice(0, 100)}`)
  })
  return endpoint
}

type McpCall = Pick<ServerContext['mcpReq'], 'signal' | 'notify' | '_meta'>

/** Calls a tool. What the episode refuses is the agent's to read: it may act on it. */
async function act(
  tools: AgentTools,
  name: string,
  args: unknown,
  request: McpCall,
  host: Host,
  session: Session,
): Promise<{ readonly result: CallToolResult; readonly failure?: ToolCall['failure'] }> {
  const reports = new Reports(request)
  try {
    const { result, failure } = await tools.act(name, args, {
      signal: request.signal,
      onProgress: reports.send,
    })
    await reports.sent
    // The SDK writes the answer in one go: what came before it was enough for one turn.
    if (isLargeContent(result.content)) await yieldToEventLoop()
    const { content, structuredContent, isError } = result
    const shown = {
      content: [...content] as CallToolResult['content'],
      ...(structuredContent === undefined ? {} : { structuredContent }),
      isError,
    }
    return failure === undefined ? { result: shown } : { result: shown, failure }
  } catch (error) {
    // The agent's own doing, and the reason that it gives is a stranger's words: neither is for the log.
    if (request.signal.aborted) return { result: failed('The call was cancelled.') }
    logFailure(host, error, session)
    return { result: failed(wordsFor(error, session)) }
  }
}

/** Why a call failed, for an agent: to reset, which errors advise, is not among the things that it can do. */
function wordsFor(error: unknown, { episode }: Session): string {
  if (!isOpenEnvError(error)) return 'The call failed.'
  if (error.http !== 409) return error.message
  if (episode.reply === null) return 'The episode has not begun yet.'
  if (episode.reply.done) return 'The episode is over: nothing acts in it any more.'
  return 'The episode was broken off in the middle of a call, and cannot go on.'
}

/** Progress on its way to a client that asked for it. */
class Reports {
  readonly #request: McpCall
  #last = -Infinity
  /** Settles when all have gone out: a result must not overtake them. */
  sent: Promise<unknown> = Promise.resolve()

  constructor(request: McpCall) {
    this.#request = request
  }

  readonly send = (progress: Progress): void => {
    const token = this.#request._meta?.progressToken
    // The protocol wants it to grow; an environment may repeat itself.
    if (token === undefined || progress.progress <= this.#last) return
    this.#last = progress.progress
    const params = { progressToken: token, ...progress }
    const going = this.#request.notify({ method: 'notifications/progress', params }).catch(() => undefined)
    this.sent = Promise.all([this.sent, going])
  }
}

function failed(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true }
}

/** What our schemas are written in; said aloud, because clients of older revisions take them for another draft. */
const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

function mcpTool({ name, description, inputSchema }: Tool): McpTool {
  const schema: McpTool['inputSchema'] = { $schema: DIALECT, ...inputSchema, type: 'object' as const }
  return { name, description: description === '' ? name : description, inputSchema: schema }
}
