// An agent with MCP's official client: it sees tools, and plays the one episode that its address is for.
//   npx openenv serve examples/guess.ts
//   node --import jiti/register examples/mcp_client.ts http://localhost:8000/agent/…/mcp
import assert from 'node:assert/strict'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

const [, , url = 'http://localhost:8000/mcp'] = process.argv

const client = new Client({ name: 'my-agent', version: '1.0.0' })
await client.connect(new StreamableHTTPClientTransport(new URL(url)))
console.log(client.getInstructions())

const { tools } = await client.listTools()
console.log(tools.map(({ name }) => name))
assert.deepEqual(tools.map(({ name }) => name).sort(), ['act', 'observe'])

let [low, high] = [1, 100]
for (;;) {
  const number = Math.floor((low + high) / 2)
  const answer = await client.callTool({ name: 'act', arguments: { number } })
  const { structuredContent, content, isError } = answer
  if (isError === true) throw new Error(JSON.stringify(content))
  const { observation, reward, done } = structuredContent as Turn
  console.log(`${String(number)}? ${observation.hint}`)
  if (observation.hint === 'higher') low = number + 1
  else high = number - 1
  if (!done) continue
  console.log(`reward ${String(reward)}`)
  assert.equal(reward, 1)
  break
}

// It is over, and an agent has no way to begin again.
const again = await client.callTool({ name: 'act', arguments: { number: 1 } })
console.log(again.content)
assert.equal(again.isError, true)
await client.close()

interface Turn {
  readonly observation: { readonly hint: 'higher' | 'lower' | 'found' }
  readonly reward: number
  readonly done: boolean
}
