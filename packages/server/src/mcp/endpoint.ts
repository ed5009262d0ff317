import { isOpenEnvError, agentTools } from '@openenv-ts/core'
import type { McpHttpHandler } from '@modelcontextprotocol/server'
import type { Host } from '../host.ts'
import { json } from '../http/reply.ts'
import type { Session } from '../sessions/session.ts'
import { accepted, acceptingBoth, asJson } from './accept.ts'
import { agentServer, type Sdk } from './agent-server.ts'
import { Conversation } from './conversation.ts'
import { NO_EPISODE, type EpisodeSource } from './episode-source.ts'
import { messagesOf, readMessages, type Fault } from './messages.ts'

/** One MCP session of the revisions up to 2025-11-25, and the episode behind it. */
interface Talk {
  readonly conversation: Conversation
  readonly session: Session
  readonly place: object
}

/** What goes with a request of the revisions without sessions. */
interface Extra {
  readonly session: Session | null
  readonly instructions: string
  readonly called: () => void
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
  readonly #talks = new Map<string, Talk>()
  readonly #briefs = new WeakMap<object, Promise<string>>()
  /** Ends requests that only listen, when the server does. */
  readonly #ending = new AbortController()
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
    const wanted = accepted(request.headers.get('accept'))
    const posted = request.method === 'POST'
    if (!(posted ? wanted.json || wanted.stream : wanted.stream || request.method === 'DELETE')) {
      const types = posted ? 'application/json or text/event-stream' : 'text/event-stream'
      return rpcError(406, -32000, `Not Acceptable: the client must accept ${types}.`)
    }
    const given = posted ? (body ?? null) : undefined
    const response = await this.#answer(acceptingBoth(request), given, source)
    // Who names no stream is most often a client of JSON alone.
    return posted && !wanted.namesStream && wanted.json ? asJson(response, Array.isArray(given)) : response
  }

  async #answer(request: Request, given: unknown, source: EpisodeSource): Promise<Response> {
    const { sdk, sessionless } = await this.#load()
    const { body, fault } = given === undefined ? { body: undefined, fault: null } : readMessages(given)
    const id = request.headers.get('mcp-session-id')
    if (id !== null) return this.#goOn(id, request, body, fault, source)
    if (request.method !== 'POST') return source === NO_EPISODE ? methodNotAllowed() : sessionMissing()
    // Revisions without sessions have no `initialize`: what is wrong with it there is that it is asked at all.
    const foreign =
      fault !== null && isAsked(body, 'initialize') && !(await sdk.isLegacyRequest(request, body))
    if (fault !== null && !foreign) return refused(fault)
    try {
      if (await sdk.isLegacyRequest(request, body)) {
        // Where there is no episode there is nothing to keep, whatever the revision.
        return source === NO_EPISODE
          ? await this.#answerOnce(sdk, request, body)
          : await this.#begin(sdk, request, body, source)
      }
      const session = await source.shared(request)
      const instructions = await this.#instructions(session, isAsked(body, 'server/discover'))
      const called = (): void => {
        if (session !== null) source.release(session)
      }
      const extra = { session, instructions, called } satisfies Extra
      const authInfo = { token: '', clientId: '', scopes: [], extra }
      const answered = await sessionless.fetch(request, { parsedBody: body, authInfo })
      return isAsked(body, 'subscriptions/listen') ? endedBy(this.#ending.signal, answered) : answered
    } catch (error) {
      return noEpisode(error)
    }
  }

  /** The session of the conversation that a request goes on with, if it is one of this place. */
  sessionOf(request: Request, source: EpisodeSource): Session | undefined {
    const talk = this.#talks.get(request.headers.get('mcp-session-id') ?? '')
    return talk?.place === source.place ? talk.session : undefined
  }

  /** Forgets conversations whose episodes are over. Called every few seconds. */
  sweep(): void {
    for (const [id, { session, conversation }] of this.#talks) {
      if (session.isOpen) continue
      this.#talks.delete(id)
      void conversation.close()
    }
  }

  /** Ends every conversation, and what only listens. */
  async close(): Promise<void> {
    this.#ending.abort()
    const open = [...this.#talks.values()]
    this.#talks.clear()
    await Promise.all(open.map(({ conversation }) => conversation.close()))
    if (this.#loaded !== undefined) await (await this.#loaded).sessionless.close()
  }

  #load(): Promise<{ readonly sdk: Sdk; readonly sessionless: McpHttpHandler }> {
    this.#loaded ??= import('@modelcontextprotocol/server').then((sdk) => ({
      sdk,
      sessionless: sdk.createMcpHandler(
        ({ authInfo }) => {
          const { session, instructions, called } = authInfo?.extra as unknown as Extra
          return agentServer(sdk, this.#host, session, instructions, called)
        },
        { legacy: 'reject', maxRequestBodySize: this.#host.maxMessageBytes },
      ),
    }))
    return this.#loaded
  }

  /** A request of a conversation that has begun. */
  async #goOn(
    id: string,
    request: Request,
    body: unknown,
    fault: Fault | null,
    source: EpisodeSource,
  ): Promise<Response> {
    const talk = this.#talks.get(id)
    if (talk?.place !== source.place || !talk.session.touch()) {
      return rpcError(404, -32001, 'Session not found')
    }
    if (fault !== null) return refused(fault)
    const { conversation, session } = talk
    if (request.method !== 'GET') return conversation.handle(request, body)
    // A stream keeps the session from being idle until either side ends it.
    const held = session.hold()
    return conversation.handle(request, body, () => {
      held[Symbol.dispose]()
    })
  }

  /** The first request of a conversation: `initialize`, or something that the protocol refuses without one. */
  async #begin(sdk: Sdk, request: Request, body: unknown, source: EpisodeSource): Promise<Response> {
    const session = isAsked(body, 'initialize') ? await source.open() : null
    const server = await agentServer(sdk, this.#host, session, await this.#instructions(session, true))
    const conversation: Conversation = await Conversation.begin(sdk, server, {
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => {
        if (session === null) return
        this.#makeRoom(session)
        this.#talks.set(id, { conversation, session, place: source.place })
      },
      onsessionclosed: async (id) => {
        this.#talks.delete(id)
        if (session !== null && source.owned) await session.close()
      },
    })
    const response = await conversation.handle(request, body)
    // Refused by the protocol, for its headers for example: the episode would be nobody's.
    if (conversation.id === undefined && session !== null && source.owned) {
      await session.close()
    }
    return response
  }

  /** A request of the revisions with sessions where there is no episode: it is answered for itself. */
  async #answerOnce(sdk: Sdk, request: Request, body: unknown): Promise<Response> {
    const server = await agentServer(sdk, this.#host, null, this.#host.environment.description)
    const conversation = await Conversation.begin(sdk, server, {})
    return conversation.handle(request, body, () => void conversation.close())
  }

  #makeRoom(session: Session): void {
    const own = [...this.#talks].filter(([, talk]) => talk.session === session)
    for (const [id, { conversation }] of own.slice(0, Math.max(0, own.length - MAX_CONVERSATIONS + 1))) {
      this.#talks.delete(id)
      void conversation.close()
    }
  }

  /** Asked once for each start: a call that is at work must keep no newcomer waiting. */
  #brief({ episode }: Session): Promise<string> {
    const { opening } = episode
    const known = opening === null ? undefined : this.#briefs.get(opening)
    if (known !== undefined) return known
    const brief = agentTools(episode, this.#host.environment).instructions()
    if (opening === null) return brief
    this.#briefs.set(opening, brief)
    brief.catch(() => this.#briefs.delete(opening))
    return brief
  }

  /** What the agent is told first: its task. Only an episode that has begun knows one. */
  async #instructions(session: Session | null, wanted: boolean): Promise<string> {
    const { environment } = this.#host
    if (session === null || !wanted) return environment.description
    try {
      return await this.#brief(session)
    } catch {
      return environment.description
    }
  }
}

/** The response, with a stream that ends when the server does. */
function endedBy(signal: AbortSignal, response: Response): Response {
  if (response.body === null) return response
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  // However the stream ends, the client sees its end.
  response.body
    .pipeTo(writable, { signal, preventAbort: true })
    .catch(() => writable.close().catch(() => undefined))
  const { status, headers } = response
  return new Response(readable, { status, headers })
}

/** Whether a body is a request of this method, alone or as a batch of one. */
function isAsked(body: unknown, method: string): boolean {
  const messages = messagesOf(body)
  return messages.length === 1 && messages[0]?.['method'] === method
}

function refused({ id, status, code, message }: Fault): Response {
  return json({ status, body: { jsonrpc: '2.0', id, error: { code, message } } })
}

function noEpisode(error: unknown): Response {
  if (!isOpenEnvError(error)) throw error
  return rpcError(error.http, -32000, error.message)
}

function rpcError(status: number, code: number, message: string): Response {
  return json({ status, body: { jsonrpc: '2.0', id: null, error: { code, message } } })
}

/** As MCP has it where there are sessions. */
function sessionMissing(): Response {
  return rpcError(400, -32000, 'Bad Request: the header Mcp-Session-Id is required.')
}

/** Where there are no sessions, there is no stream to read and nothing to end. */
function methodNotAllowed(): Response {
  const body = { jsonrpc: '2.0', id: null, error: { code: -32000, message: 'Method not allowed.' } }
  return json({ status: 405, body, headers: { allow: 'POST' } })
}
