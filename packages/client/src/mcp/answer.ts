import type { JSONRPCMessage, RequestId } from '@modelcontextprotocol/client'
import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { EventReader } from '../events.ts'
import { MAX_ANSWER_BYTES, readText } from '../fetch-within-origin.ts'

/** A request that waits for its answer over HTTP. */
export interface Waiting {
  readonly id: RequestId
  /** Told once: the answer has come. */
  readonly answered: () => void
  /** Told once: the answer cannot come any more. */
  readonly lost: (why: OpenEnvError) => void
}

/** What answers are held against. */
export interface AnswerRules {
  /** The server's address, as errors name it. */
  readonly where: string
  /** Throws for what is not a message of JSON-RPC. */
  readonly parse: (value: unknown) => JSONRPCMessage
}

/** The error of a request whose answer cannot come any more. */
export function lostAnswer(where: string, how: string): OpenEnvError {
  return new OpenEnvError('CONNECTION_ERROR', `The MCP server at ${where} ${how}. The request may have run.`)
}

/**
 * The same response, held against the request that it answers: the SDK waits until its time limit for an answer that
 * cannot come any more. Responses with the status of an error are left to the SDK.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` for a response that is over and has no answer.
 */
export async function heldAgainst(
  response: Response,
  waiting: Waiting,
  rules: AnswerRules,
): Promise<Response> {
  if (!response.ok) return response
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  const { status, headers } = response
  if (type === 'text/event-stream' && response.body !== null) {
    return new Response(watched(response.body, waiting, rules), { status, headers })
  }
  const text = await readText(response)
  if (type !== 'application/json' || status === 202) {
    throw lostAnswer(rules.where, `answered HTTP ${String(status)} without a message of JSON-RPC`)
  }
  let messages: readonly JSONRPCMessage[]
  try {
    const value: unknown = JSON.parse(text)
    messages = (Array.isArray(value) ? value : [value]).map((each) => rules.parse(each))
  } catch {
    throw lostAnswer(rules.where, 'answered with what is not JSON-RPC')
  }
  if (!messages.some((message) => answers(message, waiting.id))) {
    throw lostAnswer(rules.where, 'did not answer the request that was sent, but another one or none')
  }
  waiting.answered()
  return new Response(text, { status, headers })
}

function answers(message: JSONRPCMessage, id: RequestId): boolean {
  return !('method' in message) && message.id === id
}

/** A stream of events as it is, which tells when the answer has come, or cannot come any more. */
function watched(
  body: ReadableStream<Uint8Array>,
  waiting: Waiting,
  { where, parse }: AnswerRules,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const events = new EventReader(MAX_ANSWER_BYTES)
  const decoder = new TextDecoder()
  let isAnswered = false
  let isResumable = false
  /** Takes in what has come; throws at what spoils the stream. */
  const take = (text: string): void => {
    for (const { event, data, id } of events.push(text)) {
      if (id !== undefined && id !== '') isResumable = true
      if (event !== 'message' || data === '' || isAnswered) continue
      const message = messageIn(data)
      if (message === undefined) throw lostAnswer(where, 'sent what is not JSON-RPC')
      if ('method' in message) continue
      if (message.id !== waiting.id)
        throw lostAnswer(where, 'answered another request than the one that was sent')
      isAnswered = true
      waiting.answered()
    }
  }
  const messageIn = (data: string): JSONRPCMessage | undefined => {
    try {
      return parse(JSON.parse(data))
    } catch {
      return undefined
    }
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) {
          // The SDK goes on with a stream that has told its place.
          if (!isAnswered && !isResumable)
            waiting.lost(lostAnswer(where, 'ended its answer without a result'))
          controller.close()
          return
        }
        if (!isAnswered) take(decoder.decode(value, { stream: true }))
        controller.enqueue(value)
      } catch (error) {
        if (isOpenEnvError(error)) waiting.lost(error)
        else if (!isResumable) waiting.lost(lostAnswer(where, 'broke off its answer'))
        controller.error(error)
        reader.cancel().catch(() => undefined)
      }
    },
    async cancel(reason) {
      await reader.cancel(reason)
    },
  })
}
