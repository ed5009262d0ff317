import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'

/** A request as the endpoint got it. */
export interface ChatCall {
  readonly headers: IncomingMessage['headers']
  readonly path: string
  readonly body: {
    readonly model: string
    readonly messages: readonly {
      readonly role: string
      readonly content: string | null
      readonly tool_calls?: unknown
    }[]
    readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters: object } }[]
    readonly [key: string]: unknown
  }
}

/** What the endpoint does with a request. */
export type ChatHandler = (call: ChatCall, response: ServerResponse, count: number) => void

/** A real endpoint in the shape of chat completions, on a port of its own. */
export async function chatServer(
  handler: ChatHandler,
): Promise<AsyncDisposable & { readonly url: string; readonly calls: ChatCall[] }> {
  const calls: ChatCall[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const call = {
        headers: request.headers,
        path: request.url ?? '',
        body: JSON.parse(body) as ChatCall['body'],
      }
      calls.push(call)
      handler(call, response, calls.length)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${String(port)}/v1`,
    calls,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  }
}

/** Answers with JSON. */
export function answer(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

const USAGE = { prompt_tokens: 100, completion_tokens: 7, total_tokens: 107 }

/** A completion with this message. */
export function completion(message: object): object {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: null, ...message } }],
    usage: USAGE,
  }
}

/** A completion that calls a tool. */
export function toolCall(name: string, args: string, id = 'call_a'): object {
  return completion({ tool_calls: [{ id, type: 'function', function: { name, arguments: args } }] })
}
