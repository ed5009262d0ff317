// Does with a configuration what Claude Desktop does: starts each command in it, speaks MCP over its standard input and
// output, and uses the tools.
//   npx openenv serve examples/guess.ts --agent-episode
//   node --import jiti/register examples/claude_desktop.ts examples/claude_desktop_config.json
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'

interface Config {
  readonly mcpServers: Readonly<
    Record<string, { readonly command: string; readonly args: string[]; readonly env?: object }>
  >
}

const [, , file = 'examples/claude_desktop_config.json'] = process.argv
const { mcpServers } = JSON.parse(readFileSync(file, 'utf8')) as Config
// npx needs what it needs everywhere: a proxy's name, certificates.
const variables = process.env as Record<string, string>
// mcp-remote keeps what it knows of servers here instead of in the home directory.
const folder = mkdtempSync(join(tmpdir(), 'mcp-remote-'))

for (const [name, { command, args, env }] of Object.entries(mcpServers)) {
  const client = new Client({ name: 'like-claude-desktop', version: '1.0.0' })
  const transport = new StdioClientTransport({
    command,
    args,
    env: { ...variables, MCP_REMOTE_CONFIG_DIR: folder, ...env },
    stderr: 'pipe',
  })
  let said = ''
  transport.stderr?.on('data', (text) => (said += String(text)))
  try {
    await client.connect(transport, { timeout: 90_000 })
    const { tools } = await client.listTools()
    const { structuredContent } = await client.callTool({ name: 'act', arguments: { number: 50 } })
    console.log(`${name}: ${tools.map((tool) => tool.name).join(', ')}; ${JSON.stringify(structuredContent)}`)
    assert.notEqual(structuredContent, undefined)
  } catch (error) {
    console.error(said)
    throw error
  } finally {
    await client.close()
  }
}
rmSync(folder, { recursive: true, force: true })
