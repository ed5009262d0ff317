import type { EpisodeLimits } from '@openenv-ts/core'

/** What of a Python source is the environment, and by which library it is one. */
export interface PythonSource {
  /** `ors`: an environment class of ors-sdk or openreward. `verifiers`: a `load_environment` function. `verifiers-v1`: a Taskset class. */
  readonly kind: 'ors' | 'verifiers' | 'verifiers-v1'
  /** The folder with the source, relative to the package. */
  readonly path: string
  /** As it is imported with that folder, or its `src/`, on the path. */
  readonly module: string
  /** The class, or `load_environment`. */
  readonly attribute: string
}

/** How long things may take, in seconds. */
export interface PythonTimeouts {
  /** Making the virtual environment; 900 when not given. */
  readonly install?: number
  /** Starting Python and loading the source, downloads of its data included; 300 when not given. */
  readonly load?: number
  /** Starting an episode, the source's own set-up included; 300 when not given. */
  readonly open?: number
  /** One tool call; 120 when not given. */
  readonly call?: number
  /** Ending an episode, and ending the process in order; 10 when not given. */
  readonly close?: number
}

/** What a generated package says about the Python environment that it wraps. */
export interface PythonEnvironmentOptions {
  readonly name: string
  readonly description: string
  readonly version: string
  /** The package's folder, where the source and its requirements lie. */
  readonly package: URL | string
  readonly source: PythonSource
  readonly python: {
    /** Versions of Python that it runs on: `>=3.11,<3.14`. */
    readonly requires: string
    /** A requirements file, relative to the package. */
    readonly requirements: string
    /**
     * A virtual environment of your own to run in, for example one with a requirement that the package index does not have;
     * relative to the package. Nothing is installed into it, and `requires` and `requirements` are not asked.
     */
    readonly environment?: string
  }
  /**
   * Whether packages without a wheel may be built: that runs their own code when they are installed. When not given, a
   * person is asked on a terminal, `--build` is a yes, and anything else a no.
   */
  readonly build?: boolean
  /**
   * How many sessions one process may hold. `shared`: all of them, for sources that keep their state on the episode's own
   * object. `process`: one each, forked from a process that has loaded the source, for sources with state in modules.
   * `single`: one session at a time, for sources with state on disk.
   */
  readonly sessions: 'shared' | 'process' | 'single'
  /** Names of the secrets that may reach the source, with an episode. */
  readonly secrets?: readonly string[]
  /** Names of environment variables that the process gets beside the ordinary ones: endpoints and keys of judges. */
  readonly variables?: readonly string[]
  /** For `load_environment`, or for the configuration of a Taskset. */
  readonly arguments?: Readonly<Record<string, unknown>>
  /** Whether a reward function that raises is an error, and not the number that the library has for it. */
  readonly strictScoring?: boolean
  /** Bound on the turns of loops that the library leaves unbounded; 100 when not given. */
  readonly maxTurns?: number
  readonly limits?: EpisodeLimits
  readonly timeouts?: PythonTimeouts
  /**
   * Megabytes of one message of Python; 128 when not given. A process that sends a longer one is ended: raise it for
   * sources with larger tasks (they cross a hundred at a time) or larger answers.
   */
  readonly messageMb?: number
  /** Told what the process prints, a line at a time. It may hold anything, tasks too; nothing listens when not given. */
  readonly onOutput?: (line: string) => void
}

/** Megabytes of one message where the options say nothing. */
export const DEFAULT_MESSAGE_MB = 128

/** Seconds that hold where the options say nothing. */
export const DEFAULT_TIMEOUTS: Required<PythonTimeouts> = {
  install: 900,
  load: 300,
  open: 300,
  call: 120,
  close: 10,
}
