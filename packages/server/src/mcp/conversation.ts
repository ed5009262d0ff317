import type {
  JSONRPCMessage,
  McpServer,
  Transport,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import type { Sdk } from './agent-server.ts'
import { cancelledBy, messagesOf } from './messages.ts'
import { relayed } from './relay.ts'

type HttpTransport = WebStandardStreamableHTTPServerTransport
type HttpOptions = ConstructorParameters<Sdk['WebStandardStreamableHTTPServerTransport']>[0]
type Id = string | number

/**
 * A server of the revisions up to 2025-11-25 behind the SDK's transport, which never ends the answer of a cancelled
 * call: here a call ends with its cancellation or its connection, and its answer with it.
 */
export class Conversation {
  readonly server: McpServer
  readonly #transport: HttpTransport
  readonly #line: Transport
  /** Requests that were not answered yet. */
  readonly #open = new Set<Id>()
  /** Stands in the answer that ends a cancelled call inside; it goes out to no client. */
  readonly #mark = crypto.randomUUID()

  private constructor(sdk: Sdk, server: McpServer, options: HttpOptions) {
    this.server = server
    const transport = new sdk.WebStandardStreamableHTTPServerTransport(options)
    this.#transport = transport
    const line: Transport = {
      start: () => transport.start(),
      close: () => transport.close(),
      send: (message, more) => {
        if ('id' in message && !('method' in message) && message.id !== undefined)
          this.#open.delete(message.id)
        const { relatedRequestId } = more ?? {}
        return transport.send(message, relatedRequestId === undefined ? undefined : { relatedRequestId })
      },
      setSupportedProtocolVersions: (versions) => {
        transport.setSupportedProtocolVersions(versions)
      },
    }
    this.#line = line
    transport.onmessage = (message, extra) => {
      const cancelled = cancelledBy(message)
      if (cancelled !== undefined) {
        this.cancel(cancelled)
        return
      }
      if ('method' in message && 'id' in message) this.#open.add(message.id)
      line.onmessage?.(message, extra)
    }
    transport.onclose = () => line.onclose?.()
    transport.onerror = (error) => line.onerror?.(error)
  }

  static async begin(sdk: Sdk, server: McpServer, options: HttpOptions): Promise<Conversation> {
    const conversation = new Conversation(sdk, server, options)
    await server.connect(conversation.#line)
    return conversation
  }

  /** The id of the session; undefined before `initialize`. */
  get id(): string | undefined {
    return this.#transport.sessionId
  }

  /**
   * Answers a request.
   *
   * @param over - Called once the answer has been given, to its end or as far as it was wanted.
   */
  async handle(request: Request, body: unknown, over: () => void = () => undefined): Promise<Response> {
    const left = withoutCancelled(body)
    if (Array.isArray(left) && left.length === 0) {
      over()
      return new Response(null, { status: 202 })
    }
    const ids = messagesOf(left).flatMap(({ id, method }) =>
      method === undefined ? [] : [id as Id | undefined],
    )
    const response = await this.#transport.handleRequest(request, { parsedBody: left })
    return relayed(response, {
      keeps: (chunk) => !this.#isMark(chunk),
      over,
      // Nobody reads the answers any more, and there is no way to ask for them again.
      brokenOff: () => {
        for (const id of ids) if (id !== undefined) this.cancel(id)
      },
    })
  }

  /** Ends a call: its work is told, its answer ends. What the client gives as its reason goes nowhere. */
  cancel(requestId: Id): void {
    if (!this.#open.delete(requestId)) return
    const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } } as const
    this.#line.onmessage?.(notification)
    const end: JSONRPCMessage = { jsonrpc: '2.0', id: requestId, result: { [this.#mark]: true } }
    this.#transport.send(end).catch(() => undefined)
  }

  /** Ends the streams on which the server could speak by itself. */
  endStreams(): void {
    this.#transport.closeStandaloneSSEStream()
  }

  close(): Promise<void> {
    return this.server.close()
  }

  #isMark(chunk: Uint8Array): boolean {
    return chunk.length < 500 && new TextDecoder().decode(chunk).includes(this.#mark)
  }
}

/**
 * A body without the calls that it cancels itself, in whichever order: the messages of a batch have none.
 */
function withoutCancelled(body: unknown): unknown {
  if (!Array.isArray(body)) return body
  const cancelled = new Set(messagesOf(body).map(cancelledBy))
  const asked = new Set(messagesOf(body).map(({ id, method }) => (method === undefined ? undefined : id)))
  const left: readonly unknown[] = body.filter((message: Readonly<Record<string, unknown>>) => {
    const { id, method } = message
    if (method !== undefined && id !== undefined) return !cancelled.has(id as Id)
    const cancels = cancelledBy(message)
    return cancels === undefined || !asked.has(cancels)
  })
  return left
}
