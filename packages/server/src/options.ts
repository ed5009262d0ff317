import type { AnyEnvironment, Clock, LocalEpisode } from '@openenv-ts/core'
import type { Tokens } from './access/authorizer.ts'
import type { JsonShape } from '@openenv-ts/core/wire'
import type { ServerLimits } from './limits/limits.ts'
import type { ResumeStore } from './sessions/resume-store.ts'
import type { LogEvent } from './log-event.ts'

/** 16 MiB. */
export const DEFAULT_MAX_MESSAGE_BYTES = 16 * 1024 * 1024

/** Which planes a server offers: orchestrator and agent, or the agent alone. */
export type Mode = 'simulation' | 'production'

/** What a server does beside its environment. Everything has a default. */
export interface ServerOptions {
  /** `simulation` when not given. */
  readonly mode?: Mode
  /** `full`: all of OpenEnv. `minimal`: exactly `POST /reset`, `/step` and `/state` [ET-14]. */
  readonly routes?: 'full' | 'minimal'
  /** Prefix of every path, for example `/envs/echo`. */
  readonly basePath?: string
  /** Sessions of all kinds at a time; 16,384 when not given, 1 for environments that are not concurrent. */
  readonly maxSessions?: number
  /** Seconds without a call after which an HTTP session is closed; 900 when not given. Sockets are not affected. */
  readonly idleSeconds?: number
  /** Bytes of one message or body; 16 MiB when not given. Larger: HTTP 413, WebSocket close 1009. */
  readonly maxMessageBytes?: number
  /** Bounds on the nesting and the number of values of one message; 200 and 100,000 when not given. */
  readonly shape?: Partial<JsonShape>
  /** What clients may hold of the server at a time beside sessions: connections, calls, bytes. */
  readonly limits?: Partial<ServerLimits>
  /**
   * Host names that requests may name in `Host`, without ports; `*.example.com` for all below. When absent, any: a
   * listener on loopback should pass its own names. Pages of another origin (host or port) may change nothing and
   * open no WebSocket in either case, unless they are of a name in this list that is not loopback's or an address.
   */
  readonly allowedHosts?: readonly string[]
  /**
   * Origins whose pages may use the server from a browser, such as `https://app.example.com`; `https://*.example.com` for
   * all below. By default pages of `allowedHosts` that are no loopback names, and the server's own.
   */
  readonly allowedOrigins?: readonly string[]
  /** The same for the operator's plane, which no page of another origin may read by default. */
  readonly operatorOrigins?: readonly string[]
  /** Who may use which plane; without any, everybody may use all of them. */
  readonly tokens?: Tokens
  /** Keeps reset, step and state on `/ws` in production mode, as Python's server does. */
  readonly productionControl?: boolean
  /**
   * Gives every MCP session at `/mcp` one fresh episode of this task, once; an empty text takes the first task, or
   * the environment as it is. Absent: an orchestrator has to open episodes for agents.
   */
  readonly agentEpisode?: string
  /**
   * Where clients reach this server, base path included, such as `https://envs.example.com/echo`: for the addresses that
   * it hands out and shows. By default where each request was sent.
   */
  readonly publicUrl?: string
  /** The same for agents, where they have an address of their own; `publicUrl` when not given. */
  readonly agentUrl?: string | (() => string | undefined)
  /** Metrics that only the platform knows, in Prometheus's text format. */
  readonly moreMetrics?: () => string
  /**
   * Opens the episode of a session somewhere else than in this thread; right here when not given. `serve` fills it in for
   * its option `isolation`.
   */
  readonly openEpisode?: () => ServedEpisode
  /**
   * Where episodes are kept whose clients ask for it, so that they outlive the server. Absent: no episode does.
   */
  readonly resumeStore?: ResumeStore
  /** For `/metadata`. */
  readonly about?: { readonly readme?: string; readonly author?: string; readonly documentationUrl?: string }
  readonly clock?: Clock
  readonly log?: (event: LogEvent) => void
}

/** An episode that a server can serve. One that runs elsewhere can be told what it should be an episode of. */
export interface ServedEpisode extends LocalEpisode {
  /** Holds every answer from here on against the schemas and the range of rewards of this environment. */
  checkWith?(environment: AnyEnvironment): void
}
