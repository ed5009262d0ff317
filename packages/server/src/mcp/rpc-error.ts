/** V8 reads how deep stacks are from here; other engines ignore it. */
const V8Error = Error as ErrorConstructor & { stackTraceLimit?: number | undefined }

/** An error with its own JSON-RPC code. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data: unknown = null) {
    // Clients cause these errors, by the thousand if they like. A stack would cost more than the answer.
    const { stackTraceLimit } = V8Error
    V8Error.stackTraceLimit = 0
    super(message)
    V8Error.stackTraceLimit = stackTraceLimit
    this.code = code
    this.data = data
  }
}

/** Refuses to open an episode for an agent. */
export function needsControl(): RpcError {
  return new RpcError(-32000, 'This needs the control plane: an agent cannot open or pick episodes.')
}
