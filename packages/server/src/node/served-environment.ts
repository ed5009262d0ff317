import type { AnyEnvironment } from '@openenv-ts/core'
import type { WayIn } from '../routes/ways-in.ts'
import type { ServerOptions } from '../options.ts'
import type { UnavailableEnvironment } from '../unavailable.ts'

/** One environment, with what holds for it alone. */
export interface ServedEnvironment {
  readonly environment: AnyEnvironment
  /** Where executors load it from, as in `IsolationOptions`. Only isolation needs it. */
  readonly module?: string
  /** How they load it, as in `IsolationOptions`. */
  readonly loader?: string
  /** What holds for it alone, over the options of all. */
  readonly options?: Pick<
    ServerOptions,
    'openEpisode' | 'resumeStore' | 'agentEpisode' | 'maxSessions' | 'about'
  >
}

/**
 * What `serve` takes for one environment: the environment; the name of a package or the URL of a module whose default
 * export it is, as isolation needs it; either with options of its own; or one that could not be loaded.
 */
export type Servable = AnyEnvironment | string | URL | ServedEnvironment | UnavailableEnvironment

/** An environment as a running server offers it. */
export interface RunningEnvironment {
  readonly name: string
  readonly description: string
  /** Why it is not available, in one line; undefined where it is. */
  readonly unavailable: string | undefined
  /** Where clients reach it, without a trailing slash. */
  readonly url: string
  /** Where its operator finds it. */
  readonly operatorUrl: string
  /** The protocols that it speaks, and how to begin with each; empty where it is not available. */
  readonly waysIn: readonly WayIn[]
}
