// What stands here is a promise to everybody who imports the package. In Node, node.ts takes the place of this module.
import { OpenEnvError } from '@openenv-ts/core'
import { connectWith, type Connect } from './connect.ts'
import type { WebConnectOptions } from './options.ts'
import { tokenProtocols, type WebSocketClass } from './socket.ts'

/**
 * Opens an episode on a server. The environment's own types hold when it is given, open records when not.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` or `TIMEOUT` when the server cannot be reached; `VALIDATION_ERROR` for a bad
 * address or option.
 */
export const connect = (async (url: string | URL, options: WebConnectOptions = {}) => {
  const WebSocket = options.WebSocket ?? globalSocket()
  if (WebSocket === undefined) {
    throw new OpenEnvError('NOT_SUPPORTED', 'There is no WebSocket here: give the option `WebSocket`.')
  }
  const { token } = options
  const protocols = token === undefined ? undefined : tokenProtocols(token)
  return connectWith(url, options, (address) => new WebSocket(address, protocols))
}) as Connect<WebConnectOptions>

function globalSocket(): WebSocketClass | undefined {
  const { WebSocket } = globalThis as { readonly WebSocket?: WebSocketClass }
  return WebSocket
}

export type { Connect } from './connect.ts'
export type { CallOptions, ConnectOptions, RemoteEpisode, WebConnectOptions } from './options.ts'
export type { SocketErrorEvent, SocketLike, WebSocketClass } from './socket.ts'
export { info } from './info.ts'
export type { ServerInfo, ServerMetadata } from './info.ts'
export { countTasks, listSplits, listTasks } from './tasks.ts'
export type { TaskQuery } from './tasks.ts'
export type { HttpOptions } from './http.ts'
