import { OpenEnvError } from '@openenv-ts/core'
import { actionTools, type ActionTool } from '@openenv-ts/core/host'
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions'
import { canonicalJson } from '../canonical-json.ts'
import { actionFromCall, actionFromText, unusable } from '../model/answer.ts'
import { ModelEndpoint, RefusedRequest, type ChatAnswer } from '../model/endpoint.ts'
import { instructions } from '../model/prompt.ts'
import { publicUrl, type ModelSettings } from '../model/settings.ts'
import type { EpisodeContext, PolicyContext, PolicyFunction, StatefulPolicy } from '../policy.ts'

/** Options of {@link modelPolicy}. */
export interface ModelOptions extends ModelSettings {
  /** Sent only when given. */
  readonly temperature?: number
  /** Tokens of one answer; sent only when given. */
  readonly maxTokens?: number
  /** Seconds for one request, its body included; 600 when not given. */
  readonly timeoutSeconds?: number
  /** Further tries after 408, 409, 429, 5xx, timeouts and dropped connections; 2 when not given. */
  readonly maxRetries?: number
  /** `auto` offers tools and does without when the endpoint refuses them; `never` asks for JSON text. */
  readonly tools?: 'auto' | 'never'
}

/**
 * A policy that asks a chat-completions endpoint for every action, with the official client.
 *
 * An answer that holds no action is passed on as an invalid action; an endpoint that fails after all tries ends the
 * episode as `infrastructure_error`. The key stands in no message and in no setting.
 */
export function modelPolicy(options: ModelOptions): StatefulPolicy<never> {
  const {
    model,
    baseUrl,
    temperature,
    maxTokens,
    timeoutSeconds = 600,
    maxRetries = 2,
    tools = 'auto',
  } = options
  const endpoint = new ModelEndpoint({ ...options, timeoutSeconds, maxRetries })
  const sampling = {
    ...(temperature === undefined ? {} : { temperature }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
  }
  // Found out by the first request, and true for all episodes.
  const abilities: Abilities = { tools: tools === 'never' ? 'refused' : 'untried' }
  return {
    name: 'model',
    model,
    settings: { base_url: publicUrl(baseUrl), tools, ...sampling },
    start: (context) => new Conversation(endpoint, sampling, abilities, context).act as PolicyFunction<never>,
  }
}

interface Abilities {
  tools: 'untried' | 'taken' | 'refused'
}

/** One episode's talk with the model. */
class Conversation {
  readonly #endpoint: ModelEndpoint
  readonly #sampling: { readonly temperature?: number; readonly max_tokens?: number }
  readonly #abilities: Abilities
  readonly #tools: readonly ActionTool[]
  readonly #offer: ChatCompletionTool[]
  readonly #messages: ChatCompletionMessageParam[]
  /** The call that the next message answers, when the model called a tool. */
  #openCall: string | null = null

  constructor(
    endpoint: ModelEndpoint,
    sampling: { readonly temperature?: number; readonly max_tokens?: number },
    abilities: Abilities,
    { description, actionSchema }: EpisodeContext,
  ) {
    this.#endpoint = endpoint
    this.#sampling = sampling
    this.#abilities = abilities
    this.#tools = actionTools(actionSchema)
    this.#offer = this.#tools.map(({ name, description: text, inputSchema }) => ({
      type: 'function',
      function: { name, description: text, parameters: { ...inputSchema } },
    }))
    this.#messages = [{ role: 'system', content: instructions(description, actionSchema, this.#tools) }]
  }

  readonly act = async (observation: unknown, context: PolicyContext): Promise<unknown> => {
    this.#tell(report(observation, context))
    const answer = await this.#ask(context.signal)
    context.addUsage(answer.usage)
    return this.#read(answer)
  }

  #tell(content: string): void {
    this.#messages.push(
      this.#openCall === null
        ? { role: 'user', content }
        : { role: 'tool', tool_call_id: this.#openCall, content },
    )
    this.#openCall = null
  }

  async #ask(signal: AbortSignal): Promise<ChatAnswer> {
    const request = { messages: this.#messages, ...this.#sampling }
    const withTools = { ...request, tools: this.#offer }
    const tried = this.#abilities.tools
    try {
      if (tried === 'refused') return await this.#endpoint.complete(request, signal)
      const answer = await this.#endpoint.complete(withTools, signal)
      this.#abilities.tools = 'taken'
      return answer
    } catch (error) {
      if (!(error instanceof RefusedRequest)) throw error
      if (tried !== 'untried') throw declined(error)
    }
    try {
      const answer = await this.#endpoint.complete(request, signal)
      this.#abilities.tools = 'refused'
      return answer
    } catch (error) {
      throw error instanceof RefusedRequest ? declined(error) : error
    }
  }

  /** The action in an answer. What is kept of the answer is what endpoints are sure to take back. */
  #read({ text, call }: ChatAnswer): unknown {
    const action = call === null ? undefined : actionFromCall(call.name, call.arguments, this.#tools)
    if (call === null || action === undefined) {
      const said = call === null ? text : `${call.name}(${call.arguments})`
      this.#messages.push({ role: 'assistant', content: said === '' ? '(nothing)' : said })
      return call === null ? actionFromText(text, this.#tools) : unusable(said)
    }
    const { id, name } = call
    const args = call.arguments.trim() === '' ? '{}' : call.arguments
    const kept = { id, type: 'function' as const, function: { name, arguments: args } }
    this.#messages.push({ role: 'assistant', content: text === '' ? null : text, tool_calls: [kept] })
    this.#openCall = id
    return action
  }
}

function declined(error: RefusedRequest): OpenEnvError {
  return new OpenEnvError('CONNECTION_ERROR', error.message)
}

/** What the model is told before it acts: what came of its last action, or what there is at the start. */
function report(observation: unknown, { index, info, history, error }: PolicyContext): string {
  if (error !== undefined)
    return canonicalJson({ error, note: 'The action was refused and not counted. Choose another.' })
  const last = history[index - 1]
  if (last === undefined) return canonicalJson({ observation, info })
  return canonicalJson({ observation, reward: last.reward, info: last.info })
}
