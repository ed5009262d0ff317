import { ToolObservation } from '@openenv-ts/core/host'
import { z } from 'zod'

const Text = z.strictObject({ type: z.literal('text'), text: z.string() })
const Image = z.strictObject({
  type: z.literal('image'),
  data: z.string().describe('Base64.'),
  mimeType: z.string(),
})

/** A message of the conversation that an agent starts from or goes on with. */
const Message = z.strictObject({
  role: z.string().describe('system, user, assistant or tool.'),
  content: z.array(z.discriminatedUnion('type', [Text, Image])),
  tool_calls: z
    .array(z.strictObject({ id: z.string(), name: z.string(), arguments: z.unknown() }))
    .optional()
    .describe('Calls that the assistant made.'),
  tool_call_id: z.string().optional().describe('The call that this answers.'),
})

/** A tool that is called inside a submitted message. */
const ShownTool = z.strictObject({
  name: z.string(),
  description: z.string(),
  parameters: z.record(z.string(), z.unknown()).describe('JSON Schema of its arguments.'),
})

/** What an agent sees of an imported environment: first the prompt, then what its calls gave. */
export const PythonObservation = z.union([
  z.strictObject({
    prompt: z.string().describe('What to do, as text.'),
    messages: z.array(Message).describe('The same as a conversation.'),
    tools: z.array(ShownTool).optional().describe('Tools that submitted messages of the assistant may call.'),
  }),
  ToolObservation,
])
/** What an agent sees of an imported environment: first the prompt, then what its calls gave. */
export type PythonObservation = z.infer<typeof PythonObservation>
