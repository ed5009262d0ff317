import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { AnyEnvironment } from '@openenv-ts/core'
import { checkKeys, selectTask } from '@openenv-ts/core/host'
import { createApp, type App } from '../app.ts'
import { normalBasePath } from '../http/base-path.ts'
import type { Mode, ServerOptions } from '../options.ts'
import { openListener, type Listener } from './listener.ts'
import { agentAddress, publicAddress } from '../access/public-url.ts'
import { readForwarded } from './forwarded.ts'
import type { Plane } from '../access/plane.ts'
import { several } from './several.ts'
import { placeholder, whyUnavailable, type UnavailableEnvironment } from '../unavailable.ts'
import { settledWithin } from './settled-within.ts'
import { LAG_INTERVAL_MS, processMetrics } from './process-metrics.ts'
import { seconds } from './seconds.ts'
import { type ListenOptions, type RunningServer, type ServedEnvironment, KEYS } from './listen-options.ts'
import { AGENT_PLANES, OPERATOR_PLANES, planesOf, namesOf, urlHost } from './ports.ts'
import { ANSWERS_GRACE_MS, finishCalls, shutDown } from './shutdown.ts'

const DEFAULT_PING_SECONDS = 20
const DEFAULT_KEEP_ALIVE_SECONDS = 75
const DEFAULT_DRAIN_SECONDS = 10
const DEFAULT_REQUEST_SECONDS = 60

/**
 * Serves an environment on a port, by default on loopback only.
 *
 * @throws Error with `code` `EADDRINUSE` when the port is taken. OpenEnvError `VALIDATION_ERROR` when there is no such task
 * for agents.
 */
export function serve(environment: AnyEnvironment, options: ListenOptions = {}): Promise<RunningServer> {
  return listenFor([{ environment, path: '' }], options)
}

/**
 * Serves several environments on one port, each below its own name: `/echo/ws`, `/email-triage/reset`.
 *
 * One that is given as unavailable, or that cannot be served as it is defined, stops no other [OE-23]: its resets are
 * refused with `FACTORY_ERROR`, and the listings say that it is not available. What is wrong is logged.
 *
 * @throws RangeError when two have the same name, and when none can be served. Error with `code` `EADDRINUSE` when the port is taken.
 */
export async function serveSeveral(
  environments: readonly (ServedEnvironment | UnavailableEnvironment)[],
  options: ListenOptions = {},
): Promise<RunningServer> {
  const { log = ignore } = options
  const served = environments.map((each): ServedEnvironment => {
    if (!('unavailable' in each)) return each
    logUnavailable(log, each)
    return { environment: placeholder(each) }
  })
  if (served.length > 0 && environments.every((each) => 'unavailable' in each))
    throw new RangeError('None of the environments can be served.')
  const names = served.map(({ environment }) => environment.name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new RangeError(`Two environments have the name "${twice}".`)
  const placed = served.map((each) => ({ ...each, path: `/${each.environment.name}` }))
  return listenFor(placed, options)
}

function logUnavailable(log: NonNullable<ServerOptions['log']>, environment: UnavailableEnvironment): void {
  const { name, unavailable, cause } = environment
  const message = `The environment "${name}" is not available: ${unavailable}`
  log({ level: 'error', message, ...(cause === undefined ? {} : { cause }) })
}

async function listenFor(
  environments: readonly (ServedEnvironment & { readonly path: string })[],
  options: ListenOptions,
): Promise<RunningServer> {
  checkKeys('the options of serve', options, KEYS)
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
  const appOf = (environment: AnyEnvironment, path: string, own: ServedEnvironment['options']): App =>
    createApp(environment, {
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
  function appOrPlaceholder(...[environment, path, own]: Parameters<typeof appOf>): App {
    try {
      return appOf(environment, path, own)
    } catch (cause) {
      const { name } = environment
      const reason = cause instanceof Error ? cause.message : 'It cannot be served as it is defined.'
      // What is wrong with the options throws here again.
      const { openEpisode: _, ...rest } = own ?? {}
      const app = appOf(placeholder({ name, unavailable: reason }), path, rest)
      logUnavailable(options.log ?? ignore, { name, unavailable: reason, cause })
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
  const [app] = apps
  if (app === undefined) throw new RangeError('There is no environment to serve.')
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
  const close = (): Promise<void> => {
    lag.disable()
    return (closing ??= shutDown(listeners, apps))
  }
  const drain = async (seconds = DEFAULT_DRAIN_SECONDS): Promise<void> => {
    const end = performance.now() + seconds * 1000
    for (const { sessions } of apps) sessions.stopOpening()
    await settledWithin(seconds * 1000, finishCalls(listeners, apps))
    lag.disable()
    // What was answered last may still be on its way.
    await (closing ??= shutDown(listeners, apps, Math.max(end - performance.now(), ANSWERS_GRACE_MS)))
  }
  return {
    apps,
    app,
    port: listeners[0]?.port ?? port,
    url,
    publicUrl: publicUrl ?? url,
    agentUrl: toldAgentUrl() ?? boundAgentUrl ?? publicUrl ?? url,
    operatorUrl,
    drain,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function modeFromVariable(value: string | undefined): Mode {
  const mode = (value ?? 'simulation').toLowerCase()
  if (mode === 'simulation' || mode === 'production') return mode
  throw new RangeError(`Invalid mode "${mode}" in OPENENV_MODE: use simulation or production.`)
}

function ignore(): void {
  // Nobody asked for the log.
}
