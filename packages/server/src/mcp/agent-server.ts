import { isOpenEnvError, listTools, seatAgent, type ContentBlock, type Tool } from '@openenv-ts/core'
import type * as ServerSdk from '@modelcontextprotocol/server'
import type { CallToolResult, McpServer, Tool as McpTool } from '@modelcontextprotocol/server'
import type { Host } from '../route.ts'
import type { Session } from '../session.ts'

/** MCP's SDK: seven megabytes that only MCP needs, so it is loaded with the first MCP request. */
export type Sdk = typeof ServerSdk

/**
 * A server of MCP for the agent of one episode: its tools, and nothing else.
 *
 * @param session - Null for a caller that has no episode: tools can be listed, and calling one says so.
 */
export function agentServer(sdk: Sdk, host: Host, session: Session | null): McpServer {
  const { environment } = host
  const endpoint = new sdk.McpServer(
    { name: environment.name, version: environment.version },
    { capabilities: { tools: {} }, instructions: environment.description },
  )
  // Tools differ by task and are listed afresh each time, so they are answered for rather than registered.
  const { server } = endpoint
  server.setRequestHandler('tools/list', async () => {
    const tools =
      session === null ? listTools(environment) : await seatAgent(session.episode, environment).listTools()
    return { tools: tools.map(mcpTool) }
  })
  server.setRequestHandler('tools/call', async ({ params }, { mcpReq }) => {
    if (session === null) {
      return failed('There is no episode here. Ask whoever runs the environment for the address of one.')
    }
    const seat = seatAgent(session.episode, environment)
    try {
      const call = await seat.act(params.name, params.arguments, { signal: mcpReq.signal })
      if (call.failure === 'tool_not_found') {
        throw new sdk.ProtocolError(
          sdk.ProtocolErrorCode.InvalidParams,
          `Unknown tool: ${params.name.slice(0, 100)}`,
        )
      }
      const { content, structuredContent, isError } = call.result
      return {
        content: content.map(mcpBlock),
        ...(structuredContent === undefined ? {} : { structuredContent }),
        isError,
      }
    } catch (error) {
      // What the episode refuses is the agent's to read: it may act on it.
      if (isOpenEnvError(error)) return failed(error.message)
      throw error
    }
  })
  return endpoint
}

function failed(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true }
}

function mcpTool({ name, description, inputSchema }: Tool): McpTool {
  const schema = inputSchema as McpTool['inputSchema']
  return { name, description: description === '' ? name : description, inputSchema: schema }
}

function mcpBlock(block: ContentBlock): CallToolResult['content'][number] {
  return block
}
