import type { Progress } from './episode.ts'
import type { JsonSchema } from './json.ts'

/** A tool as an agent sees it. */
export interface Tool {
  /** 1 to 64 of `A-Za-z0-9_.-`; never reset, step, state or close. */
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments, always an object schema. */
  readonly inputSchema: JsonSchema
  /** Whether calling it ends the episode. */
  readonly final?: boolean
  /**
   * Whether it takes the agent's last message: a harness calls it with the text of the first turn that calls nothing.
   * Its arguments are one text, or none.
   */
  readonly terminal?: boolean
}

/** A piece of what a tool answered. */
export type ContentBlock =
  | { readonly type: 'text'; readonly text: string }
  /** `data` is base64, here and in the other kinds. */
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string }
  | { readonly type: 'audio'; readonly data: string; readonly mimeType: string }
  /** A document with a name of its own. */
  | { readonly type: 'resource'; readonly resource: TextResource | BlobResource }

/** A document as text. */
export interface TextResource {
  readonly uri: string
  readonly mimeType?: string | undefined
  readonly text: string
}

/** A document as base64. */
export interface BlobResource {
  readonly uri: string
  readonly mimeType?: string | undefined
  readonly blob: string
}

/** What a tool answered. A failing tool is a result with `isError`, never a rejection. */
export interface ToolResult {
  readonly content: readonly ContentBlock[]
  readonly structuredContent?: Readonly<Record<string, unknown>>
  /** The value that the tool gave, for clients that want just that. */
  readonly data?: unknown
  readonly isError: boolean
}

/**
 * All that an agent can reach. It has no reset, no state and no tasks: that agents cannot reset is a type.
 */
export interface ToolHost {
  /** Lists the tools; works before reset. */
  listTools(): Promise<readonly Tool[]>
  /** Calls one tool with arguments as the agent sent them; validation is the host's. */
  callTool(name: string, args: unknown, options?: ToolCallOptions): Promise<ToolResult>
}

/** What a caller may want beside the result. */
export interface ToolCallOptions {
  readonly signal?: AbortSignal
  /** Told how far the call is, where the tool says so. */
  readonly onProgress?: (progress: Progress) => void
}

/** Names that no tool may have: they belong to the orchestrator. */
export const RESERVED_TOOL_NAMES: readonly string[] = ['observe', 'reset', 'step', 'state', 'close']
