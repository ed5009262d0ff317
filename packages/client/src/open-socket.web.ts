// The web's side of `#open-socket`: the global WebSocket, or one that is given.
import { OpenEnvError } from '@openenv-ts/core'
import type { WebConnectOptions } from './options.ts'
import { tokenProtocols, type OpenSocket, type WebSocketClass } from './socket.ts'

export type { WebConnectOptions as PlatformConnectOptions } from './options.ts'

/** How a connection with these options opens its sockets. */
export function opener({ WebSocket = globalSocket(), token }: WebConnectOptions): OpenSocket {
  if (WebSocket === undefined) {
    throw new OpenEnvError('NOT_SUPPORTED', 'There is no WebSocket here: give the option `WebSocket`.')
  }
  const protocols = token === undefined ? undefined : tokenProtocols(token)
  return (address) => new WebSocket(address, protocols)
}

function globalSocket(): WebSocketClass | undefined {
  const { WebSocket } = globalThis as { readonly WebSocket?: WebSocketClass }
  return WebSocket
}
