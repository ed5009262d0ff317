import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { actionTools } from './action-tools.ts'
import { defineToolEnvironment } from './tool-environment.ts'
import { openLocal } from './local.ts'
import { definePureEnvironment } from './pure-environment.ts'
import { toJsonSchema } from './schema.ts'
import { agentTools } from './agent-tools.ts'
import { RESERVED_TOOL_NAMES } from './tool.ts'
import { wireSchemas } from './wire/schemas.ts'

const talk = definePureEnvironment({
  name: 'talk',
  description: 'Walk and talk.',
  action: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('go to'), n: z.int() }).describe('Walks.'),
    z.strictObject({ kind: z.literal('say'), text: z.string().optional() }),
    z.strictObject({ kind: z.literal('reset') }),
  ]),
  observation: z.strictObject({ last: z.string() }),
  state: z.strictObject({ last: z.string() }),
  initial: () => ({ last: '' }),
  transition: (_state, action) => ({ last: JSON.stringify(action) }),
  observe: (state) => state,
  reward: {},
  status: () => 'running',
  info: (_state, { index }) => (index === 0 ? { places: 'hall, attic', rooms: 2 } : {}),
})

const search = defineToolEnvironment({
  name: 'search',
  open: () => ({}),
  tools: {
    find: {
      description: 'Finds.',
      input: z.strictObject({ query: z.string() }),
      run: (_world, { query }) => [query],
    },
    stop: { description: 'Ends.', input: z.strictObject({}), final: true, run: () => null },
  },
  rubric: { done: () => 1 },
})

describe('tools of actions [OE-20]', () => {
  it('are the same for a model, for MCP and behind a server: one a kind, with names that all of them take', async () => {
    await using episode = openLocal(talk)
    await episode.reset()
    const listed = await agentTools(episode, talk).listTools()
    const names = ['go_to', 'say', 'reset_2']
    expect(listed.map(({ name }) => name)).toEqual([...names, 'observe'])
    for (const schema of [toJsonSchema(talk.action, 'input', 'action'), wireSchemas(talk).action]) {
      const tools = actionTools(schema)
      expect(tools.map(({ name }) => name)).toEqual(names)
      expect(tools[0]?.inputSchema).toMatchObject({ properties: { n: { type: 'integer' } }, required: ['n'] })
      expect(tools[0]?.inputSchema['properties']).not.toHaveProperty('kind')
      expect(tools.map(({ name }) => name).filter((name) => RESERVED_TOOL_NAMES.includes(name))).toEqual([])
    }
  })

  it('act as their name says, whatever the arguments say', async () => {
    const [, say] = actionTools(toJsonSchema(talk.action, 'input', 'action'))
    expect(say?.actionOf({ kind: 'go to', text: 'hi' })).toEqual({ kind: 'say', text: 'hi' })
    await using episode = openLocal(talk)
    await episode.reset()
    const { reply } = await agentTools(episode, talk).act('say', { kind: 'go to', text: 'hi' })
    expect(reply?.observation).toEqual({ last: '{"kind":"say","text":"hi"}' })
  })

  it('of tool calls are the tools themselves, with their own arguments, here and from a server', () => {
    for (const schema of [toJsonSchema(search.action, 'input', 'action'), wireSchemas(search).action]) {
      const tools = actionTools(schema)
      expect(tools.map(({ name, description }) => [name, description])).toEqual([
        ['find', 'Finds.'],
        ['stop', 'Ends.'],
      ])
      expect(tools[0]?.inputSchema).toMatchObject({
        type: 'object',
        properties: { query: { type: 'string' } },
      })
      expect(tools[0]?.actionOf({ query: 'x' })).toEqual({
        type: 'call_tool',
        tool_name: 'find',
        arguments: { query: 'x' },
      })
    }
  })

  it('say every fact of the start in words, whatever it is called', async () => {
    await using episode = openLocal(talk)
    await episode.reset()
    const tools = agentTools(episode, talk)
    for (const { description } of await tools.listTools())
      expect(description).toContain('places: hall, attic')
    expect(await tools.instructions()).toBe(
      'Walk and talk.\nplaces: hall, attic\n\nFirst observation:\n{"last":""}',
    )
  })
})
