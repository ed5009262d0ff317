import { z } from 'zod'
import { OpenEnvError } from './errors.ts'
import type { JsonSchema } from './json.ts'
import { plainJson } from './plain-json.ts'
import type { Tool } from './tool.ts'
import { Block, contentOf, type Content } from './tool-content.ts'

/** The reply to one tool call, as OpenEnv's tool environments write it; before the first call, the prompt. */
export const ToolObservation = z.union([
  z.strictObject({ prompt: z.string().describe('What to do.') }),
  z.strictObject({
    tool_name: z.string().describe('The tool that was called.'),
    result: z
      .strictObject({
        content: z.array(Block),
        structured_content: z.record(z.string(), z.unknown()).nullable(),
        data: z.unknown().describe('What the tool gave.'),
        is_error: z.boolean(),
      })
      .nullable()
      .describe('Null when the call failed.'),
    error: z
      .strictObject({
        error_type: z.enum([
          'execution_error',
          'invalid_args',
          'transport_error',
          'tool_not_found',
          'timeout',
        ]),
        message: z.string(),
      })
      .nullable()
      .describe('Why the call failed; null when it did not.'),
  }),
])
/** The reply to one tool call, as OpenEnv's tool environments write it; before the first call, the prompt. */
export type ToolObservation = z.infer<typeof ToolObservation>

/** An action of a tool environment, after parsing. */
export interface ToolAction {
  readonly type: 'call_tool'
  readonly tool_name: string
  readonly arguments?: Readonly<Record<string, unknown>> | null | undefined
}

/**
 * The schema of tool calls. Any name and any arguments pass, for a call that fails is the agent's to read; what would
 * not fail stands in its JSON Schema, one branch a tool.
 */
export function toolCallSchema(tools: readonly Tool[]): z.ZodType<ToolAction> {
  const call = z.strictObject({
    type: z.literal('call_tool').default('call_tool'),
    tool_name: z.string().describe('The tool to call.'),
    arguments: z.record(z.string(), z.unknown()).nullish().describe('Its arguments.'),
  })
  return call.meta({ anyOf: tools.map(branchOf) })
}

function branchOf({ name, description, inputSchema }: Tool): JsonSchema {
  // A reference points into the tool's own schema, and would point nowhere from here.
  const known = !JSON.stringify(inputSchema).includes('"$ref"')
  return {
    type: 'object',
    description,
    properties: { tool_name: { const: name }, arguments: known ? inputSchema : { type: 'object' } },
    required: ['tool_name', 'arguments'],
  }
}

/**
 * The observation of a call that went well.
 *
 * @throws OpenEnvError `EXECUTION_ERROR` for a value that JSON cannot carry, naming the part.
 */
export function toolSucceeded(tool: string, value: unknown): ToolObservation {
  const shown = contentOf(value)
  if (shown !== undefined) return pieces(tool, shown)
  // A copy by way of JSON: what the world goes on changing must not change what was observed.
  const text = jsonOf(value)
  const data: unknown = JSON.parse(text)
  const nothing = data === null
  return {
    tool_name: tool,
    result: {
      content: nothing ? [] : [{ type: 'text', text: typeof value === 'string' ? value : text }],
      structured_content: nothing ? null : isRecord(data) ? data : { result: data },
      data,
      is_error: false,
    },
    error: null,
  }
}

function pieces(tool: string, { blocks, data }: Content): ToolObservation {
  const value: unknown = JSON.parse(jsonOf(data))
  const structured_content = value === null ? null : isRecord(value) ? value : { result: value }
  const content = structuredClone(blocks) as Block[]
  return {
    tool_name: tool,
    result: { content, structured_content, data: value, is_error: false },
    error: null,
  }
}

/** What a tool gave as JSON; null where it gave nothing. Throws for what JSON cannot carry, by its place [OE-24]. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(plainJson(value ?? null, 'result'))
  } catch (cause) {
    throw new OpenEnvError('EXECUTION_ERROR', `The environment failed: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The observation of a call that failed. */
export function toolFailed(
  tool: string,
  type: 'execution_error' | 'invalid_args' | 'tool_not_found',
  message: string,
): ToolObservation {
  return { tool_name: tool, result: null, error: { error_type: type, message } }
}
