import type { CallToolResult, Tool as McpTool } from '@modelcontextprotocol/client'
import { OpenEnvError, type ContentBlock, type Tool, type ToolResult } from '@openenv-ts/core'
import { isObject, plainJson } from '@openenv-ts/core/host'

/** A tool of an MCP server as one of ours. */
export function toolOf({ name, description = '', inputSchema }: McpTool): Tool {
  return { name, description, inputSchema }
}

/** What an MCP server answered to a call. */
export function toolResultOf(result: CallToolResult): ToolResult {
  const { content, structuredContent, isError = false } = result
  requireReadable(structuredContent)
  const shown = { content: content.map(blockOf), isError }
  if (!isObject(structuredContent)) return shown
  return {
    ...shown,
    structuredContent,
    data: wraps(result) ? structuredContent['result'] : structuredContent,
  }
}

/** The SDK has parsed it already: a whole number beyond 2^53 - 1 was rounded then, and tells so by its size [OE-24]. */
function requireReadable(value: unknown): void {
  try {
    if (value !== undefined) plainJson(value, 'structuredContent')
  } catch (error) {
    throw new OpenEnvError(
      'EXECUTION_ERROR',
      `The tool's result cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** What the SDK calls answers that came but cannot be used: the tool wants to ask something back, for example. */
const UNUSABLE = new Set<unknown>(['CAPABILITY_NOT_SUPPORTED', 'INVALID_RESULT', 'UNSUPPORTED_RESULT_TYPE'])

/**
 * The result of a call that the server refused, for its name or its arguments, or answered in a way that nobody here
 * can use; undefined for anything else that may have gone wrong.
 */
export function refusedResult(thrown: unknown): ToolResult | undefined {
  if (!(thrown instanceof Error)) return undefined
  const { code } = thrown as { readonly code?: unknown }
  // Errors of JSON-RPC have numbers for codes; those of the way there have names.
  if (typeof code !== 'number' && !UNUSABLE.has(code)) return undefined
  return { content: [{ type: 'text', text: thrown.message }], isError: true }
}

/** FastMCP puts a value that is no object into one, and says so. */
function wraps({ _meta: meta, structuredContent }: CallToolResult): boolean {
  const about = meta?.['fastmcp']
  return (
    isObject(about) &&
    about['wrap_result'] === true &&
    isObject(structuredContent) &&
    'result' in structuredContent
  )
}

function blockOf(block: CallToolResult['content'][number]): ContentBlock {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'image':
    case 'audio':
      return { type: block.type, data: block.data, mimeType: block.mimeType }
    case 'resource': {
      const { resource } = block
      const about = resource.mimeType === undefined ? {} : { mimeType: resource.mimeType }
      const held = 'text' in resource ? { text: resource.text } : { blob: resource.blob }
      return { type: 'resource', resource: { uri: resource.uri, ...about, ...held } }
    }
    case 'resource_link':
      // Only the server itself could follow it; its words are what an agent can use.
      return {
        type: 'text',
        text: [block.title ?? block.name, block.description, block.uri].filter(Boolean).join('\n'),
      }
  }
}
