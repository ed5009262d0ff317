// What the server believes of an executor: messages that fit these schemas, and nothing else.
import { ERROR_CODES, type ErrorCode, type Tool } from '@openenv-ts/core'
import { z } from 'zod'
import { faultOf } from './plain-data.ts'
import type { FromExecutor } from './protocol.ts'
import { MAX_TEXT } from './sent-error.ts'

/** The longest time that a timer of Node can measure, in seconds. */
const MAX_SECONDS = 2_147_483
const MAX_TOOLS = 10_000
const MAX_ISSUES = 1000

const Key = z.int().min(0)
const CODES = Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]

const SentErrorSchema = z.strictObject({
  code: z.enum(CODES),
  message: z.string().max(MAX_TEXT),
  http: z.int().min(400).max(599),
  issues: z
    .array(
      z.looseObject({
        type: z.string(),
        loc: z.array(z.union([z.string(), z.number()])),
        msg: z.string(),
      }),
    )
    .max(MAX_ISSUES),
  data: z.record(z.string(), z.unknown()),
  cause: z.string().max(MAX_TEXT).nullable(),
})

const ToolSchema: z.ZodType<Tool> = z.looseObject({
  name: z.string(),
  description: z.string(),
  inputSchema: z.record(z.string(), z.unknown()),
  final: z.boolean().optional(),
  terminal: z.boolean().optional(),
}) as z.ZodType<Tool>

const EpisodeStatusSchema = z.strictObject({
  status: z.enum(['running', 'terminated', 'truncated', 'idle']),
  steps: Key,
  broken: z.literal(true).optional(),
  tools: z.array(ToolSchema).max(MAX_TOOLS).optional(),
  bytes: z.custom<Uint8Array<ArrayBuffer>>(isOwnBytes).nullable(),
})

const ProgressSchema = z.strictObject({
  progress: z.number(),
  total: z.number().optional(),
  message: z.string().max(MAX_TEXT).optional(),
})

const MessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('hello'),
    floats: z.boolean(),
    limitSeconds: z.number().positive().max(MAX_SECONDS),
  }),
  z.strictObject({ type: z.literal('unfit'), error: SentErrorSchema }),
  z.strictObject({
    type: z.literal('answer'),
    call: Key,
    value: z.unknown().optional(),
    error: SentErrorSchema.optional(),
    reached: EpisodeStatusSchema.optional(),
  }),
  z.strictObject({ type: z.literal('progress'), call: Key, progress: ProgressSchema }),
  z.strictObject({
    type: z.literal('uncaught'),
    episode: Key.nullable(),
    error: SentErrorSchema,
    ends: z.boolean(),
  }),
])

/**
 * Reads a message of an executor.
 *
 * @param maxBytes - Bound on the size of what it holds.
 * @returns The message, or in words what came instead of one.
 */
export function readMessage(received: unknown, maxBytes: number): FromExecutor | string {
  const size = sizeFault(received, maxBytes)
  if (size !== null) return `a message that holds ${size}`
  const { success, data } = MessageSchema.safeParse(received)
  return success ? (data as FromExecutor) : 'something that is no message'
}

/** A position is opaque bytes; everything else is plain data. */
function sizeFault(received: unknown, maxBytes: number): string | null {
  if (!isRecord(received) || !isRecord(received['reached'])) return faultOf(received, maxBytes)
  const { bytes, ...reached } = received['reached']
  if (bytes instanceof Uint8Array && bytes.length > maxBytes) return `more than ${String(maxBytes)} bytes`
  return faultOf({ ...received, reached }, maxBytes)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** Shared memory could be changed after it was looked at. */
function isOwnBytes(value: unknown): boolean {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer
}

/** Whether an executor may report this; what it may not is dropped over there. */
export function isProgress(progress: unknown): boolean {
  return ProgressSchema.safeParse(progress).success
}
