import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { connect } from '@openenv-ts/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Running } from '../../packages/cli/test/command.ts'
import { importSource, serveImported } from './imported.ts'
import { recordingProxy } from './recording-proxy.ts'

// Sources that hold a marker in every field of every task but its question, and that say their tasks aloud wherever
// they can: printed, logged, in metadata, in exceptions, in the state of an episode.
const SOURCES = ['ors', 'openreward', 'verifiers', 'taskset'] as const
const MARKER = /MARKER-[\w-]+/g
const LISTENING = /^Listening on (http:\/\/\S+)\n/m

/** Whatever an agent may send: none of it the answer, which would be its own word coming back. */
const CALLS = [
  ['submit', {}],
  ['submit', { word: 'nonsense' }],
  ['submit', { word: 7 }],
  ['submit', { completion: 'first' }],
  ['submit', { messages: [{ role: 'user', content: 'no assistant' }] }],
  [
    'submit',
    { messages: [{ role: 'assistant', content: null, tool_calls: [{ name: 'peek', arguments: '{' }] }] },
  ],
  ['break_down', {}],
  ['state', {}],
  ['__class__', {}],
  ['submit', { completion: 'last' }],
] as const

let server: Running
let url = ''

beforeAll(async () => {
  const imported = await Promise.all(SOURCES.map((name) => importSource(`marked/${name}`, `marked-${name}`)))
  for (const { code, stdout, stderr } of imported) {
    if (code !== 0) throw new Error(stdout + stderr)
    expect(stdout + stderr).not.toMatch(MARKER)
  }
  server = serveImported(SOURCES.map((name) => `marked-${name}`))
  const [, said = ''] = await server.shows(LISTENING)
  url = said
})
afterAll(async () => {
  server.kill('SIGINT')
  const { stdout, stderr } = await server.finished
  // Nothing of it is in the logs either [IM-24].
  expect(stdout + stderr).not.toMatch(MARKER)
})

describe.each(SOURCES)('the tasks of %s', (source) => {
  const name = `marked-${source}`

  it('are on no byte that an agent receives, over MCP [IM-24]', async () => {
    const opened = await fetch(`${url}/${name}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ split: 'train', index: 1 }),
    })
    const { agent_url: agentUrl } = (await opened.json()) as { agent_url: string }
    await using proxy = await recordingProxy(new URL(agentUrl).origin)
    const address = new URL(new URL(agentUrl).pathname, proxy.url)
    const client = new Client({ name: 'curious', version: '1.0.0' })
    await client.connect(new StreamableHTTPClientTransport(address))
    await client.listTools()
    for (const [tool, given] of CALLS)
      await client.callTool({ name: tool, arguments: given }).catch(() => undefined)
    await client.close()
    for (const path of ['/state', '/reset', '/tasks', '/train', `/${name}/tasks`])
      await fetch(`${address.href}${path}`)
    const received = proxy.received()
    expect(received).toContain('Which word is number 1?')
    expect(received).not.toMatch(MARKER)
  })

  it('are in no observation, info or state, nor in an error, over OpenEnv [IM-24]', async () => {
    await using proxy = await recordingProxy(url)
    await using episode = await connect(`${proxy.url}/${name}`)
    await episode.reset({ split: 'train', index: 2 })
    for (const [tool_name, given] of CALLS) {
      await episode.step({ tool_name, arguments: given }).catch(() => undefined)
      await episode.state()
    }
    await expect(episode.reset({ split: 'train', index: 99 })).rejects.toThrow('Invalid task index')
    await episode.reset({ taskSpec: { question: 'Which word is mine?' } }).catch(() => undefined)
    const received = proxy.received()
    expect(received).toContain('Which word is number 2?')
    expect(received.match(MARKER)).toBeNull()
  })

  it('are for orchestrators to list, whole', async () => {
    const answer = await fetch(`${url}/${name}/${name}/task`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ split: 'train', index: 1 }),
    })
    expect(await answer.text()).toContain('MARKER-answer-1')
  })
})
