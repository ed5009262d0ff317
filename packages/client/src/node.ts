// The package on Node's socket, for code that runs in Node and is typed or bundled for the web.
import { opener, type PlatformConnectOptions } from './open-socket.node.ts'
import { connectVectorWith, connectWith, type Connect } from './connect.ts'
import { taskDiscovery } from './task-channel.ts'
import type { ConnectVector, VectorOptions } from './vector.ts'

/** Opens an episode on a server, as `connect` of the package's root does. */
export const connect: Connect<PlatformConnectOptions> = /* @__PURE__ */ connectWith(opener)

/** Opens many episodes on a server, as `connectVector` of the package's root does. */
export const connectVector: ConnectVector<PlatformConnectOptions & VectorOptions> =
  /* @__PURE__ */ connectVectorWith(opener)

/** Asks a server for its tasks, as the package's root does. */
export const { countTasks, listSplits, listTasks } = /* @__PURE__ */ taskDiscovery(opener)

export type { PlatformConnectOptions } from './open-socket.node.ts'
export { connectOrs, info } from './index.ts'
export type {
  Autoreset,
  CallOptions,
  Connect,
  ConnectOptions,
  ConnectVector,
  EnvironmentOptions,
  HttpOptions,
  NodeConnectOptions,
  OrsAction,
  OrsEpisode,
  OrsObservation,
  OrsOptions,
  OrsRefusal,
  OrsResult,
  OrsTaskRange,
  RemoteEpisode,
  ListedEnvironment,
  ServerInfo,
  ServerMetadata,
  SocketErrorEvent,
  SocketLike,
  TaskDiscovery,
  TaskQuery,
  VectorEpisode,
  VectorOptions,
  VectorReply,
  VectorResetOptions,
  WebConnectOptions,
  WebSocketClass,
} from './index.ts'
