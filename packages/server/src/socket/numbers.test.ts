import { defineToolEnvironment, taskList } from '@openenv-ts/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import { McpSession, postMcp } from '../../test/mcp-client.ts'
import { OrsClient } from '../../test/ors-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from '../node/serve.ts'
import type { RunningServer } from '../node/listen-options.ts'

const cycle: unknown[] = []
cycle.push({ again: cycle })

/** What a tool must not answer: as a value, and what the error says of it. */
const NOT_JSON: Readonly<Record<string, readonly [value: unknown, says: string]>> = {
  nan: [{ list: [1, NaN] }, 'result.list[1] is NaN, which JSON cannot carry'],
  infinity: [Infinity, 'result is Infinity'],
  overflow: [{ big: 10 ** 308 * 10 }, 'result.big is Infinity'],
  integer: [{ id: 2 ** 60 }, 'result.id is 1152921504606847000, a whole number beyond 2^53 - 1'],
  bigint: [{ id: 1n }, 'result.id is a bigint'],
  map: [{ items: [1, 2, new Map()] }, 'result.items[2] is a Map'],
  date: [new Date(0), 'result is a Date'],
  hole: [[undefined], 'result[0] is undefined'],
  function: [{ run: () => 1 }, 'result.run is a function'],
  cycle: [{ cycle }, 'result.cycle[0].again contains itself'],
}

let calls: unknown[] = []
const mirror = defineToolEnvironment({
  name: 'mirror',
  description: 'Gives back what it is given.',
  options: z.object({ start: z.unknown().optional() }),
  tasks: taskList({ train: [{ id: 'one' }] }),
  open: () => ({}),
  tools: {
    echo: {
      description: 'Gives it back.',
      input: z.strictObject({ value: z.unknown() }),
      run: (_world, { value }) => {
        calls.push(value)
        return { value }
      },
    },
    odd: {
      description: 'Gives what is not JSON.',
      input: z.strictObject({ kind: z.string() }),
      run: (_world, { kind }) => NOT_JSON[kind]?.[0],
    },
  },
  rubric: { done: () => 1 },
})

let server: RunningServer
beforeAll(async () => {
  server = await serve(mirror, { port: 0, agentEpisode: 'one' })
})
afterAll(() => server.close())
beforeEach(() => {
  calls = []
})

/** Sends a tool call with JSON text in place of its arguments; answers the text that came back. */
type Send = (name: string, args: string) => Promise<string>

const post = async (path: string, text: string, headers: Record<string, string> = {}): Promise<string> => {
  const init = { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } }
  return (await fetch(server.url + path, init)).text()
}

const onSocket = async (path: string, frames: readonly string[]): Promise<string> => {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}${path}`)
  let text = ''
  for (const frame of frames) {
    text = await new Promise<string>((resolve, reject) => {
      socket.once('error', reject)
      socket.once('message', (data: Buffer) => {
        resolve(data.toString('utf8'))
      })
      const send = (): void => {
        socket.send(frame)
      }
      if (socket.readyState === WebSocket.OPEN) send()
      else socket.once('open', send)
    })
  }
  socket.close()
  return text
}

const rpcCall = (name: string, args: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":${args}}}`

/** Every way in which a tool call comes in. */
const TRANSPORTS: Readonly<Record<string, Send>> = {
  '/ws, step': (name, args) =>
    onSocket('/ws', [
      '{"type":"reset"}',
      `{"type":"step","data":{"type":"call_tool","tool_name":"${name}","arguments":${args}}}`,
    ]),
  '/ws, mcp': (name, args) =>
    onSocket('/ws', ['{"type":"reset"}', `{"type":"mcp","data":${rpcCall(name, args)}}`]),
  '/ws, batch': (name, args) =>
    onSocket('/ws', [
      '{"type":"batch","data":{"calls":[["open",0],["reset",0,{}]]}}',
      `{"type":"batch","data":{"calls":[["step",0,{"tool_name":"${name}","arguments":${args}}]]}}`,
    ]),
  'HTTP, step': async (name, args) => {
    const headers = { 'x-session-id': `http-${String(Math.random())}` }
    await post('/reset', '{}', headers)
    return post('/step', `{"action":{"tool_name":"${name}","arguments":${args}}}`, headers)
  },
  '/mcp in the dialect of OpenEnv, HTTP': async (name, args) => {
    const opened = JSON.parse(
      await post('/mcp', '{"jsonrpc":"2.0","id":1,"method":"openenv/session/create"}', { accept: '*/*' }),
    ) as { readonly result: { readonly session_id: string } }
    const id = opened.result.session_id
    await post('/reset', JSON.stringify({ session_id: id }))
    return post('/mcp', rpcCall(name, args).replace('{"name"', `{"session_id":"${id}","name"`))
  },
  '/mcp in the dialect of OpenEnv, WebSocket': (name, args) => onSocket('/mcp', [rpcCall(name, args)]),
  'MCP 2025-11-25': async (name, args) => {
    const session = await McpSession.open(`${server.url}/mcp`)
    const answer = await session.post(rpcCall(name, args))
    return JSON.stringify(answer.message)
  },
  'Open Reward Standard': async (name, args) => {
    const client = new OrsClient(server.url, 'mirror')
    await client.create({ split: 'train', index: 0 })
    return post('/mirror/call', `{"name":"${name}","input":${args}}`, { 'x-session-id': client.id })
  },
}

describe.each(Object.entries(TRANSPORTS))('over %s', (_name, send) => {
  it.each([
    ['1234567890123456789', 'a whole number beyond 2^53 - 1'],
    ['-9007199254740993', 'a whole number beyond 2^53 - 1'],
    ['1e400', 'too large'],
    ['NaN', 'NaN'],
    ['-Infinity', 'Infinity'],
  ])('refuses %s in arguments, by its name and place, and calls nothing [OE-24]', async (literal, says) => {
    const answer = await send('echo', `{"value":{"list":[true,${literal}]}}`)
    expect(answer).toContain(literal)
    expect(answer).toContain('value.list.1')
    expect(answer).toContain(says)
    expect(calls).toEqual([])
  })

  it('takes the largest whole numbers, doubles, and -0 as 0', async () => {
    const sent = '[9007199254740991,-9007199254740991,0.1,5e-324,1e22,-0]'
    const answer = await send('echo', `{"value":${sent}}`)
    expect(answer.replaceAll('\\"', '"')).toContain('[9007199254740991,-9007199254740991,0.1,5e-324,1e+22,0]')
  })

  it('says which part of a result JSON cannot carry, and answers no null in its place', async () => {
    for (const [kind, [, says]] of Object.entries(NOT_JSON)) {
      const answer = (await send('odd', JSON.stringify({ kind }))).replaceAll('\\"', '"')
      expect(answer, kind).toContain(`The environment failed: ${says}`)
    }
  })
})

it('refuses them in a reset, in a task spec and in options', async () => {
  const big = '12345678901234567890'
  for (const data of [`{"seed":${big}}`, `{"task_spec":{"n":${big}}}`, `{"start":{"deep":[${big}]}}`]) {
    expect(await post('/reset', data)).toContain(big)
    expect(await onSocket('/ws', [`{"type":"reset","data":${data}}`])).toContain(big)
  }
  const ors = new OrsClient(server.url, 'mirror')
  const created = await post('/create', `{"env_name":"mirror","task_spec":{"n":${big}}}`, ors.headers)
  expect(created).toContain(`${big} at task_spec.n`)
  expect(await post('/sessions', `{"start":${big}}`)).toContain(`${big} at start`)
})

it('goes on after each of them: the socket stays open and the episode as it was', async () => {
  const client = await SocketClient.open(server.url)
  await client.ask('reset')
  for (const literal of ['12345678901234567890', '1e999', 'NaN']) {
    client.sendRaw(`{"type":"step","data":{"tool_name":"echo","arguments":{"value":${literal}}}}`)
    expect((await client.next()).type).toBe('error')
  }
  expect((await client.ask('state')).data).toMatchObject({ step_count: 0 })
  expect((await client.ask('step', { tool_name: 'echo', arguments: { value: 1 } })).type).toBe('observation')
  await client[Symbol.asyncDispose]()
})

it('writes the number of an MCP batch down as well', async () => {
  const { status, message } = await postMcp(`${server.url}/mcp`, `[${rpcCall('echo', '{"value":1e400}')}]`)
  expect(status).toBe(400)
  expect(message['error']).toMatchObject({ message: expect.stringContaining('1e400 at 0.params.arguments') })
})
