import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { isOpenEnvError, type OpenEnvError } from '@openenv-ts/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connect, connectOrs, connectVector, info, listTasks } from './index.ts'
import { connectMcp } from './mcp/index.ts'

const quick = { connectTimeoutMs: 5000 }

/** Every way to a server, by what a caller gives: the address of a server, or of its MCP endpoint. */
const WAYS: Readonly<Record<string, (server: string) => Promise<unknown>>> = {
  connect: (server) => connect(server, { ...quick, retries: 3, token: 'sk-token' }),
  connectVector: (server) => connectVector(server, { ...quick, size: 2, token: 'sk-token' }),
  connectOrs: (server) => connectOrs(server, { token: 'sk-token' }),
  connectMcp: (server) => connectMcp(`${server}/mcp`, { ...quick, token: 'sk-token' }),
  info: (server) => info(server, { token: 'sk-token' }),
  listTasks: (server) => listTasks(server, { ...quick, token: 'sk-token', environment: 'e' }),
}

/** Answers every request, handshakes too, with one redirect. */
class Redirecting {
  readonly #sockets: Socket[] = []
  readonly #server: Server
  /** First lines of the requests. */
  readonly asked: string[] = []
  status = 301
  /** `*` becomes the path of the request. */
  location = ''

  constructor() {
    this.#server = createServer((socket) => {
      this.#sockets.push(socket)
      socket.on('error', () => undefined)
      socket.once('data', (head: Buffer) => {
        const [line = ''] = head.toString('latin1').split('\r\n', 1)
        this.asked.push(line)
        const location = this.location.replace('*', line.split(' ')[1] ?? '')
        const headers = `location: ${location}\r\ncontent-length: 0\r\nconnection: close`
        socket.end(`HTTP/1.1 ${String(this.status)} Moved\r\n${headers}\r\n\r\n`, 'latin1')
      })
    })
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `127.0.0.1:${String((this.#server.address() as AddressInfo).port)}`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

async function failure(call: Promise<unknown>): Promise<OpenEnvError> {
  const error: unknown = await call.then(() => 'it did not fail').catch((reason: unknown) => reason)
  if (!isOpenEnvError(error)) throw new Error(`Expected an OpenEnvError, got ${String(error)}`)
  return error
}

let server: Redirecting
let host: string
beforeEach(async () => {
  server = new Redirecting()
  host = await server.listen()
})
afterEach(() => server.close())

describe.each(Object.entries(WAYS))('%s', (name, ask) => {
  const route = name === 'connectMcp' ? '/mcp' : ''

  it.each([301, 302, 303, 307, 308])('names the https address that HTTP %i leads to', async (status) => {
    server.status = status
    server.location = `https://${host}*`
    const error = await failure(ask(`http://${host}/prefix`))
    expect([error.code, error.data]).toEqual(['CONNECTION_ERROR', { status }])
    expect(error.message).toContain(`redirects to https://${host}/prefix${route} (HTTP ${String(status)})`)
    expect(error.message).toMatch(new RegExp(`If that is your server: https://${host}/prefix${route}$`))
    // The tasks are asked for over the socket and, without one, over HTTP.
    expect(server.asked).toHaveLength(name === 'listTasks' ? 2 : 1)
  })

  it('names another host, without credentials, query and fragment', async () => {
    server.location = 'https://user:sk-password@other.example:8443/lab*?token=sk-query#sk-fragment'
    const { message } = await failure(ask(`http://${host}`))
    expect(message).toMatch(new RegExp(`If that is your server: https://other.example:8443/lab${route}$`))
    expect(message).not.toContain('sk-')
  })

  it.each([
    ['a script', 'javascript:alert(1)', 'alert'],
    ['a file', 'file:///etc/passwd', 'passwd'],
    ['data', 'data:text/html,evil', 'evil'],
    ['a host that cannot be', 'http://[evil', 'evil'],
  ])('does not print %s', async (_what, location, hidden) => {
    server.location = location
    const { code, message } = await failure(ask(`http://${host}`))
    expect(code).toBe('CONNECTION_ERROR')
    expect(message).toContain('redirects to something that is not a web address')
    expect(message).not.toContain(hidden)
  })

  it('prints a hostile address in one short line without control characters', async () => {
    for (const path of [
      '/\u009b31mred\u0085*',
      '/%1b[2J*',
      `/${'x'.repeat(8000)}*`,
      `${'/'.repeat(8000)}x`,
    ]) {
      server.location = `https://other.example${path}`
      const { code, message } = await failure(ask(`http://${host}`))
      expect(code).toBe('CONNECTION_ERROR')
      expect(message).toContain('redirects to https://other.example/')

      expect(message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      expect(message.length).toBeLessThan(800)
    }
  })
})

describe.each(['connect', 'connectVector'])('the session socket of %s', (name) => {
  const ask = WAYS[name] ?? connect

  it('names where a relative redirect leads, and does not follow it', async () => {
    server.location = '/lab/ws/'
    expect((await failure(ask(`http://${host}`))).message).toMatch(
      new RegExp(`If that is your server: http://${host}/lab$`),
    )
    server.location = '//other.example/lab/ws'
    expect((await failure(ask(`http://${host}`))).message).toMatch(/server: http:\/\/other\.example\/lab$/)
    expect(server.asked).toHaveLength(2)
  })

  it('reads ws and wss as http and https', async () => {
    for (const [from, to] of [
      ['ws', 'http'],
      ['wss', 'https'],
    ]) {
      server.location = `${String(from)}://other.example/lab/ws`
      const { message } = await failure(ask(`ws://${host}`))
      expect(message).toMatch(new RegExp(`^http://${host} redirects to ${String(to)}://other.example/lab `))
    }
  })

  it('names the path when only that differs, and not the address that was given', async () => {
    server.location = '/ws/'
    const { message } = await failure(ask(`http://${host}`))
    expect(message).toContain(`http://${host} redirects to /ws/ (HTTP 301)`)
    expect(message).not.toContain('If that is your server')
  })

  it('takes a redirect without an address as any other refusal', async () => {
    server.location = ''
    server.status = 304
    const error = await failure(ask(`http://${host}`))
    expect(error.data).toEqual({ status: 304 })
    expect(error.message).toContain('refuses the session socket')
  })
})
