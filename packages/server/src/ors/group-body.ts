import { z } from 'zod'

/** Absent is the same as null. */
const orNull = <T>(schema: z.ZodType<T>) => schema.nullish().transform((given) => given ?? null)

const detail = z.record(z.string(), z.unknown()).nullish()
const text = z.strictObject({ type: z.literal('text'), text: z.string(), detail })
const image = z.strictObject({ type: z.literal('image'), data: z.string(), mimeType: z.string(), detail })
const reasoning = z.strictObject({
  type: z.literal('reasoning'),
  text: z.string(),
  signature: orNull(z.string()),
  detail,
})
const toolCall = z.strictObject({
  type: z.literal('tool_call'),
  id: z.string(),
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  detail,
})
const toolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_call_id: z.string(),
  blocks: z.array(z.discriminatedUnion('type', [text, image])),
  is_error: z.boolean().default(false),
  detail,
})

/** A turn of a conversation; each role has its kinds of blocks. */
const message = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('system'),
    blocks: z.array(z.discriminatedUnion('type', [text, image])),
    detail,
  }),
  z.strictObject({
    role: z.literal('user'),
    blocks: z.array(z.discriminatedUnion('type', [text, image, toolResult])),
    detail,
  }),
  z.strictObject({
    role: z.literal('assistant'),
    blocks: z.array(z.discriminatedUnion('type', [text, image, reasoning, toolCall])),
    detail,
  }),
])

/** What `POST /score_group` takes. */
export const GroupBody = z.strictObject({
  candidates: z.array(
    z.strictObject({
      messages: z.array(message),
      metadata: orNull(z.record(z.string(), z.unknown())),
    }),
  ),
  task_id: z.string().nullish(),
})
