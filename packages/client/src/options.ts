import type { AnyEnvironment, Episode, EpisodeState, Reply, ResetOptions, Status } from '@openenv-ts/core'
import type { WireSchemas } from '@openenv-ts/core/wire'
import type { ServerMetadata } from './info.ts'
import type { WebSocketClass } from './socket.ts'

/** Options of one call. */
export interface CallOptions {
  /** Aborting a call that was sent drops the connection, and the episode with it. */
  readonly signal?: AbortSignal
  /** Instead of the episode's own `timeoutMs`, for this call. */
  readonly timeoutMs?: number
}

/** Options of every connection. */
export interface ConnectOptions {
  /**
   * The environment that the server runs. With it, actions and observations have its types, observations are checked
   * against its schema, and an episode can fork if the environment is deterministic.
   */
  readonly environment?: AnyEnvironment
  /** Milliseconds from sending a request to its reply; 60,000 if not given, `Infinity` for no limit. */
  readonly timeoutMs?: number
  /** Milliseconds for making a connection, all attempts together; 10,000 if not given. */
  readonly connectTimeoutMs?: number
  /** Further attempts when a connection is refused; 3 if not given. The pauses grow from 0.1 s to 2 s. */
  readonly retries?: number
  /** `false`: remember nothing for a fork, and never fork. Else an episode remembers its actions (at most 8 MB). */
  readonly fork?: boolean
  /**
   * `true`: when the connection goes away, go on with the same episode on another one, at the same position and with
   * every step counted once, also when the server was restarted meanwhile. Needs a server that keeps episodes
   * (`openenv serve --resume-dir`); with any other, a lost connection is a lost episode as ever.
   */
  readonly resume?: boolean
  /** Milliseconds that a server may take to come back; 60,000 if not given. */
  readonly resumeTimeoutMs?: number
  /**
   * Milliseconds between heartbeats, for proxies that cut off what is silent and for browsers, which have no pings:
   * messages that the server answers even while a step runs. None if not given, and none with a server that does not
   * know them. A server silent for three of them is gone.
   */
  readonly heartbeatMs?: number
  /** Sent as `Authorization: Bearer`; on a browser's socket as a subprotocol. */
  readonly token?: string
  /** Ends the attempt to connect; no part in what comes after. */
  readonly signal?: AbortSignal
}

/** Options of a connection by the web's own WebSocket. */
export interface WebConnectOptions extends ConnectOptions {
  /** The WebSocket class to use; the global one if not given. */
  readonly WebSocket?: WebSocketClass
}

/** Options of a connection from Node, by the socket of `ws`. */
export interface NodeConnectOptions extends ConnectOptions {
  /** Sent with the handshake and with every HTTP request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds between pings; 20,000 if not given, `Infinity` for none. A server silent for three is gone. */
  readonly pingIntervalMs?: number
}

/** An episode behind a socket. */
export interface RemoteEpisode<
  TAction = Record<string, unknown>,
  TObservation = Record<string, unknown>,
> extends Episode<TAction, TObservation> {
  /** Base address of the server. */
  readonly url: string
  /** Where it stands, by the last reply; `idle` before the first reset and `lost` when the connection went away. */
  readonly status: Status | 'idle' | 'lost'
  /** Counted steps since reset, as far as this client knows. */
  readonly stepCount: number
  reset(options?: ResetOptions & CallOptions): Promise<Reply<TObservation>>
  step(action: TAction, options?: CallOptions): Promise<Reply<TObservation>>
  state(options?: CallOptions): Promise<EpisodeState>
  /**
   * The same position in a session of its own: plays the episode again on a second connection and compares every
   * reply. Throws `NOT_SUPPORTED` unless `environment` was given and is deterministic, and its replies are the same.
   */
  fork(): Promise<RemoteEpisode<TAction, TObservation>>
  /** The JSON Schemas that the server publishes. */
  schemas(options?: CallOptions): Promise<WireSchemas>
  /** What the server says about its environment. */
  describe(options?: CallOptions): Promise<ServerMetadata>
}
