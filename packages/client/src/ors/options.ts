import type {
  ContentBlock,
  Episode,
  Message,
  Reply,
  ResetOptions,
  Split,
  Status,
  TaskSpec,
} from '@openenv-ts/core'
import type { ToolHost } from '@openenv-ts/core/host'
import type { CallOptions } from '../options.ts'

/** A tool call: the only kind of action that ORS knows. */
export interface OrsAction {
  readonly type?: 'call_tool'
  readonly tool_name: string
  /** `{}` if not given. */
  readonly arguments?: Readonly<Record<string, unknown>> | null
}

/** What a tool gave. */
export interface OrsResult {
  readonly content: readonly ContentBlock[]
  /** What the server says beside it; null for nothing. */
  readonly structured_content: Readonly<Record<string, unknown>> | null
  /** All texts of the content, one below the other. */
  readonly data: string
  readonly is_error: boolean
}

/** Why a call did nothing. */
export interface OrsRefusal {
  readonly error_type: 'tool_not_found' | 'invalid_args' | 'execution_error'
  readonly message: string
}

/** What to do, at the start; then what the last call gave. */
export type OrsObservation =
  | {
      /** All texts of the prompt, one below the other. */
      readonly prompt: string
      readonly content: readonly ContentBlock[]
      /** The prompt as a conversation; null where the server knows none. */
      readonly messages: readonly Message[] | null
    }
  | { readonly tool_name: string; readonly result: OrsResult; readonly error: null }
  | { readonly tool_name: string; readonly result: null; readonly error: OrsRefusal }

/** Options of {@link connectOrs}. */
export interface OrsOptions {
  /** Which environment of the server; its first one if not given. */
  readonly environment?: string
  /** Sent as `X-API-Key`. */
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  /** What every episode is started with, by name. */
  readonly secrets?: Readonly<Record<string, string>>
  /** Milliseconds for a reset or a call, waits for setup included; 600,000 if not given, `Infinity` for no limit. */
  readonly timeoutMs?: number
  /** Milliseconds between signs of life; 10,000 if not given. Servers forget sessions after 900,000 without one. */
  readonly pingIntervalMs?: number
  /** Ends the attempt to connect; no part in what comes after. */
  readonly signal?: AbortSignal
}

/** Which of the tasks of a split to list. */
export interface OrsTaskRange {
  /** The first split if not given. */
  readonly split?: string
  readonly start?: number
  readonly stop?: number
}

/** An episode on an ORS server. */
export interface OrsEpisode extends Episode<OrsAction, OrsObservation> {
  /** Base address of the server. */
  readonly url: string
  /** The environment's name on the server. */
  readonly environment: string
  /** Where it stands, by the last reply; `idle` before the first reset, `lost` when the server gave the session up. */
  readonly status: Status | 'idle' | 'lost'
  /** Calls since reset that ran. */
  readonly stepCount: number
  /** The agent's face of the episode: its tools, and nothing else. */
  readonly tools: ToolHost
  /**
   * Starts an episode in a session of its own. ORS has no seeds and no options: a seed alone chooses the task, and
   * `options` are refused.
   */
  reset(options?: ResetOptions & CallOptions): Promise<Reply<OrsObservation>>
  /** Calls a tool. A call that the server refused is an observation with an error, and is not counted. */
  step(action: OrsAction, options?: CallOptions): Promise<Reply<OrsObservation>>
  /** The splits of the environment; the first is the default one. */
  listSplits(): Promise<readonly Split[]>
  countTasks(split?: string): Promise<number>
  listTasks(range?: OrsTaskRange): Promise<readonly TaskSpec[]>
}
