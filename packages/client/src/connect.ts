import type { ActionOf, AnyEnvironment, ObservationOf } from '@openenv-ts/core'
import { dial } from './dial.ts'
import { SocketEpisode, type EpisodeSettings } from './episode.ts'
import type { ConnectOptions, RemoteEpisode } from './options.ts'
import type { OpenSocket } from './socket.ts'
import { checkDuration } from './time.ts'
import { parseServerUrl } from './url.ts'

/** `connect`, for one platform's options. */
export interface Connect<TOptions extends ConnectOptions> {
  <E extends AnyEnvironment>(
    url: string | URL,
    options: TOptions & { readonly environment: E },
  ): Promise<RemoteEpisode<ActionOf<E>, ObservationOf<E>>>
  (url: string | URL, options?: TOptions): Promise<RemoteEpisode>
}

/** Connects with whatever socket the platform has. */
export async function connectWith(
  url: string | URL,
  options: ConnectOptions & { readonly headers?: Readonly<Record<string, string>> },
  open: OpenSocket,
): Promise<SocketEpisode<never, never>> {
  const { environment, timeoutMs = 60_000, connectTimeoutMs = 10_000, retries = 3, fork = true } = options
  const { token, headers, signal } = options
  const settings: EpisodeSettings = {
    plan: {
      url: parseServerUrl(url),
      open,
      connectTimeoutMs: checkDuration('connectTimeoutMs', connectTimeoutMs),
      retries,
    },
    http: { ...(token === undefined ? {} : { token }), ...(headers === undefined ? {} : { headers }) },
    environment,
    timeoutMs: checkDuration('timeoutMs', timeoutMs),
    fork,
  }
  return new SocketEpisode<never, never>(settings, await dial(settings.plan, signal))
}
