import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { boundedResponse, fetchWithinOrigin, readText } from './fetch-within-origin.ts'
import { connect, connectOrs, info, listTasks } from './index.ts'
import { connectMcp } from './mcp/index.ts'

interface Listening extends AsyncDisposable {
  readonly url: string
  /** Everything that was received, heads and bodies. */
  readonly heard: string[]
}

async function listening(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Listening> {
  const heard: string[] = []
  const server = createServer((request, response) => {
    heard.push(`${String(request.method)} ${String(request.url)} ${JSON.stringify(request.headers)}`)
    request.on('data', (part: Buffer) => heard.push(part.toString()))
    request.on('end', () => {
      answer(request, response)
    })
  })
  server.on('upgrade', (request, socket) => {
    heard.push(`upgrade ${JSON.stringify(request.headers)}`)
    socket.end(
      `HTTP/1.1 307 Temporary Redirect\r\nlocation: ${other}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`,
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Where the redirects of a test lead. */
let other = ''
const secret = { token: 'sk-token', headers: { 'x-mine': 'sk-header' } }
const quick = { connectTimeoutMs: 5000 }

/** Every client of this package that asks over HTTP, or by an upgrade. */
const CLIENTS: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
  'the questions of OpenEnv': (url) => info(url, secret),
  'the list of tasks': (url) => listTasks(url, { ...secret, environment: 'e' }),
  'the client of ORS, with its first question': (url) => connectOrs(url, secret),
  'the client of ORS, with the secrets of an episode': async (url) => {
    const episode = await connectOrs(url, { ...secret, environment: 'e', secrets: { key: 'sk-secret' } })
    await episode.reset({ taskSpec: { id: 'sk-task' } })
  },
  'the client of MCP': (url) => connectMcp(`${url}/mcp`, { ...secret, ...quick }),
  'the session socket': (url) => connect(url, { ...secret, ...quick, retries: 0 } as never),
}

describe('a server that redirects', () => {
  for (const status of [301, 302, 303, 307, 308]) {
    it.each(Object.entries(CLIENTS))(
      `with ${String(status)} to another one sends it nothing, and is named: %s`,
      async (_name, ask) => {
        await using stranger = await listening((_request, response) => response.end('{}'))
        await using server = await listening((request, response) => {
          response.writeHead(status, { location: `${stranger.url}${String(request.url)}` }).end()
        })
        other = `${stranger.url.replace('http', 'ws')}/ws`
        await expect(ask(server.url)).rejects.toMatchObject({
          code: 'CONNECTION_ERROR',
          message: expect.stringMatching(
            new RegExp(`^${server.url}\\S* redirects to ${stranger.url}`),
          ) as string,
        })
        expect(server.heard.join('\n')).toMatch(/sk-token/)
        expect(stranger.heard).toEqual([])
      },
    )
  }

  it.each([
    ['another port', 'http://127.0.0.1:1/x'],
    ['another name of the same machine', 'http://localhost:PORT/x'],
    ['another scheme', 'https://127.0.0.1:PORT/x'],
    ['credentials', 'http://a:b@127.0.0.1:PORT/x'],
    ['another scheme without a host', 'data:application/json,{}'],
    ['a file', 'file:///etc/passwd'],
    ['what is not an address', 'http://['],
    ['an address without a scheme', '//127.0.0.1:1/x'],
  ])('to %s is refused, with what to do', async (_name, location) => {
    await using server = await listening((request, response) => {
      const port = String((request.socket.address() as AddressInfo).port)
      response.writeHead(308, { location: location.replace('PORT', port) }).end()
    })
    await expect(fetchWithinOrigin(server.url)).rejects.toThrow(/redirects to .*Give the address/)
    expect(server.heard).toHaveLength(1)
  })

  it('within its origin is followed, with method, headers and body as the standard has it', async () => {
    await using server = await listening((request, response) => {
      const [, status] = /^\/from\/(\d+)/.exec(String(request.url)) ?? []
      if (status === undefined) response.end('"there"')
      else response.writeHead(Number(status), { location: '/to' }).end()
    })
    const init = { method: 'POST', body: 'text', headers: { 'x-mine': '1', 'content-type': 'text/plain' } }
    for (const [status, method, body] of [
      [301, 'GET', false],
      [302, 'GET', false],
      [303, 'GET', false],
      [307, 'POST', true],
      [308, 'POST', true],
    ] as const) {
      server.heard.length = 0
      const response = await fetchWithinOrigin(`${server.url}/from/${String(status)}`, init)
      expect(await readText(response)).toBe('"there"')
      expect(server.heard[2]).toMatch(new RegExp(`^${method} /to .*"x-mine":"1"`))
      expect(server.heard.length).toBe(body ? 4 : 3)
    }
  })

  it('in a circle is left after five redirects', async () => {
    await using server = await listening((_request, response) => {
      response.writeHead(307, { location: '/' }).end()
    })
    await expect(fetchWithinOrigin(server.url)).rejects.toThrow('one address after another')
    expect(server.heard).toHaveLength(6)
  })
})

describe('a server that answers without end', () => {
  const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024, ' '))

  it.each([
    ['gzip of blanks', { 'content-encoding': 'gzip' }, (response: ServerResponse) => response.end(bomb)],
    [
      'a body without end',
      {},
      (response: ServerResponse) => {
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(1024 * 1024, ' ')));
          if (!response.destroyed) response.once('drain', more)
        }
        more()
      },
    ],
  ])('%s is cut off at 32 MiB', async (_name, headers, write) => {
    await using server = await listening((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', ...headers })
      write(response)
    })
    await expect(info(server.url)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('more than 32 MiB') as string,
    })
    expect(server.heard).toHaveLength(1)
    await expect(connectOrs(server.url)).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  it('is bounded where another client reads: answers as a whole, streams by their events', async () => {
    const portions = (type: string, ...texts: string[]): Response => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const text of texts) controller.enqueue(new TextEncoder().encode(text))
          controller.close()
        },
      })
      return new Response(body, { headers: { 'content-type': type } })
    }
    const json = 'application/json'
    const events = 'text/event-stream'
    expect(await boundedResponse(portions(json, '12345', '67890'), 10).text()).toBe('1234567890')
    await expect(boundedResponse(portions(json, '12345', '678901'), 10).text()).rejects.toThrow('more than')
    const many = Array<string>(50).fill('data:1\n\n')
    expect(await boundedResponse(portions(events, ...many), 10).text()).toBe(many.join(''))
    expect(await boundedResponse(portions(events, 'data:1\r\n\r\n', 'data:2\r\n\r\n'), 12).text()).toContain(
      '2',
    )
    await expect(boundedResponse(portions(events, 'data:1\n', 'data:2\n'), 10).text()).rejects.toThrow(
      'more than',
    )
  })
})
