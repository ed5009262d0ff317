import type { ContentBlock, Tool } from '@openenv-ts/core'
import { isObject, type ToolCall } from '@openenv-ts/core/host'

/** A block of a prompt or an output; all keys are always there. */
export type WireBlock =
  | { readonly type: 'text'; readonly text: string; readonly detail: null }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string; readonly detail: null }

/** What a tool gave. Clients fail when one of the four is missing. */
export interface WireOutput {
  readonly blocks: readonly WireBlock[]
  readonly metadata: Readonly<Record<string, unknown>> | null
  readonly reward: number | null
  readonly finished: boolean
}

/** Why a call was refused. */
export type Refusal = 'not_found' | 'input_validation' | 'episode_finished'

/** What `/call` answers. */
export type WireCall =
  | { readonly ok: true; readonly output: WireOutput }
  | { readonly ok: false; readonly error: string; readonly reason: Refusal }

/** Kinds of blocks that messages may hold. */
export const MESSAGE_BLOCK_TYPES = ['text', 'image', 'reasoning', 'tool_call', 'tool_result'] as const

/** A text as a block. */
export function textBlock(text: string): WireBlock {
  return { type: 'text', text, detail: null }
}

/** The protocol has texts and images; of what it has no block for, the words. */
function wireBlock(block: ContentBlock): WireBlock {
  switch (block.type) {
    case 'text':
    case 'image':
      return { ...block, detail: null }
    case 'audio':
      return textBlock(`[audio, ${block.mimeType}]`)
    case 'resource': {
      const { resource } = block
      return textBlock('text' in resource ? resource.text : `[resource ${resource.uri}]`)
    }
  }
}

/** Tools as `/tools` and `/task_tools` list them: by name, the one that takes the last message apart. */
export function toolListing(
  tools: readonly Tool[],
  supportsScoreGroup: boolean,
): Readonly<Record<string, unknown>> {
  const terminal = tools.find((tool) => tool.terminal === true)
  return {
    tools: tools
      .filter((tool) => tool.terminal !== true)
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map(({ name, description, inputSchema }) => ({
        name,
        description,
        input_schema: takesNothing(inputSchema) ? null : inputSchema,
      })),
    terminal_tool:
      terminal === undefined
        ? null
        : {
            name: terminal.name,
            arg: propertiesOf(terminal.inputSchema)[0] ?? null,
            description: terminal.description,
          },
    supports_score_group: supportsScoreGroup,
    message_block_types: MESSAGE_BLOCK_TYPES,
  }
}

/** Keywords that ask for no argument. */
const EMPTY_KEYWORDS = new Set([
  'type',
  'properties',
  'required',
  'title',
  'description',
  'additionalProperties',
])

function takesNothing(schema: Tool['inputSchema']): boolean {
  return propertiesOf(schema).length === 0 && Object.keys(schema).every((key) => EMPTY_KEYWORDS.has(key))
}

function propertiesOf({ properties }: Tool['inputSchema']): readonly string[] {
  return isObject(properties) ? Object.keys(properties) : []
}

/**
 * A tool call as ORS answers it. A failed call that was counted and ended the episode is an output all the same: only
 * an output can say so and carry the reward.
 */
export function wireCall(name: string, { result, reply, failure }: ToolCall): WireCall {
  const said = result.content
    .map((block) => (block.type === 'text' ? block.text : `[${block.type}]`))
    .join('\n')
  const scored = reply !== null && (reply.done || reply.reward !== null)
  if (!scored && failure === 'tool_not_found') return refused(name, 'not_found')
  if (!scored && failure === 'invalid_args') return refused(name, 'input_validation', said)
  const info = reply?.info ?? {}
  return {
    ok: true,
    output: {
      blocks: result.content.map(wireBlock),
      metadata: Object.keys(info).length === 0 ? null : info,
      reward: reply?.reward ?? null,
      finished: reply?.done ?? false,
    },
  }
}

/** A call that did nothing. Clients that know no reasons read them off the words. */
export function refused(name: string, reason: Refusal, said = ''): WireCall {
  const words = {
    not_found: `'${name.slice(0, 100)}' is not a valid tool`,
    input_validation: `Tool input validation error: ${said}`,
    episode_finished: 'The episode has finished: no further tool calls are taken.',
  }
  return { ok: false, error: words[reason], reason }
}
