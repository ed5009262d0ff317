/** The part of the web's WebSocket that a client needs; browsers' own and the one of `ws` both have it. */
export interface SocketLike {
  binaryType: string
  send(data: string): void
  close(code?: number, reason?: string): void
  /** Drops the connection at once, where the platform can. */
  terminate?(): void
  addEventListener(type: 'open', listener: () => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'error', listener: (event: SocketErrorEvent) => void): void
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void
}

/** What a socket says when something failed. Browsers say nothing, on purpose. */
export interface SocketErrorEvent {
  readonly message?: string
  readonly error?: unknown
}

/** The server answered the handshake with a status, not with a socket. Only sockets of Node say so. */
export class HandshakeRefusedError extends Error {
  override readonly name = 'HandshakeRefusedError'
  readonly status: number
  /** The header `Location`, as it came; null when it did not. */
  readonly location: string | null

  constructor(status: number, location: string | null) {
    super(`Unexpected server response: ${String(status)}`)
    this.status = status
    this.location = location
  }
}

/** A WebSocket class, as browsers have it. */
export type WebSocketClass = new (url: string, protocols?: string[]) => SocketLike

/** Starts a connection; it is not open yet when this answers. */
export type OpenSocket = (url: string) => SocketLike

/** What an error event knows about the reason; empty when it knows nothing. */
export function reasonOf({ message, error }: SocketErrorEvent): string {
  if (message !== undefined && message !== '') return message
  // Node tries every address of a host and then reports all failures in one error without a text.
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message
  return error instanceof Error ? error.message : ''
}

/** The subprotocols that carry a token where headers cannot [OE-21]. */
export function tokenProtocols(token: string): string[] {
  const bytes = new TextEncoder().encode(token)
  const base64 = btoa(String.fromCharCode(...bytes))
  return ['openenv', `bearer.${base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`]
}
