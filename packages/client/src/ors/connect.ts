import { checkDuration } from '../time.ts'
import { firstEnvironment, type EnvironmentOptions } from '../tasks.ts'
import { parseServerUrl } from '../url.ts'
import { RemoteOrsEpisode } from './episode.ts'
import type { OrsEpisode, OrsOptions } from './options.ts'

/**
 * Opens an episode on a server of the Open Reward Standard. Its actions are tool calls; its first observation is the
 * prompt.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` or `TIMEOUT` when the server cannot be reached; `VALIDATION_ERROR` for a bad
 * address or option.
 */
export async function connectOrs(url: string | URL, options: OrsOptions = {}): Promise<OrsEpisode> {
  const { token, headers, secrets = {}, timeoutMs = 600_000, pingIntervalMs = 10_000, signal } = options
  const base = parseServerUrl(url).http
  const sent = { ...(token === undefined ? {} : { 'x-api-key': token }), ...headers }
  const asked: EnvironmentOptions = { headers: sent, ...(signal === undefined ? {} : { signal }) }
  return new RemoteOrsEpisode({
    server: { url: base, headers: sent },
    environment: (options.environment ?? (await firstEnvironment(base, asked))).toLowerCase(),
    secrets,
    timeoutMs: checkDuration('timeoutMs', timeoutMs),
    pingIntervalMs: checkDuration('pingIntervalMs', pingIntervalMs),
  })
}
