/** Something worth writing down; `cause` holds what the other side is not told. */
export interface LogEvent {
  readonly level: 'info' | 'warning' | 'error'
  readonly message: string
  /** The session's number: its id opens it, and logs are read by many. */
  readonly session?: string
  readonly cause?: unknown
}
