// Everything exported here is a promise to users of the package. The socket is the platform's: see `imports` in package.json.
import { opener, type PlatformConnectOptions } from '#open-socket'
import { connectVectorWith, connectWith, type Connect } from './connect.ts'
import { taskDiscovery } from './task-channel.ts'
import type { ConnectVector, VectorOptions } from './vector.ts'

/**
 * Opens an episode on a server. With the option `environment` it has that environment's types, else open records.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` or `TIMEOUT` when the server cannot be reached; `VALIDATION_ERROR` for a bad
 * address or option.
 */
export const connect: Connect<PlatformConnectOptions> = /* @__PURE__ */ connectWith(opener)

/**
 * Opens many episodes on a server that steps them together, over one socket.
 *
 * @throws OpenEnvError as `connect` does; `NOT_SUPPORTED` when the server knows no batches; `CAPACITY_REACHED`.
 */
export const connectVector: ConnectVector<PlatformConnectOptions & VectorOptions> =
  /* @__PURE__ */ connectVectorWith(opener)

/** Asks a server for its tasks, over the control channel where it has one for that. See {@link TaskDiscovery}. */
export const { countTasks, listSplits, listTasks } = /* @__PURE__ */ taskDiscovery(opener)

export type { PlatformConnectOptions } from '#open-socket'
export type { Connect } from './connect.ts'
export type {
  CallOptions,
  ConnectOptions,
  NodeConnectOptions,
  RemoteEpisode,
  WebConnectOptions,
} from './options.ts'
export type { SocketErrorEvent, SocketLike, WebSocketClass } from './socket.ts'
export { info } from './info.ts'
export type { ListedEnvironment, ServerInfo, ServerMetadata } from './info.ts'
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
