import { isOpenEnvError, seatAgent } from '@openenv-ts/core'
import type {
  McpHttpHandler,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { json, type Host } from '../route.ts'
import type { Session } from '../session.ts'
import { agentServer, type Sdk } from './agent-server.ts'
import { NO_EPISODE, type EpisodeSource } from './episode-source.ts'

/** One MCP session of the revisions up to 2025-11-25, and the episode behind it. */
interface Conversation {
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly server: McpServer
  readonly session: Session
  readonly place: object
}

/** MCP sessions that one episode may have at a time: an agent that opens another loses its oldest. */
const MAX_CONVERSATIONS = 16

/**
 * MCP's Streamable HTTP: revisions with sessions up to 2025-11-25, and those without from 2026-07-28 on.
 *
 * The protocol is the official SDK's; here stands only which episode a request means.
 */
export class McpEndpoint {
  readonly #host: Host
  readonly #conversations = new Map<string, Conversation>()
  #loaded: Promise<{ readonly sdk: Sdk; readonly sessionless: McpHttpHandler }> | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * Answers a request.
   *
   * @param body - The parsed body of a POST; undefined for other methods.
   */
  async fetch(request: Request, body: unknown, source: EpisodeSource): Promise<Response> {
    const { sdk, sessionless } = await this.#load()
    const id = request.headers.get('mcp-session-id')
    if (id !== null) return this.#goOn(id, request, body, source)
    if (request.method !== 'POST') return methodNotAllowed()
    try {
      // Where there is no episode there is nothing to keep, whatever the revision.
      if (source !== NO_EPISODE && (await sdk.isLegacyRequest(request, body))) {
        return await this.#begin(sdk, request, body, source)
      }
      const session = await source.shared(request)
      const instructions = await this.#instructions(session, isAsked(body, 'server/discover'))
      const authInfo = { token: '', clientId: '', scopes: [], extra: { session, instructions } }
      return await sessionless.fetch(request, { parsedBody: body, authInfo })
    } catch (error) {
      return noEpisode(error)
    }
  }

  /** The session of the conversation that a request goes on with, if it is one of this place. */
  sessionOf(request: Request, source: EpisodeSource): Session | undefined {
    const conversation = this.#conversations.get(request.headers.get('mcp-session-id') ?? '')
    return conversation?.place === source.place ? conversation.session : undefined
  }

  /** Forgets conversations whose episodes are over. Called every few seconds. */
  sweep(): void {
    for (const [id, { session, server }] of this.#conversations) {
      if (this.#host.sessions.isOpen(session)) continue
      this.#conversations.delete(id)
      void server.close()
    }
  }

  /** Ends every conversation. */
  async close(): Promise<void> {
    const open = [...this.#conversations.values()]
    this.#conversations.clear()
    await Promise.all(open.map(({ server }) => server.close()))
    if (this.#loaded !== undefined) await (await this.#loaded).sessionless.close()
  }

  #load(): Promise<{ readonly sdk: Sdk; readonly sessionless: McpHttpHandler }> {
    this.#loaded ??= import('@modelcontextprotocol/server').then((sdk) => ({
      sdk,
      sessionless: sdk.createMcpHandler(
        ({ authInfo }) => {
          const { session = null, instructions } = (authInfo?.extra ?? {}) as {
            readonly session?: Session | null
            readonly instructions?: string
          }
          return agentServer(sdk, this.#host, session, instructions ?? this.#host.environment.description)
        },
        { maxRequestBodySize: this.#host.maxMessageBytes },
      ),
    }))
    return this.#loaded
  }

  /** A request of a conversation that has begun. */
  async #goOn(id: string, request: Request, body: unknown, source: EpisodeSource): Promise<Response> {
    const conversation = this.#conversations.get(id)
    if (conversation?.place !== source.place || !this.#host.sessions.touch(conversation.session)) {
      return rpcError(404, -32001, 'Session not found')
    }
    const response = await conversation.transport.handleRequest(request, { parsedBody: body })
    return request.method === 'GET' ? holding(conversation.session, response) : response
  }

  /** The first request of a conversation: `initialize`, or something that the protocol refuses without one. */
  async #begin(sdk: Sdk, request: Request, body: unknown, source: EpisodeSource): Promise<Response> {
    const session = isAsked(body, 'initialize') ? await source.open() : null
    const server = await agentServer(sdk, this.#host, session, await this.#instructions(session, true))
    const transport = new sdk.WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => {
        if (session === null) return
        this.#makeRoom(session)
        this.#conversations.set(id, { transport, server, session, place: source.place })
      },
      onsessionclosed: async (id) => {
        this.#conversations.delete(id)
        if (session !== null && source.owned) await this.#host.sessions.close(session)
      },
    })
    await server.connect(transport)
    const response = await transport.handleRequest(request, { parsedBody: body })
    // Refused by the protocol, for its headers for example: the episode would be nobody's.
    if (transport.sessionId === undefined && session !== null && source.owned) {
      await this.#host.sessions.close(session)
    }
    return response
  }

  #makeRoom(session: Session): void {
    const own = [...this.#conversations].filter(([, conversation]) => conversation.session === session)
    for (const [id, { server }] of own.slice(0, Math.max(0, own.length - MAX_CONVERSATIONS + 1))) {
      this.#conversations.delete(id)
      void server.close()
    }
  }

  /** What the agent is told first: its task. Only an episode that has begun knows one. */
  async #instructions(session: Session | null, wanted: boolean): Promise<string> {
    const { environment } = this.#host
    if (session === null || !wanted) return environment.description
    try {
      return await seatAgent(session.episode, environment).brief()
    } catch {
      return environment.description
    }
  }
}

/** The response, with a stream that keeps the session from being idle until either side ends it. */
function holding(session: Session, response: Response): Response {
  if (!response.ok || response.body === null) return response
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  session.holders += 1
  let held = true
  const release = (): void => {
    if (held) session.holders -= 1
    held = false
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) {
          controller.enqueue(value)
          return
        }
        release()
        controller.close()
      } catch (error) {
        release()
        controller.error(error)
      }
    },
    async cancel(reason) {
      release()
      await reader.cancel(reason)
    },
  })
  const { status, headers } = response
  return new Response(body, { status, headers })
}

/** Whether a body is a request of this method, alone or as a batch of one. */
function isAsked(body: unknown, method: string): boolean {
  const request: unknown = Array.isArray(body) && body.length === 1 ? body[0] : body
  return (request as { readonly method?: unknown } | null | undefined)?.method === method
}

function noEpisode(error: unknown): Response {
  if (!isOpenEnvError(error)) throw error
  return rpcError(error.http, -32000, error.message)
}

function rpcError(status: number, code: number, message: string): Response {
  return json({ status, body: { jsonrpc: '2.0', id: null, error: { code, message } } })
}

function methodNotAllowed(): Response {
  const body = { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Method not allowed.' } }
  return json({ status: 405, body, headers: { allow: 'POST' } })
}
