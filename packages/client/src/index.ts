// What stands here is a promise to everybody who imports the package. In Node, node.ts takes the place of this module.
import { OpenEnvError } from '@openenv-ts/core'
import { connectVectorWith, connectWith, type Connect } from './connect.ts'
import type { WebConnectOptions } from './options.ts'
import { tokenProtocols, type OpenSocket, type WebSocketClass } from './socket.ts'
import { taskDiscovery } from './task-channel.ts'
import type { ConnectVector, VectorOptions } from './vector.ts'

/**
 * Opens an episode on a server. The environment's own types hold when it is given, open records when not.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` or `TIMEOUT` when the server cannot be reached; `VALIDATION_ERROR` for a bad
 * address or option.
 */
export const connect = (async (url: string | URL, options: WebConnectOptions = {}) =>
  connectWith(url, options, opener(options))) as Connect<WebConnectOptions>

/**
 * Opens many episodes on a server that steps them together, over one socket.
 *
 * @throws OpenEnvError as `connect` does; `NOT_SUPPORTED` when the server knows no batches; `CAPACITY_REACHED`.
 */
export const connectVector = (async (url: string | URL, options: WebConnectOptions & VectorOptions) =>
  connectVectorWith(url, options, opener(options))) as ConnectVector<WebConnectOptions & VectorOptions>

/** Asks a server for its tasks, over the control channel where it has one for that. See {@link TaskDiscovery}. */
export const { countTasks, listSplits, listTasks } = /* @__PURE__ */ taskDiscovery(opener)

function opener({ WebSocket = globalSocket(), token }: WebConnectOptions): OpenSocket {
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

export type { Connect } from './connect.ts'
export type { CallOptions, ConnectOptions, RemoteEpisode, WebConnectOptions } from './options.ts'
export type { SocketErrorEvent, SocketLike, WebSocketClass } from './socket.ts'
export { info } from './info.ts'
export type { ServerInfo, ServerMetadata } from './info.ts'
export type { TaskDiscovery } from './task-channel.ts'
export type { EnvironmentOptions, TaskQuery } from './tasks.ts'
export type { HttpOptions } from './http.ts'
export type {
  Autoreset,
  ConnectVector,
  VectorEpisode,
  VectorOptions,
  VectorReply,
  VectorResetOptions,
} from './vector.ts'
export { connectOrs } from './ors/connect.ts'
export type {
  OrsAction,
  OrsEpisode,
  OrsObservation,
  OrsOptions,
  OrsRefusal,
  OrsResult,
  OrsTaskRange,
} from './ors/options.ts'
