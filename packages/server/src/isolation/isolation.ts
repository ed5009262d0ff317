import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { ServedEpisode } from '../options.ts'
import type { LogEvent } from '../log-event.ts'
import { IsolatedEpisode, type Register } from './episode.ts'
import { PlacementScheduler } from './floating.ts'
import type { LaunchOptions } from './transport.ts'
import { PinnedPlacement } from './pinned.ts'
import { Pool } from './pool.ts'
import { processes } from './process.ts'
import type { ExecutorConfig } from './protocol.ts'
import { newKey, type Placement } from './placement.ts'
import { receiveError } from './sent-error.ts'
import { threads } from './thread.ts'

/** Where environments run instead of in the server's own thread. */
export type IsolationKind = 'worker' | 'process'

/** Options of {@link createIsolation}. */
export interface IsolationOptions {
  /** `worker`: threads of this process. `process`: processes that end with this one. */
  readonly kind: IsolationKind
  /** What each executor loads by itself: a URL, or a package's name; its default export is the environment. */
  readonly module: string
  /** URL of a module that exports `load(module): Promise<AnyEnvironment>`, where importing is not enough. */
  readonly loader?: string
  /** Calls that are computed at a time; the number of cores when not given. */
  readonly workers?: number
  /** Executors that are ready beyond those, at least 1; 1 when not given. */
  readonly spares?: number
  /**
   * Executors in all, at least one more than `workers`; 64 when not given. Where episodes cannot leave their
   * executor, that many episodes run at a time.
   */
  readonly maxExecutors?: number
  /** Seconds that one call may take where the environment's own limit says nothing; 10 when not given. */
  readonly stepSeconds?: number
  /** Megabytes of JavaScript's heap of an executor; 512 when not given. A process may use 256 more beside it. */
  readonly memoryMb?: number
  /**
   * Megabytes of one message of an executor; 64 when not given. An executor that sends a longer one is ended: raise it
   * for environments whose observations or states are larger.
   */
  readonly messageMb?: number
  /**
   * Environment variables that a process gets beside PATH, HOME, LANG, LC_ALL, TZ and TMPDIR. Threads get all of this
   * process. Neither gets the server's tokens, whatever stands here.
   */
  readonly variables?: readonly string[]
  /** Flags of Node for executors; those of this process when not given. */
  readonly execArgv?: readonly string[]
  readonly log?: (event: LogEvent) => void
}

/** Episodes that run elsewhere. */
export interface Isolation extends AsyncDisposable {
  /** Opens an episode: what a server takes as `openEpisode`. */
  openEpisode(): ServedEpisode
  /** Ends every executor; calls at work are rejected. Close the server first. */
  close(): Promise<void>
}

const DEFAULT_MAX = 64
const DEFAULT_STEP_SECONDS = 10
const DEFAULT_MEMORY_MB = 512
const DEFAULT_MESSAGE_MB = 64
const MIB = 1024 * 1024

/**
 * Starts executors, each with the environment loaded, and offers episodes that run in them.
 *
 * Episodes of an environment that can restore snapshots go to whichever executor is free; what never returns, or
 * brings its executor down, ends its own episode and nothing else. Episodes of other environments get an executor
 * each, from their first reset to their close.
 *
 * @returns When the first executor is ready; where episodes go from one to another, the second too.
 * @throws OpenEnvError `FACTORY_ERROR` when the environment cannot be loaded there.
 * @example
 * // For an app behind a listener of your own; `serve` does this by itself.
 * await using isolation = await createIsolation({ kind: 'worker', module: '@openenv-ts/echo' })
 * const app = createApp(echo, { openEpisode: isolation.openEpisode })
 */
export function createIsolation(options: IsolationOptions): Promise<Isolation> {
  // Unbuilt, its neighbor is TypeScript too.
  const built = new URL('main.js', import.meta.url)
  const entry = existsSync(fileURLToPath(built)) ? built : new URL('main.ts', import.meta.url)
  return isolationFrom(entry, options)
}

/** As {@link createIsolation}, with executors that run this module. */
export async function isolationFrom(entry: URL, options: IsolationOptions): Promise<Isolation> {
  const { workers = availableParallelism(), spares = 1, log = ignore } = options
  checkOptions(options)
  const max = Math.max(options.maxExecutors ?? DEFAULT_MAX, workers + 1)
  const register: Register = new Map()
  const launching = launchOptions(entry, options)
  const pool = new Pool({
    launch: (options.kind === 'worker' ? threads : processes)(launching),
    maxMessageBytes: launching.maxMessageBytes,
    max,
    reuse: options.kind === 'worker',
    uncaught: ({ episode, error: sent }) => {
      const error = receiveError(sent)
      log({ level: 'error', message: error.message, cause: error.cause })
      if (episode !== null) register.get(episode)?.uncaught(error)
    },
    print: (text) => {
      process.stderr.write(text)
    },
    failed: (message, cause) => {
      log({ level: 'error', message, cause })
    },
  })
  const seatFor = await placementsIn(pool, workers, Math.max(1, spares))
  const close = (): Promise<void> => {
    pool.close()
    return Promise.resolve()
  }
  return {
    openEpisode: () => {
      const key = newKey()
      return new IsolatedEpisode(register, key, seatFor(key))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Starts the first executors. What the first says of the environment holds for all. */
async function placementsIn(
  pool: Pool,
  workers: number,
  spares: number,
): Promise<(key: number) => Placement> {
  try {
    const first = await pool.take()
    if (!first.hello.floats) {
      pool.release(first)
      pool.keep(spares)
      return (key) => new PinnedPlacement(pool, key)
    }
    const placements = new PlacementScheduler(pool, workers, spares)
    // With one alone, the first call that never returns would hold up all others until a second has started.
    const second = await pool.take()
    pool.release(first)
    pool.release(second)
    return (key) => placements.place(key)
  } catch (error) {
    pool.close()
    throw error
  }
}

function launchOptions(entry: URL, options: IsolationOptions): LaunchOptions {
  const { module, loader, memoryMb, messageMb = DEFAULT_MESSAGE_MB, stepSeconds } = options
  const { execArgv, variables } = options
  const config: ExecutorConfig = {
    module,
    loader: loader ?? null,
    stepSeconds: stepSeconds ?? DEFAULT_STEP_SECONDS,
  }
  return {
    entry,
    config: JSON.stringify(config),
    memoryMb: memoryMb ?? DEFAULT_MEMORY_MB,
    maxMessageBytes: messageMb * MIB,
    ...(execArgv === undefined ? {} : { execArgv }),
    ...(variables === undefined ? {} : { variables }),
  }
}

function checkOptions(options: IsolationOptions): void {
  const { workers, spares, stepSeconds, memoryMb, messageMb, maxExecutors } = options
  for (const [name, value] of Object.entries({ workers, spares, maxExecutors, memoryMb, messageMb })) {
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 1)) {
      throw new RangeError(`${name} is a whole number of at least 1, not ${String(value)}.`)
    }
  }
  if (stepSeconds !== undefined && !(stepSeconds > 0 && stepSeconds < 2 ** 31 / 1000)) {
    throw new RangeError(`stepSeconds is a number of seconds above 0, not ${String(stepSeconds)}.`)
  }
}

function ignore(): void {
  // Nobody listens.
}
