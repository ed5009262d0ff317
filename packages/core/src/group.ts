import type { Task } from './task.ts'
import type { ContentBlock } from './tool.ts'

/** A piece of a message: what anybody says, what a model thinks, calls and is answered. */
export type MessageBlock =
  | ContentBlock
  | { readonly type: 'reasoning'; readonly text: string; readonly signature?: string | null }
  | {
      readonly type: 'tool_call'
      readonly id: string
      readonly name: string
      readonly input: Readonly<Record<string, unknown>>
    }
  | {
      readonly type: 'tool_result'
      readonly tool_call_id: string
      readonly blocks: readonly ContentBlock[]
      readonly is_error: boolean
    }

/** One turn of a conversation. What tools answered stands in turns of the user. */
export interface Message {
  readonly role: 'system' | 'user' | 'assistant'
  readonly blocks: readonly MessageBlock[]
}

/** One attempt at a task, to be scored beside others. */
export interface GroupCandidate {
  readonly messages: readonly Message[]
  /** Whatever the caller wants to know it by. */
  readonly metadata: Readonly<Record<string, unknown>> | null
}

/** The score of one attempt. */
export interface GroupScore {
  readonly reward: number
  readonly metadata?: Readonly<Record<string, unknown>> | null
}

/** What attempts are scored with. */
export interface GroupContext<TTask> {
  /** The task that all of them attempt; null when the environment has none. */
  readonly task: Task<TTask> | null
  readonly signal: AbortSignal
}
