// What Python answers: the counterpart of openenv_bridge/contract.py.
import type { Split } from '@openenv-ts/core'

/** A piece of a message. */
export type Block =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly data: string; readonly mimeType: string }

/** A message that the agent is shown. */
export interface PythonMessage {
  readonly role: string
  readonly content: readonly Block[]
  readonly tool_calls: readonly Readonly<Record<string, unknown>>[]
  readonly tool_call_id: string | null
}

/** A tool of the source. */
export interface PythonTool {
  readonly name: string
  readonly description: string
  readonly input_schema: Readonly<Record<string, unknown>>
  readonly final: boolean
  readonly terminal: boolean
}

/** What is known of a loaded source. */
export interface Description {
  readonly library: string
  readonly splits: readonly Split[]
  readonly tools: readonly PythonTool[]
  readonly group_scoring: boolean
  readonly notes: readonly string[]
}

/** A started episode. */
export interface Opened {
  readonly messages: readonly PythonMessage[]
  readonly tools: readonly PythonTool[]
  readonly shown_tools: readonly Readonly<Record<string, unknown>>[]
}

/** What came of one tool call. */
export interface Outcome {
  readonly content: readonly Block[]
  readonly data: unknown
  readonly reward: number | null
  readonly finished: boolean
  readonly truncated: boolean
  readonly failure: {
    readonly kind: 'tool_not_found' | 'invalid_args' | 'execution_error'
    readonly message: string
  } | null
  readonly scoring_errors: readonly string[]
}
