import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { AnyEnvironment } from '@openenv-ts/core'
import { checkKeys, selectTask } from '@openenv-ts/core/host'
import { mountApp, type MountedApp } from '../mounted-app.ts'
import { keepInside } from '../inspect.ts'
import { waysIn } from '../routes/ways-in.ts'
import { normalBasePath } from '../http/base-path.ts'
import type { Mode } from '../options.ts'
import { openListener, type Listener } from './listener.ts'
import { agentAddress, publicAddress } from '../access/public-url.ts'
import { readForwarded } from './forwarded.ts'
import type { Plane } from '../access/plane.ts'
import { several } from './several.ts'
import { placeholder, whyUnavailable } from '../unavailable.ts'
import { settledWithin } from './settled-within.ts'
import { LAG_INTERVAL_MS, processMetrics } from './process-metrics.ts'
import { seconds } from './seconds.ts'
import { type ListenOptions, type RunningServer, KEYS } from './listen-options.ts'
import { prepare, unavailable, type Prepared } from './prepare.ts'
import type { RunningEnvironment, Servable, ServedEnvironment } from './served-environment.ts'
import { AGENT_PLANES, OPERATOR_PLANES, planesOf, namesOf, urlHost } from './ports.ts'
import { ANSWERS_GRACE_MS, finishCalls, shutDown } from './shutdown.ts'

const DEFAULT_PING_SECONDS = 20
const DEFAULT_KEEP_ALIVE_SECONDS = 75
const DEFAULT_DRAIN_SECONDS = 10
const DEFAULT_REQUEST_SECONDS = 60

/**
 * Serves an environment on a port, by default on loopback only. A list of environments is served below the name of each:
 * `/echo/ws`, `/email-triage/reset`.
 *
 * Of a list, one that is given as unavailable, or that cannot be started or served as it is defined, stops no other
 * [OE-23]: its resets are refused with `FACTORY_ERROR`, and the listings say that it is not available. What is wrong is
 * logged.
 *
 * @param given - The environment or environments: each itself, or its module, as isolation needs it.
 * @throws Error with `code` `EADDRINUSE` when the port is taken. OpenEnvError `VALIDATION_ERROR` when there is no such task
 * for agents, `FACTORY_ERROR` when the only environment cannot be loaded or started. RangeError when two have the same
 * name, when none can be served, and when isolation does not know where to load one from.
 * @example
 * await using server = await serve('@openenv-ts/echo', { isolation: 'worker' })
 */
export async function serve(
  given: Servable | readonly Servable[],
  options: ListenOptions = {},
): Promise<RunningServer> {
  checkKeys('the options of serve', options, KEYS)
  const prepared = await prepare(given, options)
  try {
    return await listenFor(prepared, options)
  } catch (error) {
    await prepared[Symbol.asyncDispose]()
    throw error
  }
}

async function listenFor(prepared: Prepared, options: ListenOptions): Promise<RunningServer> {
  const { environments } = prepared
  const { host = '127.0.0.1' } = options
  const port = options.port ?? (options.routes === 'minimal' ? 7860 : 8000)
  const mode = options.mode ?? modeFromVariable(process.env['OPENENV_MODE'])
  const allowedHosts = namesOf(host, options)
  const basePath = normalBasePath(options.basePath ?? '')
  for (const { environment, options: own } of environments) {
    if (whyUnavailable(environment) !== undefined) continue
    const task = own?.agentEpisode ?? options.agentEpisode ?? ''
    // Better now than when the first agent comes.
    if (task !== '') await selectTask(environment.tasks, { taskId: task }, undefined)
  }
  const lag = monitorEventLoopDelay({ resolution: LAG_INTERVAL_MS })
  const publicUrl =
    options.publicUrl === undefined ? undefined : publicAddress('publicUrl', options.publicUrl)
  const toldAgentUrl = agentAddress(options.agentUrl === undefined ? {} : { agentUrl: options.agentUrl })
  const forwarded = options.trustProxy === undefined ? () => null : readForwarded(options.trustProxy)
  let boundAgentUrl: string | undefined
  const appOf = (environment: AnyEnvironment, path: string, own: ServedEnvironment['options']): MountedApp =>
    mountApp(environment, {
      moreMetrics: () => processMetrics(lag),
      ...options,
      ...(publicUrl === undefined ? {} : { publicUrl: publicUrl + path }),
      agentUrl: () => {
        const root = toldAgentUrl() ?? boundAgentUrl ?? publicUrl
        return root === undefined ? undefined : root + path
      },
      ...own,
      basePath: basePath + path,
      mode,
      ...(allowedHosts === undefined ? {} : { allowedHosts }),
    })
  const placed = environments.map(({ environment, path, options: own }) => ({
    path: basePath + path,
    app: environments.length === 1 ? appOf(environment, path, own) : appOrPlaceholder(environment, path, own),
  }))
  function appOrPlaceholder(...[environment, path, own]: Parameters<typeof appOf>): MountedApp {
    try {
      return appOf(environment, path, own)
    } catch (cause) {
      const { name } = environment
      const reason = cause instanceof Error ? cause.message : 'It cannot be served as it is defined.'
      // What is wrong with the options throws here again.
      const { openEpisode: _, ...rest } = own ?? {}
      const app = appOf(placeholder({ name, unavailable: reason }), path, rest)
      unavailable({ name, unavailable: reason, cause }, options.log ?? ignore)
      return app
    }
  }
  const apps = placed.map(({ app }) => app)
  const served = several(placed, {
    ...options,
    basePath,
    ...(publicUrl === undefined ? {} : { publicUrl }),
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
  })
  const urlAt = (bound: number): string => `http://${urlHost(host)}:${String(bound)}${basePath}`
  const listeners: Listener[] = []
  const requestSeconds = seconds('requestSeconds', options.requestSeconds, DEFAULT_REQUEST_SECONDS)
  const keepAliveSeconds = seconds('keepAliveSeconds', options.keepAliveSeconds, DEFAULT_KEEP_ALIVE_SECONDS)
  const pingSeconds =
    options.pingSeconds === 0 ? 0 : seconds('pingSeconds', options.pingSeconds, DEFAULT_PING_SECONDS)
  const pingTimeoutSeconds = seconds('pingTimeoutSeconds', options.pingTimeoutSeconds, pingSeconds)
  const open = async (at: number, planes?: ReadonlySet<Plane>): Promise<string> => {
    const listener = await openListener(served, {
      port: at,
      host,
      log: options.log ?? ignore,
      planes,
      requestSeconds,
      keepAliveSeconds,
      forwarded,
      patience: {
        pingMs: pingSeconds * 1000,
        timeoutMs: pingTimeoutSeconds * 1000,
        frameMs: requestSeconds * 1000,
      },
    })
    listeners.push(listener)
    return urlAt(listener.port)
  }
  const { agentPort, operatorPort } = options
  let url: string
  let operatorUrl: string
  try {
    url = await open(port, planesOf(agentPort, operatorPort))
    if (agentPort !== undefined) boundAgentUrl = await open(agentPort, AGENT_PLANES)
    operatorUrl = operatorPort === undefined ? url : await open(operatorPort, OPERATOR_PLANES)
  } catch (error) {
    await shutDown(listeners, apps)
    throw error
  }
  lag.enable()
  let closing: Promise<void> | undefined
  const end = (answersMs?: number): Promise<void> => {
    lag.disable()
    // Episodes end first: what they run in is still needed for that.
    closing ??= shutDown(listeners, apps, answersMs).finally(() => prepared[Symbol.asyncDispose]())
    return closing
  }
  const close = (): Promise<void> => end()
  const drain = async (seconds = DEFAULT_DRAIN_SECONDS): Promise<void> => {
    const enough = performance.now() + seconds * 1000
    for (const { sessions } of apps) sessions.stopOpening()
    await settledWithin(seconds * 1000, finishCalls(listeners, apps))
    // What was answered last may still be on its way.
    await end(Math.max(enough - performance.now(), ANSWERS_GRACE_MS))
  }
  const reachedAt = publicUrl ?? url
  const agentUrl = toldAgentUrl() ?? boundAgentUrl ?? reachedAt
  const running = environments.map(({ path, options: own }, at): RunningEnvironment => {
    const { environment, routes, sockets } = apps[at] as MountedApp
    const reason = whyUnavailable(environment)
    const playsAtMcp = (own?.agentEpisode ?? options.agentEpisode) !== undefined
    const agents = { agentBase: agentUrl + path, playsAtMcp }
    return {
      name: environment.name,
      description: environment.description,
      unavailable: reason,
      url: reachedAt + path,
      operatorUrl: operatorUrl + path,
      waysIn: reason === undefined ? waysIn({ environment, routes, sockets }, reachedAt + path, agents) : [],
    }
  })
  const server: RunningServer = {
    environments: running,
    port: listeners[0]?.port ?? port,
    url,
    publicUrl: reachedAt,
    agentUrl,
    operatorUrl,
    drain,
    close,
    [Symbol.asyncDispose]: close,
  }
  keepInside(server, apps)
  return server
}

function modeFromVariable(value: string | undefined): Mode {
  const mode = (value ?? 'simulation').toLowerCase()
  if (mode === 'simulation' || mode === 'production') return mode
  throw new RangeError(`Invalid mode "${mode}" in OPENENV_MODE: use simulation or production.`)
}

function ignore(): void {
  // Nobody asked for the log.
}
