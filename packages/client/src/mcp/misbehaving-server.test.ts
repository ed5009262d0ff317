import type { ServerResponse } from 'node:http'
import { describe, expect, it } from 'vitest'
import {
  events,
  inJson,
  resultOf,
  serveScripted,
  type Answer,
  type ScriptedMcpServer,
} from '../../test/scripted-mcp-server.ts'
import { connectMcp, type McpTools } from './index.ts'

const text = (words: string) => ({ type: 'text', text: words })
const fine: Answer = (response, id) => {
  inJson(response, resultOf(id, [text('fine')]))
}
const asJson = (response: ServerResponse, body: string): void => {
  response.writeHead(200, { 'content-type': 'application/json' }).end(body)
}

/** Ways to answer a call so that its result cannot come any more. Those that stay open do so for good. */
const BROKEN: Readonly<Record<string, Answer>> = {
  'a stream that ends': (response) => {
    events(response)
    response.end()
  },
  'a stream that ends in the middle of its answer': (response, id) => {
    events(response)
    response.end(`data: ${JSON.stringify(resultOf(id, []))}`)
  },
  'a stream that ends after progress': (response) => {
    events(response, '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}')
    response.end()
  },
  'a stream that breaks off': (response) => {
    events(response)
    setImmediate(() => response.destroy())
  },
  'a stream that can be gone on with, of which the server knows nothing': (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end('id: 1\nretry: 1\ndata:\n\n')
  },
  'a stream with the answer to another request, which stays open': (response) => {
    events(response, JSON.stringify(resultOf(99_999, [])))
  },
  'a stream with an error of no request, which stays open': (response) => {
    events(response, '{"jsonrpc":"2.0","id":null,"error":{"code":-32603,"message":"Oh."}}')
  },
  'a stream with what is not JSON, which stays open': (response) => {
    events(response, 'not json')
  },
  'a stream with what is not JSON-RPC, which stays open': (response) => {
    events(response, '{"hello":"world"}')
  },
  'a stream that is cut within a character': (response) => {
    events(response)
    response.end(Buffer.from([0x64, 0xc3]))
  },
  'JSON for another request': (response) => {
    inJson(response, resultOf(99_999, []))
  },
  'an empty list': (response) => {
    inJson(response, [])
  },
  'half of JSON': (response) => {
    asJson(response, '{"jsonrpc":"2.0",')
  },
  'JSON that is not JSON-RPC': (response) => {
    inJson(response, { hello: 'world' })
  },
  'a page': (response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Hello</h1>')
  },
  'nothing but 202': (response) => {
    response.writeHead(202).end()
  },
  'nothing but 204': (response) => {
    response.writeHead(204).end()
  },
  'nothing at all': (response) => {
    response.destroy()
  },
}

describe('a call whose answer cannot come any more', () => {
  it.each(Object.keys(BROKEN))('fails at once, and the next one works: %s', async (how) => {
    await using server = await serveScripted({ broken: BROKEN[how] ?? fine, fine })
    // Longer than a test may take.
    await using tools = await connectMcp(server.url, { timeoutMs: 600_000 })
    const failing = tools.callTool('broken', {})
    await expect(failing).rejects.toMatchObject({
      code: 'CONNECTION_ERROR',
      message: expect.stringContaining(server.url) as string,
    })
    expect(await tools.callTool('fine', {})).toMatchObject({ content: [text('fine')] })
    // It may have run, so it is not sent again.
    expect(server.ran).toEqual(['broken', 'fine'])
  })

  it('is told apart from one that is still answered, whatever comes behind the answer', async () => {
    await using server = await serveScripted({
      chatty: (response, id) => {
        events(response, JSON.stringify(resultOf(id, [text('here')])), 'not json', '{"hello":"world"}')
        response.end()
      },
    })
    await using tools = await connectMcp(server.url)
    expect(await tools.callTool('chatty', {})).toMatchObject({ content: [text('here')] })
  })
})

describe('a block that this client cannot read', () => {
  it.each([
    ['of an unknown type', { type: 'video', data: 'x' }, '"video"'],
    ['of an image without its data', { type: 'image', mimeType: 'image/png' }, '"image"'],
    ['of a text without words', { type: 'text' }, '"text"'],
    ['without a type', { text: 'x' }, 'no type'],
    ['that is null', null, 'no type'],
    ['that is a text itself', 'hello', 'no type'],
    ['of a type with control characters', { type: '\u001b[2J' }, '"\\u001b[2J"'],
  ])('%s is words in its place, and the others are there', async (_what, block, words) => {
    const content = [text('before'), block, text('after')]
    for (const answer of [inJson, inEvents]) {
      await using server = await serveScripted({
        show: (response, id) => {
          answer(response, resultOf(id, content))
        },
      })
      await using tools = await connectMcp(server.url)
      const shown = await tools.callTool('show', {})
      expect(shown.isError).toBe(false)
      expect(shown.content).toEqual([
        text('before'),
        text(expect.stringContaining(words) as string),
        text('after'),
      ])
    }
  })
})

function inEvents(response: ServerResponse, value: unknown): void {
  events(response, JSON.stringify(value))
  response.end()
}

describe('a session that the server forgot', () => {
  const open = async (): Promise<{ server: ScriptedMcpServer; tools: McpTools } & AsyncDisposable> => {
    const server = await serveScripted({ fine })
    const tools = await connectMcp(server.url)
    return {
      server,
      tools,
      [Symbol.asyncDispose]: async () => {
        await tools.close()
        await server[Symbol.asyncDispose]()
      },
    }
  }

  it('is begun again, and what was asked is asked once more', async () => {
    await using at = await open()
    at.server.forget()
    expect(await at.tools.listTools()).toHaveLength(1)
    at.server.forget()
    expect(await at.tools.callTool('fine', {})).toMatchObject({ content: [text('fine')] })
    expect(await at.tools.callTool('fine', {})).toMatchObject({ content: [text('fine')] })
    expect(at.server).toMatchObject({ sessions: 3, ran: ['tools/list', 'fine', 'fine'] })
  })

  it('is begun again once for all calls that find it out', async () => {
    await using at = await open()
    at.server.forget()
    const results = await Promise.all([1, 2, 3, 4].map(() => at.tools.callTool('fine', {})))
    expect(results.map(({ isError }) => isError)).toEqual([false, false, false, false])
    expect(at.server).toMatchObject({ sessions: 2, ran: ['fine', 'fine', 'fine', 'fine'] })
  })

  it('is a clear error where the new one is forgotten too', async () => {
    await using at = await open()
    at.server.forget()
    at.server.next = 'forgotten'
    await expect(at.tools.callTool('fine', {})).rejects.toMatchObject({
      code: 'CONNECTION_ERROR',
      message: expect.stringContaining('does not know the session that it has just begun') as string,
    })
    expect(at.server).toMatchObject({ sessions: 2, ran: [] })
    at.server.next = 'begun'
    expect(await at.tools.callTool('fine', {})).toMatchObject({ isError: false })
  })

  it('is a clear error where no other can be begun, and works once one can', async () => {
    await using at = await open()
    at.server.forget()
    at.server.next = 'refused'
    await expect(at.tools.callTool('fine', {})).rejects.toMatchObject({
      code: 'CONNECTION_ERROR',
      message: expect.stringContaining('has forgotten the session, and a new one cannot be begun') as string,
    })
    at.server.next = 'begun'
    expect(await at.tools.callTool('fine', {})).toMatchObject({ isError: false })
  })

  it('is not begun again for a connection that was closed', async () => {
    await using at = await open()
    at.server.forget()
    await at.tools.close()
    await expect(at.tools.callTool('fine', {})).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
    expect(at.server.sessions).toBe(1)
  })
})
