import {
  OpenEnvError,
  type ContentBlock,
  type Info,
  type Message,
  type MessageBlock,
  type Tool,
} from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { readJsonOr } from '../read-json.ts'
import type { OrsObservation, OrsRefusal } from './options.ts'

/** The texts of some blocks, one below the other. */
export function textOf(content: readonly ContentBlock[]): string {
  return content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('\n')
}

/** Blocks of a prompt or an output. Kinds that are not known are left out, as ORS's own clients do. */
export function readBlocks(wire: unknown): readonly ContentBlock[] {
  if (!Array.isArray(wire)) throw unreadable('blocks')
  return wire.flatMap((block: unknown): readonly ContentBlock[] => {
    const { type, text, data, mimeType } = isObject(block) ? block : {}
    if (type === 'text' && typeof text === 'string') return [{ type, text }]
    if (type === 'image' && typeof data === 'string' && typeof mimeType === 'string') {
      return [{ type, data, mimeType }]
    }
    return []
  })
}

/** A prompt as a conversation. */
export function readMessages(wire: unknown): readonly Message[] {
  if (!Array.isArray(wire)) throw unreadable('messages')
  return wire.map((message: unknown) => {
    const { role, blocks } = isObject(message) ? message : {}
    if (role !== 'system' && role !== 'user' && role !== 'assistant') throw unreadable('messages')
    if (!Array.isArray(blocks)) throw unreadable('messages')
    return { role, blocks: blocks.flatMap(readMessageBlock) }
  })
}

function readMessageBlock(block: unknown): readonly MessageBlock[] {
  const { type, text, signature, id, name, input, tool_call_id, blocks, is_error } = isObject(block)
    ? block
    : {}
  if (type === 'reasoning' && typeof text === 'string') {
    return [{ type, text, signature: typeof signature === 'string' ? signature : null }]
  }
  if (type === 'tool_call' && typeof id === 'string' && typeof name === 'string' && isObject(input)) {
    return [{ type, id, name, input }]
  }
  if (type === 'tool_result' && typeof tool_call_id === 'string') {
    return [{ type, tool_call_id, blocks: readBlocks(blocks), is_error: is_error === true }]
  }
  return readBlocks([block])
}

/** What a call came to. */
export interface CallReading {
  readonly observation: OrsObservation
  readonly reward: number | null
  readonly finished: boolean
  readonly info: Info
  /** Whether the tool ran. */
  readonly ran: boolean
  /** Set when the server says that the episode is over already. */
  readonly over: boolean
}

/** The reply to `/call`, put together. */
export function readCall(tool: string, text: string): CallReading {
  const wire = parse(text)
  if (wire['ok'] === false) return readRefusal(tool, wire)
  const { output } = wire
  if (wire['ok'] !== true || !isObject(output)) throw unreadable('call')
  const { blocks, metadata, reward, finished } = output
  const content = readBlocks(blocks)
  const structured = isObject(metadata) ? metadata : null
  const result = { content, structured_content: structured, data: textOf(content), is_error: false }
  return {
    observation: { tool_name: tool, result, error: null },
    reward: typeof reward === 'number' && Number.isFinite(reward) ? reward : null,
    finished: finished === true,
    info: flat(structured ?? {}),
    ran: true,
    over: false,
  }
}

const REFUSALS: Readonly<Record<string, OrsRefusal['error_type']>> = {
  not_found: 'tool_not_found',
  name_collision: 'tool_not_found',
  input_validation: 'invalid_args',
}

function readRefusal(tool: string, { error, reason }: Readonly<Record<string, unknown>>): CallReading {
  const message = typeof error === 'string' && error !== '' ? error : 'The call was refused.'
  const given = typeof reason === 'string' ? REFUSALS[reason] : undefined
  const observation = {
    tool_name: tool,
    result: null,
    error: { error_type: given ?? refusalByWords(message), message },
  }
  const over = reason === 'episode_finished'
  return { observation, reward: null, finished: false, info: {}, ran: false, over }
}

/** Older servers give no reason, and these words. */
function refusalByWords(message: string): OrsRefusal['error_type'] {
  if (message.includes('is not a valid tool')) return 'tool_not_found'
  return message.startsWith('Tool input validation error') ? 'invalid_args' : 'execution_error'
}

/** Tools of `/tools` or `/task_tools`; the one for the last words is listed like the others, and marked. */
export function readTools(wire: unknown): readonly Tool[] {
  const { tools, terminal_tool: terminal } = isObject(wire) ? wire : {}
  if (!Array.isArray(tools)) throw unreadable('tools')
  const listed = tools.map((tool: unknown): Tool => {
    const { name, description, input_schema: schema } = isObject(tool) ? tool : {}
    if (typeof name !== 'string') throw unreadable('tools')
    return {
      name,
      description: typeof description === 'string' ? description : '',
      inputSchema: isObject(schema) ? schema : { type: 'object', properties: {} },
    }
  })
  return isObject(terminal) && typeof terminal['name'] === 'string'
    ? [...listed, lastWords(terminal)]
    : listed
}

function lastWords({ name, arg, description }: Readonly<Record<string, unknown>>): Tool {
  const takes = typeof arg === 'string' ? { [arg]: { type: 'string' } } : {}
  return {
    name: String(name),
    description: typeof description === 'string' ? description : '',
    inputSchema: { type: 'object', properties: takes, required: Object.keys(takes) },
    final: true,
    terminal: true,
  }
}

/** Of what accompanies a result, the part that an info can hold. */
function flat(metadata: Readonly<Record<string, unknown>>): Info {
  const kept = Object.entries(metadata).filter(
    ([, value]) => typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value),
  )
  return Object.fromEntries(kept) as Info
}

function parse(text: string): Record<string, unknown> {
  const parsed = readJsonOr(text)
  if (isObject(parsed)) return parsed
  throw unreadable('call')
}

function unreadable(what: string): OpenEnvError {
  return new OpenEnvError('CONNECTION_ERROR', `The server answered ${what} with something unreadable.`)
}
