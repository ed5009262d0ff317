// What Python answers: the counterpart of openenv_bridge/contract.py. Answers are held against these schemas.
import { OpenEnvError } from '@openenv-ts/core'
import { z } from 'zod'

const Row = z.record(z.string(), z.unknown())
const Block = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image'), data: z.string(), mimeType: z.string() }),
])

/** A message that the agent is shown. */
const PythonMessage = z.object({
  role: z.string(),
  content: z.array(Block),
  tool_calls: z.array(Row),
  tool_call_id: z.string().nullable(),
})
/** A message that the agent is shown. */
export type PythonMessage = z.infer<typeof PythonMessage>

/** A tool of the source. */
const PythonTool = z.object({
  name: z.string(),
  description: z
    .string()
    .nullable()
    .transform((text) => text ?? ''),
  input_schema: Row,
  final: z.boolean(),
  terminal: z.boolean(),
})
/** A tool of the source. */
export type PythonTool = z.infer<typeof PythonTool>

/** What is known of a loaded source. */
export const Description = z.object({
  library: z.string(),
  splits: z.array(z.object({ name: z.string(), type: z.enum(['train', 'validation', 'test']) })),
  tools: z.array(PythonTool),
  group_scoring: z.boolean(),
  notes: z.array(z.string()),
})
/** What is known of a loaded source. */
export type Description = z.infer<typeof Description>

/** What is answered when a source has been loaded. */
export const Loaded = z.object({ description: Description })

/** A started episode. */
export const Opened = z.object({
  messages: z.array(PythonMessage),
  tools: z.array(PythonTool),
  shown_tools: z.array(Row),
})
/** A started episode. */
export type Opened = z.infer<typeof Opened>

/** What came of one tool call. */
export const Outcome = z.object({
  content: z.array(Block),
  data: z.unknown(),
  reward: z.number().nullable(),
  finished: z.boolean(),
  truncated: z.boolean(),
  failure: z
    .object({
      kind: z.enum(['tool_not_found', 'invalid_args', 'execution_error']),
      message: z.string(),
    })
    .nullable(),
  scoring_errors: z.array(z.string()),
})
/** What came of one tool call. */
export type Outcome = z.infer<typeof Outcome>

/** How many tasks a split has. */
export const Count = z.int().min(0)
/** Tasks of a split. */
export const Rows = z.array(Row)
/** Scores of several attempts at one task. */
export const GroupScores = z.array(z.object({ reward: z.number(), metadata: Row.nullable() }))

/**
 * Holds what Python answered against its schema.
 *
 * @param doing - The call, for its sentence.
 * @throws OpenEnvError `EXECUTION_ERROR`: the call fails, and nothing else does.
 */
export function checked<T>(schema: z.ZodType<T>, doing: string, answer: unknown): T {
  const { success, data, error } = schema.safeParse(answer)
  if (success) return data
  const where = error.issues[0]?.path.join('.') ?? ''
  throw new OpenEnvError(
    'EXECUTION_ERROR',
    `Python answered ${doing} with something that is no answer to it${where === '' ? '' : ` (${where})`}.`,
    { cause: error },
  )
}
