import type { ModelSettings } from '../model/settings.ts'
import type { StatefulPolicy } from '../policy.ts'

/** Options of {@link modelPolicy}. */
export interface ModelOptions extends ModelSettings {
  /** Sent only when given. */
  readonly temperature?: number
  /** Tokens of one answer; sent only when given. */
  readonly maxTokens?: number
  /** Seconds for one request, its body included; 600 when not given. */
  readonly timeoutSeconds?: number
  /** Further tries after 408, 409, 429, 5xx and dropped connections; 2 when not given. */
  readonly maxRetries?: number
  /** `auto` offers tools and does without when the endpoint refuses them; `never` asks for JSON text. */
  readonly tools?: 'auto' | 'never'
}

/**
 * A policy that asks a chat-completions endpoint for every action.
 *
 * An answer that holds no action is passed on as an invalid action; an endpoint that fails after all tries ends the
 * episode as `infrastructure_error`.
 */
export declare function modelPolicy(options: ModelOptions): StatefulPolicy<never>
