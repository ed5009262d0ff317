import { OpenEnvError } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import type OpenAI from 'openai'
import type { APIError } from 'openai'
import type { ModelSettings } from './settings.ts'
import { publicUrl } from './settings.ts'
import { sleepUnlessAborted } from '../sleep.ts'
import type { Usage } from '../usage.ts'

/** A request for one answer, as the official client takes it; the model is filled in. */
export type ChatRequest = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'model'>
/** What a model answered: text, a tool call, or both. */
export interface ChatAnswer {
  /** Empty when there was none. */
  readonly text: string
  /** The first one, when there were several: one action at a time. */
  readonly call: ToolCall | null
  readonly usage: Usage
}

/** A tool call as the model wrote it. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  /** JSON text, or what should have been. */
  readonly arguments: string
}

/** How long and how often to try. */
export interface EndpointOptions extends ModelSettings {
  /** Seconds for one request, its body included. */
  readonly timeoutSeconds: number
  readonly maxRetries: number
}

/** The endpoint understood the request and declined it: 400, 404, 422 or 501. Perhaps it takes another form. */
export class RefusedRequest extends Error {}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 8000
/** An endpoint may ask for a pause; one that asks for an hour is as good as dead. */
const LONGEST_OBEYED_MS = 60_000
const MAX_MESSAGE_CHARACTERS = 300

/**
 * A chat-completions endpoint behind the official client.
 *
 * The tries are counted here and not in the client: its timeout ends with the headers, it sleeps through an abort,
 * and it obeys a `retry-after` of any length.
 */
export class ModelEndpoint {
  readonly #options: EndpointOptions
  #client: Promise<OpenAI> | undefined

  constructor(options: EndpointOptions) {
    this.#options = options
  }

  /**
   * Asks for one answer.
   *
   * @throws OpenEnvError `CONNECTION_ERROR` when no try was answered; {@link RefusedRequest}; the signal's reason.
   */
  async complete(request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer> {
    this.#client ??= createClient(this.#options)
    const client = await this.#client
    for (let tries = 1; ; tries += 1) {
      const tried = await this.#try(client, request, signal)
      if ('text' in tried) return tried
      signal.throwIfAborted()
      if (tried.refused) throw new RefusedRequest(this.#said('declined the request', tried.reason))
      if (!tried.again || tries > this.#options.maxRetries) throw this.#dead(tries, tried.reason)
      await sleepUnlessAborted(tried.afterMs ?? backoff(tries), signal)
    }
  }

  async #try(client: OpenAI, request: ChatRequest, signal: AbortSignal): Promise<ChatAnswer | FailedTry> {
    const { model, timeoutSeconds } = this.#options
    const controller = new AbortController()
    const abort = (): void => {
      controller.abort()
    }
    signal.addEventListener('abort', abort, { once: true })
    const timer = setTimeout(abort, timeoutSeconds * 1000)
    try {
      const answer: unknown = await client.chat.completions.create(
        { ...request, model },
        { signal: controller.signal, maxRetries: 0, timeout: timeoutSeconds * 1000 },
      )
      return readAnswer(answer)
    } catch (error) {
      if (controller.signal.aborted) {
        return { reason: `No answer within ${String(timeoutSeconds)} s.`, again: true, refused: false }
      }
      return failedTry(error)
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  }

  #dead(tries: number, reason: string): OpenEnvError {
    const times = tries === 1 ? 'once' : `${String(tries)} times`
    return new OpenEnvError('CONNECTION_ERROR', this.#said(`failed, tried ${times}`, reason))
  }

  #said(what: string, reason: string): string {
    return `The model endpoint ${publicUrl(this.#options.baseUrl)} ${what}: ${this.#redact(reason)}`
  }

  /** Endpoints quote keys in their error messages. */
  #redact(text: string): string {
    const { apiKey } = this.#options
    const safe = apiKey.length < 4 ? text : text.replaceAll(apiKey, '***')
    return safe.length <= MAX_MESSAGE_CHARACTERS ? safe : `${safe.slice(0, MAX_MESSAGE_CHARACTERS - 1)}…`
  }
}

interface FailedTry {
  readonly reason: string
  readonly again: boolean
  readonly refused: boolean
  /** What the endpoint asked to wait. */
  readonly afterMs?: number
}

/** Loads the client when a model is asked, not before: it is the largest thing that this package brings. */
async function createClient({ baseUrl, apiKey }: EndpointOptions): Promise<OpenAI> {
  const [{ default: Client }, { Agent, fetch }] = await Promise.all([import('openai'), import('undici')])
  // Node's own fetch gives up after 300 s without a byte; a model that thinks may take longer.
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 })
  // A redirect would take the prompt, and headers of the user's, to another server.
  type Fetch = (url: string, init?: object) => Promise<unknown>
  const patient = (url: string, init?: object): Promise<unknown> =>
    (fetch as Fetch)(url, { ...init, dispatcher, redirect: 'error' })
  return new Client({
    baseURL: baseUrl,
    apiKey,
    // Variables of the official client that belong to another account than this key may.
    organization: null,
    project: null,
    adminAPIKey: null,
    logLevel: 'off',
    fetch: patient as unknown as typeof globalThis.fetch,
  })
}

/** Endpoints answer with errors under 200, with HTML, and with no choices: none of that is an answer. */
function readAnswer(answer: unknown): ChatAnswer | FailedTry {
  const { choices, usage, error } = isObject(answer) ? answer : {}
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  const message = isObject(first) ? first['message'] : undefined
  if (isObject(message)) {
    const { content, tool_calls: calls } = message
    const text = typeof content === 'string' ? content : ''
    return { text, call: readCall(Array.isArray(calls) ? calls[0] : undefined), usage: readUsage(usage) }
  }
  const said = isObject(error) ? error['message'] : undefined
  const reason =
    typeof said === 'string'
      ? said
      : 'The answer is not a chat completion. Check the base URL: most end in /v1.'
  return { reason, again: true, refused: false }
}

/** Endpoints leave out ids, and give arguments as objects instead of text. */
function readCall(call: unknown): ToolCall | null {
  const { id, function: called } = isObject(call) ? call : {}
  if (!isObject(called) || typeof called['name'] !== 'string') return null
  const args = called['arguments'] ?? ''
  return {
    id: typeof id === 'string' && id !== '' ? id : 'call_1',
    name: called['name'],
    arguments: typeof args === 'string' ? args : JSON.stringify(args),
  }
}

/** What is no count is 0: usage is for people's accounts, and no reason to lose an answer. */
function readUsage(usage: unknown): Usage {
  const count = (key: string): number => {
    const value = isObject(usage) ? usage[key] : undefined
    return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : 0
  }
  const [prompt_tokens, completion_tokens] = [count('prompt_tokens'), count('completion_tokens')]
  const total_tokens = Math.max(count('total_tokens'), prompt_tokens + completion_tokens)
  return { requests: 1, prompt_tokens, completion_tokens, total_tokens }
}

function failedTry(error: unknown): FailedTry {
  const { status, headers, message, cause } = error as APIError
  if (status === undefined) {
    const below = cause instanceof Error ? innermost(cause) : ''
    return { reason: below === '' ? message : `${message} (${below})`, again: true, refused: false }
  }
  const afterMs = askedPause(headers)
  const again = (status === 408 || status === 409 || status === 429 || status >= 500) && status !== 501
  const tooLong = afterMs !== undefined && afterMs > LONGEST_OBEYED_MS
  return {
    reason: tooLong ? `${message} (asked to wait ${String(Math.round(afterMs / 1000))} s)` : message,
    again: again && !tooLong,
    refused: [400, 404, 422, 501].includes(status),
    ...(afterMs === undefined ? {} : { afterMs }),
  }
}

/** The reason that says something: `fetch failed` hides it one level below. */
function innermost(error: Error): string {
  return error.cause instanceof Error ? innermost(error.cause) : error.message
}

function askedPause(headers: Headers | undefined): number | undefined {
  const milliseconds = Number.parseFloat(headers?.get('retry-after-ms') ?? '')
  if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds)
  const text = headers?.get('retry-after')
  if (text === null || text === undefined) return undefined
  const seconds = Number(text)
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(wait) ? undefined : Math.max(0, wait)
}

/** Doubles from try to try; up to a quarter less, so that many callers do not come back at once. */
function backoff(tries: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** (tries - 1), LONGEST_DELAY_MS) * (1 - Math.random() / 4)
}
