import type { ActionOf, AnyEnvironment, ObservationOf } from '@openenv-ts/core'
import { checkKeys, keysOf } from '@openenv-ts/core/host'
import { dial, type DialPlan } from './dial.ts'
import { SocketEpisode, type EpisodeSettings } from './episode.ts'
import type { ConnectOptions, NodeConnectOptions, RemoteEpisode, WebConnectOptions } from './options.ts'
import type { OpenSocket } from './socket.ts'
import { checkDuration } from './time.ts'
import { parseServerUrl } from './url.ts'
import type { ConnectVector, VectorEpisode, VectorOptions } from './vector.ts'
import { openVector } from './socket-vector.ts'

/** `connect`, for one platform's options. */
export interface Connect<TOptions extends ConnectOptions> {
  <E extends AnyEnvironment>(
    url: string | URL,
    options: TOptions & { readonly environment: E },
  ): Promise<RemoteEpisode<ActionOf<E>, ObservationOf<E>>>
  (url: string | URL, options?: TOptions): Promise<RemoteEpisode>
}

type AnyPlatformOptions = ConnectOptions & { readonly headers?: Readonly<Record<string, string>> }

/** How a platform opens sockets for a connection with these options. */
export type Opener<TOptions> = (options: TOptions) => OpenSocket

/** `connect` on a platform's sockets. */
export function connectWith<TOptions extends AnyPlatformOptions>(
  opener: Opener<TOptions>,
): Connect<TOptions> {
  const connect = async (
    url: string | URL,
    options = {} as TOptions,
  ): Promise<SocketEpisode<never, never>> => {
    checkKeys('the options of connect', options, CONNECT_KEYS)
    const { environment, timeoutMs = DEFAULT_TIMEOUT_MS, fork = true, token, headers, signal } = options
    const { resume = false, resumeTimeoutMs = DEFAULT_RESUME_MS, heartbeatMs = Infinity } = options
    const settings: EpisodeSettings = {
      resumeMs: resume ? checkDuration('resumeTimeoutMs', resumeTimeoutMs) : null,
      heartbeatMs: checkDuration('heartbeatMs', heartbeatMs),
      plan: planOf(url, options, opener(options)),
      http: { ...(token === undefined ? {} : { token }), ...(headers === undefined ? {} : { headers }) },
      environment,
      timeoutMs: checkDuration('timeoutMs', timeoutMs),
      fork,
    }
    return new SocketEpisode<never, never>(settings, await dial(settings.plan, signal))
  }
  return connect
}

/** `connectVector` on a platform's sockets. */
export function connectVectorWith<TOptions extends AnyPlatformOptions & VectorOptions>(
  opener: Opener<TOptions>,
): ConnectVector<TOptions> {
  const connectVector = async (
    url: string | URL,
    options: TOptions,
  ): Promise<VectorEpisode<never, never>> => {
    checkKeys('the options of connectVector', options, VECTOR_KEYS)
    const { environment, timeoutMs = DEFAULT_TIMEOUT_MS, size, autoreset = 'next-step', signal } = options
    const plan = planOf(url, options, opener(options))
    return openVector(
      { plan, environment, timeoutMs: checkDuration('timeoutMs', timeoutMs), size, autoreset },
      signal,
    )
  }
  return connectVector
}

/** Those of every platform: code that runs on several may give all. */
const CONNECT_KEYS = keysOf<WebConnectOptions & NodeConnectOptions>({
  ...{ environment: true, timeoutMs: true, connectTimeoutMs: true, retries: true, fork: true, resume: true },
  ...{ resumeTimeoutMs: true, heartbeatMs: true, token: true, signal: true, WebSocket: true, headers: true },
  pingIntervalMs: true,
})
const VECTOR_KEYS = [...CONNECT_KEYS, 'size', 'autoreset']

const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_RESUME_MS = 60_000

function planOf(
  url: string | URL,
  { connectTimeoutMs = 10_000, retries = 3 }: ConnectOptions,
  open: OpenSocket,
): DialPlan {
  return {
    url: parseServerUrl(url),
    open,
    connectTimeoutMs: checkDuration('connectTimeoutMs', connectTimeoutMs),
    retries,
  }
}
