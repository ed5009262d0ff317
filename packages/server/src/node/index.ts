import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks'
import type { AnyEnvironment } from '@openenv-ts/core'
import { checkKeys, keysOf, selectTask } from '@openenv-ts/core/host'
import { createApp, normalBasePath, type App } from '../app.ts'
import { LOOPBACK_HOSTS } from '../access/host-check.ts'
import type { Mode, ServerOptions } from '../options.ts'
import { openListener, stop, type Listener } from './listener.ts'
import { agentAddress, publicAddress } from '../access/public-url.ts'
import { readForwarded, type TrustedProxies } from './forwarded.ts'
import type { Plane } from '../http/route.ts'
import { several } from './several.ts'
import { metric } from '../sessions/metrics.ts'
import { placeholder, whyUnavailable, type UnavailableEnvironment } from '../unavailable.ts'
import { settledWithin } from './settled-within.ts'

export { createIsolation } from '../isolation/isolation.ts'
export type { TrustedProxies } from './forwarded.ts'
export type { Isolation, IsolationKind, IsolationOptions } from '../isolation/isolation.ts'

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
}

/** A server that listens. */
export interface RunningServer extends AsyncDisposable {
  /** What answers: one for each environment, in their order. */
  readonly apps: readonly App[]
  /** The first of them. */
  readonly app: App
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

/** One of several environments that are served together. */
export interface ServedEnvironment {
  readonly environment: AnyEnvironment
  /** What holds for it alone, over the options of all. */
  readonly options?: Pick<
    ServerOptions,
    'openEpisode' | 'resumeStore' | 'agentEpisode' | 'maxSessions' | 'about'
  >
}

const LAG_INTERVAL_MS = 20
const DEFAULT_PING_SECONDS = 20
const DEFAULT_KEEP_ALIVE_SECONDS = 75
const DEFAULT_DRAIN_SECONDS = 10
const DEFAULT_REQUEST_SECONDS = 60
/** How long environments have to free what they hold when the server closes. */
const EPISODES_GRACE_MS = 5000
/** How long answers that were begun have to go out when the server closes. */
const ANSWERS_GRACE_MS = 500

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

const KEYS = keysOf<ListenOptions>({
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
  },
})

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

/** The longest that a timer can wait. */
const LONGEST_SECONDS = (2 ** 31 - 1) / 1000

function seconds(name: string, given: number | undefined, otherwise: number): number {
  if (given === undefined) return otherwise
  if (given > 0) return Math.min(given, LONGEST_SECONDS)
  throw new RangeError(`${name} is a number of seconds above 0, not ${String(given)}.`)
}

const AGENT_PLANES: ReadonlySet<Plane> = new Set(['agent', 'capability', 'about', 'open'])
const OPERATOR_PLANES: ReadonlySet<Plane> = new Set(['operator', 'open'])

/** What the first port serves: everything but what has a port of its own. */
function planesOf(
  agentPort: number | undefined,
  operatorPort: number | undefined,
): ReadonlySet<Plane> | undefined {
  if (agentPort === undefined && operatorPort === undefined) return undefined
  const planes = new Set<Plane>(['control', 'about', 'open'])
  if (agentPort === undefined) planes.add('agent').add('capability')
  if (operatorPort === undefined) planes.add('operator')
  return planes
}

/** Waits for calls under way: meanwhile others may still ask whether the server is ready. */
async function finishCalls(listeners: readonly Listener[], apps: readonly App[]): Promise<void> {
  await Promise.all([
    ...listeners.map(({ sockets }) => sockets.finishAll()),
    ...apps.map((app) => app.quiet()),
  ])
}

/**
 * Takes no more connections, closes every episode, then ends streams and connections. Nothing that a client holds open
 * delays the episodes.
 *
 * @param answersMs - How long answers that were begun have to go out.
 */
async function shutDown(
  listeners: readonly Listener[],
  apps: readonly App[],
  answersMs = ANSWERS_GRACE_MS,
): Promise<void> {
  const stopped = listeners.map(({ server, sockets }) => {
    sockets.stopPinging()
    return stop(server)
  })
  await settledWithin(EPISODES_GRACE_MS, Promise.all(apps.map((app) => app.close())))
  await Promise.all(listeners.map(({ sockets }) => sockets.closeAll()))
  await settledWithin(answersMs, Promise.all(listeners.map((listener) => listener.flushed())))
  for (const { server } of listeners) server.closeAllConnections()
  await Promise.all(stopped)
}

/** How late the event loop is and what the process uses, for Prometheus. */
function processMetrics(lag: IntervalHistogram): string {
  // What is recorded is the time between two looks, of which all beyond the interval is delay; nothing yet is NaN.
  const late = (nanoseconds: number): number =>
    Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - LAG_INTERVAL_MS / 1000) : 0
  const { user, system } = process.cpuUsage()
  const text = [
    metric('openenv_event_loop_lag_seconds', 'gauge', 'Delay of the event loop since the last scrape.', [
      ['{quantile="0.5"}', late(lag.percentile(50))],
      ['{quantile="0.99"}', late(lag.percentile(99))],
      ['{quantile="1"}', late(lag.max)],
    ]),
    metric('process_resident_memory_bytes', 'gauge', 'Resident memory.', [['', process.memoryUsage.rss()]]),
    metric('process_cpu_seconds_total', 'counter', 'CPU time used.', [['', (user + system) / 1e6]]),
  ].join('')
  lag.reset()
  return text
}

function modeFromVariable(value: string | undefined): Mode {
  const mode = (value ?? 'simulation').toLowerCase()
  if (mode === 'simulation' || mode === 'production') return mode
  throw new RangeError(`Invalid mode "${mode}" in OPENENV_MODE: use simulation or production.`)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}

/** What the server is called: on loopback by this machine's names, and by what its public address says. */
function namesOf(host: string, { allowedHosts, publicUrl }: ListenOptions): readonly string[] | undefined {
  const names = allowedHosts ?? (isLoopback(host) ? [...LOOPBACK_HOSTS, host] : undefined)
  if (names === undefined || publicUrl === undefined) return names
  return [...names, new URL(publicAddress('publicUrl', publicUrl)).hostname]
}

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

export { isTokenVariable, readTokens } from './tokens.ts'
export { resumeDirectory } from './resume-directory.ts'

function ignore(): void {
  // Nobody asked for the log.
}
