import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import type {
  McpHttpHandler,
  McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { json, type Host } from '../route.ts'
import type { Session } from '../session.ts'
import { agentServer, type Sdk } from './agent-server.ts'

/** Which episode an MCP client plays: decided by where it connects, never by the client. */
export interface EpisodeSource {
  /** The episode of a new MCP session; null where there is none to be had. */
  open(): Promise<Session | null>
  /** The episode of a request in a revision of MCP that has no sessions. */
  shared(request: Request): Promise<Session | null>
  /** Whether an episode ends with the MCP session that it was opened for. */
  readonly owned: boolean
}

/** One MCP session of the revisions up to 2025-11-25, and the episode behind it. */
interface Conversation {
  readonly transport: WebStandardStreamableHTTPServerTransport
  readonly server: McpServer
  readonly session: Session | null
  readonly source: EpisodeSource
  /** Sweeps since its last request; one with an episode lives as long as that. */
  idle: number
}

/** Sweeps without a request after which a conversation without an episode is forgotten: a quarter of an hour. */
const MAX_IDLE_SWEEPS = 180

/**
 * MCP's Streamable HTTP: revisions with sessions up to 2025-11-25, and those without from 2026-07-28 on.
 *
 * The protocol is the official SDK's; here stands only which episode a request means.
 */
export class McpEndpoint {
  readonly #host: Host
  readonly #conversations = new Map<string, Conversation>()
  #loaded: Promise<{ readonly sdk: Sdk; readonly modern: McpHttpHandler }> | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /**
   * Answers a request.
   *
   * @param body - The parsed body of a POST; undefined for other methods and for bodies that are no JSON.
   */
  async fetch(request: Request, body: unknown, source: EpisodeSource): Promise<Response> {
    const { sdk, modern } = await this.#load()
    const id = request.headers.get('mcp-session-id')
    if (id !== null) return this.#continue(id, request, body, source)
    if (request.method !== 'POST') return methodNotAllowed()
    if (await sdk.isLegacyRequest(request, body)) return this.#begin(sdk, request, body, source)
    try {
      const session = await source.shared(request)
      const authInfo = { token: '', clientId: '', scopes: [], extra: { session } }
      return await modern.fetch(request, { parsedBody: body, authInfo })
    } catch (error) {
      return noEpisode(error)
    }
  }

  /** Forgets conversations whose episodes are over, and those that nobody goes on with. Called every few seconds. */
  sweep(): void {
    for (const [id, conversation] of this.#conversations) {
      const { session, server } = conversation
      conversation.idle += 1
      const over =
        session === null ? conversation.idle > MAX_IDLE_SWEEPS : !this.#host.sessions.isOpen(session)
      if (!over) continue
      this.#conversations.delete(id)
      void server.close()
    }
  }

  /** Ends every conversation. */
  async close(): Promise<void> {
    const open = [...this.#conversations.values()]
    this.#conversations.clear()
    await Promise.all(open.map(({ server }) => server.close()))
    if (this.#loaded !== undefined) await (await this.#loaded).modern.close()
  }

  #load(): Promise<{ readonly sdk: Sdk; readonly modern: McpHttpHandler }> {
    this.#loaded ??= import('@modelcontextprotocol/server').then((sdk) => ({
      sdk,
      modern: sdk.createMcpHandler(
        ({ authInfo }) =>
          agentServer(sdk, this.#host, (authInfo?.extra?.['session'] ?? null) as Session | null),
        { legacy: 'reject', maxRequestBodySize: this.#host.maxMessageBytes },
      ),
    }))
    return this.#loaded
  }

  async #continue(id: string, request: Request, body: unknown, source: EpisodeSource): Promise<Response> {
    const conversation = this.#conversations.get(id)
    // An id is good only where it was given out: another address is another episode.
    if (conversation?.source.owned !== source.owned || !(await sameEpisode(conversation, source))) {
      return rpcError(404, -32001, 'Session not found')
    }
    conversation.idle = 0
    if (conversation.session !== null) this.#host.sessions.touch(conversation.session)
    return conversation.transport.handleRequest(request, { parsedBody: body })
  }

  async #begin(sdk: Sdk, request: Request, body: unknown, source: EpisodeSource): Promise<Response> {
    let session: Session | null
    try {
      session = sdk.isInitializeRequest(body) ? await source.open() : null
    } catch (error) {
      return noEpisode(error)
    }
    const server = agentServer(sdk, this.#host, session)
    const transport = new sdk.WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => {
        this.#conversations.set(id, { transport, server, session, source, idle: 0 })
      },
      onsessionclosed: async (id) => {
        this.#conversations.delete(id)
        if (session !== null && source.owned) await this.#host.sessions.close(session)
      },
    })
    await server.connect(transport)
    return transport.handleRequest(request, { parsedBody: body })
  }
}

async function sameEpisode(conversation: Conversation, source: EpisodeSource): Promise<boolean> {
  if (conversation.source.owned) return true
  return conversation.session === (await source.open())
}

function noEpisode(error: unknown): Response {
  if (!isOpenEnvError(error)) throw error
  const status = error.code === 'CAPACITY_REACHED' ? 503 : error.http
  return rpcError(status, -32000, error.message)
}

function rpcError(status: number, code: number, message: string): Response {
  return json({ status, body: { jsonrpc: '2.0', id: null, error: { code, message } } })
}

function methodNotAllowed(): Response {
  const body = { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Method not allowed.' } }
  return json({ status: 405, body, headers: { allow: 'POST' } })
}

/** The one episode behind an agent's address. */
export function capabilitySource(session: Session): EpisodeSource {
  return { owned: false, open: () => Promise.resolve(session), shared: () => Promise.resolve(session) }
}

/** No episode at all: tools can be listed. */
export const NO_EPISODE: EpisodeSource = {
  owned: false,
  open: () => Promise.resolve(null),
  shared: () => Promise.resolve(null),
}

/**
 * A fresh episode of one task for every MCP session, once [OE-19]. Requests without sessions share one for each
 * principal; when that is over there is no other.
 *
 * @param taskId - The task; undefined for the environment's first, or none.
 */
export function episodeSource(host: Host, taskId: string | undefined): EpisodeSource {
  const shared = new Map<string, Promise<Session>>()
  const open = async (): Promise<Session> => {
    const session = host.sessions.open('http')
    try {
      await session.episode.reset(taskId === undefined ? {} : { taskId })
      return session
    } catch (error) {
      await host.sessions.close(session)
      throw error
    }
  }
  return {
    owned: true,
    open,
    shared: async (request) => {
      const principal = host.gate.principal(request.headers)
      let opening = shared.get(principal)
      if (opening === undefined) {
        opening = open()
        shared.set(principal, opening)
        // An episode that never began may be tried again; one that did is the only one.
        opening.catch(() => shared.delete(principal))
      }
      const session = await opening
      if (!host.sessions.touch(session)) throw new OpenEnvError('SESSION_ERROR', 'The episode is over.')
      return session
    },
  }
}
