import { content, defineToolEnvironment, type ContentBlock } from '@openenv-ts/core'
import { z } from 'zod'

// The tools that the conformance suite calls by name, as tools of an ordinary environment.

const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const SILENCE = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA=='

const image: ContentBlock = { type: 'image', data: PIXEL, mimeType: 'image/png' }
const nothing = z.strictObject({})

/** What zod itself would not write: it has to reach the client as it stands. */
const rich = z.strictObject({ name: z.string().optional(), contactMethod: z.enum(['phone', 'email']) }).meta({
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
})

/** A tool without arguments. */
function tool(description: string, run: () => unknown) {
  return { description, input: nothing, run }
}

export const conformance = defineToolEnvironment({
  name: 'conformance',
  description: 'Tools for the conformance suite of MCP.',
  version: '1.0.0',
  open: () => ({}),
  tools: {
    test_simple_text: tool('Answers a text.', () => 'This is a simple text response for testing.'),
    test_image_content: tool('Answers a picture.', () => content([image])),
    test_audio_content: tool('Answers a sound.', () =>
      content([{ type: 'audio', data: SILENCE, mimeType: 'audio/wav' }]),
    ),
    test_embedded_resource: tool('Answers a document.', () =>
      content([
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ]),
    ),
    test_multiple_content_types: tool('Answers a text, a picture and a document.', () =>
      content([
        { type: 'text', text: 'Multiple content types test:' },
        image,
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ]),
    ),
    test_error_handling: tool('Fails.', () => {
      throw new Error('This tool intentionally returns an error for testing')
    }),
    test_tool_with_progress: {
      description: 'Tells how far it is, three times.',
      input: nothing,
      run: async (_world, _input, { progress }) => {
        for (const done of [0, 50, 100]) {
          progress({ progress: done, total: 100 })
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
        return 'Done.'
      },
    },
    test_streaming_elicitation: {
      description: 'Answers by a stream: there is nothing on it but notifications and the result.',
      input: nothing,
      run: (_world, _input, { progress }) => {
        progress({ progress: 1, total: 1 })
        return 'An environment asks its agent nothing.'
      },
    },
    test_logging_tool: tool(
      'Logs nothing to its client: logs are the operator’s.',
      () => 'Nothing was logged.',
    ),
    json_schema_2020_12_tool: { description: 'Has a rich schema.', input: rich, run: () => 'ok' },
    test_header_argument: {
      description: 'Has an argument that clients repeat in a header.',
      input: z.strictObject({ region: z.string().meta({ 'x-mcp-header': 'Region' }) }),
      run: (_world, { region }) => region,
    },
  },
  rubric: { none: () => 0 },
})
