// The client of ours that the conformance suite starts, once a scenario, with the address of its server.
import { connectMcp } from '@openenv-ts/client/mcp'
import { firstValue } from '@openenv-ts/core/sample'

interface Context {
  /** Calls that the scenario wants to see. */
  readonly toolCalls?: readonly {
    readonly name: string
    readonly arguments: Readonly<Record<string, unknown>>
  }[]
}

const { MCP_CONFORMANCE_CONTEXT: context = '{}' } = process.env
const { toolCalls } = JSON.parse(context) as Context

await using server = await connectMcp(process.argv[2] ?? '')
const tools = await server.listTools()
// Wants to see what its other tool's schema looks like from here.
const shown = tools.find(({ name }) => name === 'json_schema_2020_12_tool')?.inputSchema
const calls =
  toolCalls ??
  tools.map(({ name, inputSchema }) => ({
    name,
    arguments:
      shown !== undefined && 'schema' in Object(inputSchema['properties'])
        ? { schema: shown }
        : firstValue(inputSchema),
  }))
for (const { name, arguments: args } of calls) console.log(name, await server.callTool(name, args))
