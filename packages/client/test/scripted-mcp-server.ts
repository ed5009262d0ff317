// An MCP server on loopback, of revision 2025-06-18 with sessions, that answers calls as a test says, or misbehaves.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers one call of a tool, well or badly. */
export type Answer = (response: ServerResponse, id: number) => void

/** A running server of the kind. */
export interface ScriptedMcpServer extends AsyncDisposable {
  readonly url: string
  /** Methods that reached it in a session that it knew, in order; for calls, the name of the tool. */
  readonly ran: readonly string[]
  /** Sessions that were begun. */
  readonly sessions: number
  /** Forgets every session. */
  forget(): void
  /** What becomes of new sessions: they are begun, refused with 503, or begun and forgotten at once. */
  next: 'begun' | 'refused' | 'forgotten'
}

/** A stream of events whose data are given as they stand; its answer goes on. */
export function events(response: ServerResponse, ...data: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(': hello\n\n')
  for (const each of data) response.write(`data: ${each}\n\n`)
}

/** A whole answer in JSON. */
export function inJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}

/** A result of one call. */
export function resultOf(id: unknown, content: unknown): object {
  return { jsonrpc: '2.0', id, result: { content } }
}

/** Starts one, with these tools. */
export async function serveScripted(tools: Readonly<Record<string, Answer>>): Promise<ScriptedMcpServer> {
  const ran: string[] = []
  let known = new Set<string>()
  let sessions = 0
  const state = { next: 'begun' as ScriptedMcpServer['next'] }

  const begin = (response: ServerResponse, id: unknown): void => {
    if (state.next === 'refused') {
      response.writeHead(503).end()
      return
    }
    sessions += 1
    const session = `session-${String(sessions)}`
    if (state.next === 'begun') known.add(session)
    response.setHeader('mcp-session-id', session)
    const serverInfo = { name: 'scripted', version: '1.0.0' }
    const result = { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo }
    inJson(response, { jsonrpc: '2.0', id, result })
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.method !== 'POST') {
      response.writeHead(405).end()
      return
    }
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const { id, method, params } = JSON.parse(body) as {
      readonly id?: number
      readonly method: string
      readonly params?: { readonly name?: string }
    }
    if (method === 'initialize') {
      begin(response, id)
      return
    }
    if (id === undefined) {
      response.writeHead(202).end()
      return
    }
    if (method === 'server/discover') {
      inJson(response, { jsonrpc: '2.0', id, error: { code: -32601, message: 'Method not found' } })
      return
    }
    if (!known.has(String(request.headers['mcp-session-id']))) {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }),
      )
      return
    }
    const name = params?.name ?? ''
    ran.push(method === 'tools/call' ? name : method)
    if (method === 'tools/list') {
      const listed = Object.keys(tools).map((tool) => ({ name: tool, inputSchema: { type: 'object' } }))
      inJson(response, { jsonrpc: '2.0', id, result: { tools: listed } })
      return
    }
    tools[name]?.(response, id)
  }

  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/mcp`,
    ran,
    get sessions() {
      return sessions
    },
    forget: () => {
      known = new Set()
    },
    get next() {
      return state.next
    },
    set next(value) {
      state.next = value
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
