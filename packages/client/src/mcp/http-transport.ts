import type * as ClientSdk from '@modelcontextprotocol/client'
import type { JSONRPCMessage, RequestId, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { boundedResponse, fetchWithinOrigin } from '../fetch-within-origin.ts'
import { heldAgainst, lostAnswer, type Waiting } from './answer.ts'

/** The server does not know the session any more: it answered 404, so what was sent did not run. */
export class SessionForgottenError extends Error {
  override readonly name = 'SessionForgottenError'
}

type Sent = JSONRPCMessage | JSONRPCMessage[]
type SendOptions = Parameters<StreamableHTTPClientTransport['send']>[1]

/**
 * The SDK's way over Streamable HTTP, on which a request fails at once when its answer cannot come any more.
 *
 * @param where - The address, as errors name it.
 */
export function httpTransport(
  sdk: typeof ClientSdk,
  url: URL,
  where: string,
  headers: Readonly<Record<string, string>>,
): StreamableHTTPClientTransport {
  const unanswered = new Map<RequestId, Waiting>()
  const rules = { where, parse: sdk.parseJSONRPCMessage }

  class Transport extends sdk.StreamableHTTPClientTransport {
    override send(message: Sent, options?: SendOptions): Promise<void> {
      // The SDK judges by itself what comes of the probe for the revision.
      if (!sdk.isJSONRPCRequest(message) || message.method === 'server/discover') {
        return super.send(message, options)
      }
      const { id } = message
      const send = super.send.bind(this)
      return new Promise<void>((resolve, reject) => {
        unanswered.set(id, { id, answered: resolve, lost: reject })
        // Comes when the SDK has given up going on with a stream, too.
        const onRequestStreamEnd = (): void => {
          options?.onRequestStreamEnd?.()
          reject(lostAnswer(where, 'ended its answer without a result'))
        }
        send(message, { ...options, onRequestStreamEnd }).catch(reject)
      }).finally(() => unanswered.delete(id))
    }
  }

  return new Transport(url, {
    fetch: async (address, init = {}) => {
      const response = boundedResponse(await fetchWithinOrigin(address, init))
      if (init.method !== 'POST' || typeof init.body !== 'string' || unanswered.size === 0) return response
      const { id } = JSON.parse(init.body) as { readonly id?: RequestId }
      const waiting = id === undefined ? undefined : unanswered.get(id)
      if (waiting === undefined) return response
      if (response.status === 404 && new Headers(init.headers).has('mcp-session-id')) {
        await response.body?.cancel()
        throw new SessionForgottenError(`The MCP server at ${where} does not know the session any more.`)
      }
      return heldAgainst(response, waiting, rules)
    },
    requestInit: { headers: { ...headers } },
  })
}
