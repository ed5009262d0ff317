import { keysOf } from '@openenv-ts/core/host'
import type { IsolationKind, IsolationOptions } from '../isolation/isolation.ts'
import type { ServerOptions } from '../options.ts'
import type { RunningEnvironment } from './served-environment.ts'
import type { TrustedProxies } from './forwarded.ts'

/** Where and how to listen, beside what the server does. */
export interface ListenOptions extends ServerOptions {
  /** 8000 when not given, 7860 with minimal routes; 0 takes any free one. */
  readonly port?: number
  /** A port of its own for agents, who are then not served on the other one. */
  readonly agentPort?: number
  /** A port of its own for operators: metrics, readiness, events. */
  readonly operatorPort?: number
  /** `127.0.0.1` when not given. */
  readonly host?: string
  /** Seconds between pings on a WebSocket; 0 for none. 20 when not given. */
  readonly pingSeconds?: number
  /**
   * Seconds that a client may be silent after a ping; then its WebSocket is closed with 1011. As `pingSeconds` when not
   * given. Whatever a client sends is a sign of life, pongs or not; a client in one thread that computes for a minute is
   * silent for that minute.
   */
  readonly pingTimeoutSeconds?: number
  /** Seconds that an HTTP connection is kept between requests; 75 when not given, longer than most load balancers do. */
  readonly keepAliveSeconds?: number
  /**
   * The proxies that are believed when they tell, in `Forwarded` or `X-Forwarded-*`, which address a client used; none
   * when not given.
   */
  readonly trustProxy?: TrustedProxies
  /**
   * Seconds that a client may take to send a whole request, 60 when not given; a quarter of them, at most 15, for its
   * head or its handshake.
   */
  readonly requestSeconds?: number
  /**
   * Where episodes run: `inline`, in this thread, when not given; `worker`, in threads; `process`, in processes of their
   * own; or one of the two with its options. An environment that is isolated is given by its module.
   */
  readonly isolation?: 'inline' | IsolationKind | ServeIsolation
}

/** Isolation with its options; where executors load an environment from is said with the environment. */
export type ServeIsolation = Omit<IsolationOptions, 'module' | 'loader' | 'log'>

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** What is served, in the order in which it was given. */
  readonly environments: readonly RunningEnvironment[]
  readonly port: number
  /** Without a trailing slash, base path included. Of several environments, each is below it under its name. */
  readonly url: string
  /** Where clients reach it: the option `publicUrl`, else the same as `url`. */
  readonly publicUrl: string
  /** Where agents are served; the same as `publicUrl` unless they have a port or an address of their own. */
  readonly agentUrl: string
  readonly operatorUrl: string
  /**
   * Lets the calls that are under way come to their end, and opens no more sessions meanwhile: each connection is
   * closed, with 1001, as soon as it has its answer. Then closes.
   *
   * @param seconds - The longest that it waits for calls; 10 when not given.
   */
  drain(seconds?: number): Promise<void>
  /** Stops listening, closes every episode, then every connection. Calls under way are given up. */
  close(): Promise<void>
}

/** Every option of `serve`. */
export const KEYS = keysOf<ListenOptions>({
  ...{
    mode: true,
    routes: true,
    basePath: true,
    maxSessions: true,
    idleSeconds: true,
    maxMessageBytes: true,
  },
  ...{
    shape: true,
    allowedHosts: true,
    allowedOrigins: true,
    operatorOrigins: true,
    tokens: true,
    productionControl: true,
    agentEpisode: true,
    publicUrl: true,
  },
  ...{ agentUrl: true, moreMetrics: true, openEpisode: true, resumeStore: true, about: true },
  ...{ clock: true, log: true, port: true, agentPort: true, operatorPort: true, host: true },
  ...{
    pingSeconds: true,
    pingTimeoutSeconds: true,
    keepAliveSeconds: true,
    trustProxy: true,
    requestSeconds: true,
    limits: true,
    isolation: true,
  },
})
