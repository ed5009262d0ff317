// An MCP server on standard input and output: one tool that adds, one that fails, one that shows what it is given.
import { McpServer } from '@modelcontextprotocol/server'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const server = new McpServer({ name: 'adder', version: '1.0.0' }, { instructions: 'Add.' })
const text = (words) => ({ content: [{ type: 'text', text: words }] })
server.registerTool(
  'add',
  { description: 'Adds.', inputSchema: z.object({ a: z.number(), b: z.number() }) },
  ({ a, b }) => text(String(a + b)),
)
server.registerTool('fail', { description: 'Fails.', inputSchema: z.object({}) }, () => {
  throw new Error('It failed.')
})
server.registerTool('where', { description: 'Says where it is.', inputSchema: z.object({}) }, () =>
  text(JSON.stringify({ folder: process.cwd(), word: process.env.WORD, args: process.argv.slice(2) })),
)
server.registerTool('link', { description: 'Points elsewhere.', inputSchema: z.object({}) }, () => ({
  content: [{ type: 'resource_link', name: 'notes', uri: 'file:///notes', description: 'My notes.' }],
}))
await server.connect(new StdioServerTransport())
