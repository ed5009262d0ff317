// The package in Node: the same as index.ts, on the socket of `ws`.
import WebSocket from 'ws'
import { connectVectorWith, connectWith, type Connect } from './connect.ts'
import type { ConnectOptions } from './options.ts'
import type { OpenSocket } from './socket.ts'
import { taskDiscovery } from './task-channel.ts'
import type { ConnectVector, VectorOptions } from './vector.ts'

/** Options of a connection from Node. */
export interface NodeConnectOptions extends ConnectOptions {
  /** Sent with the handshake and with every HTTP request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds between pings; 20,000 if not given, `Infinity` for none. A server silent for three is gone. */
  readonly pingIntervalMs?: number
}

/** Observations may be screenshots, so replies may be large: as large as Python's clients take. */
const MAX_REPLY_BYTES = 100 * 1024 * 1024

/**
 * Opens an episode on a server. The environment's own types hold when it is given, open records when not.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` or `TIMEOUT` when the server cannot be reached; `VALIDATION_ERROR` for a bad
 * address or option.
 */
export const connect = ((url: string | URL, options: NodeConnectOptions = {}) =>
  connectWith(url, options, opener(options))) as Connect<NodeConnectOptions>

/**
 * Opens many episodes on a server that steps them together, over one socket.
 *
 * @throws OpenEnvError as `connect` does; `NOT_SUPPORTED` when the server knows no batches; `CAPACITY_REACHED`.
 */
export const connectVector = ((url: string | URL, options: NodeConnectOptions & VectorOptions) =>
  connectVectorWith(url, options, opener(options))) as ConnectVector<NodeConnectOptions & VectorOptions>

/** Asks a server for its tasks, over the control channel where it has one for that. See {@link TaskDiscovery}. */
export const { countTasks, listSplits, listTasks } = /* @__PURE__ */ taskDiscovery(opener)

function opener({ token, headers, pingIntervalMs = 20_000 }: NodeConnectOptions): OpenSocket {
  const sent = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers }
  return (address) => {
    const socket = new WebSocket(address, {
      headers: sent,
      perMessageDeflate: false,
      maxPayload: MAX_REPLY_BYTES,
    })
    keepAlive(socket, pingIntervalMs)
    return socket
  }
}

/** Notices a peer that vanished without a word, which no read or write would tell. */
function keepAlive(socket: WebSocket, intervalMs: number): void {
  if (intervalMs > 2 ** 31 - 1) return
  let silent = 0
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return
    if (silent >= 3) {
      socket.emit('error', new Error('it did not answer three pings'))
      socket.terminate()
      return
    }
    silent += 1
    socket.ping()
  }, intervalMs)
  timer.unref()
  const heard = (): void => {
    silent = 0
  }
  socket.on('pong', heard).on('message', heard)
  socket.on('close', () => {
    clearInterval(timer)
  })
}

export type { Connect } from './connect.ts'
export type { CallOptions, ConnectOptions, RemoteEpisode } from './options.ts'
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
