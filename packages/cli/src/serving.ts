import { join } from 'node:path'
import { isOpenEnvError, type AnyEnvironment } from '@openenv-ts/core'
import {
  LOOPBACK_HOSTS,
  type UnavailableEnvironment,
  type LogEvent,
  type ResumeStore,
  type Tokens,
} from '@openenv-ts/server'
import {
  isTokenVariable,
  readTokens,
  resumeDirectory,
  serve,
  type ListenOptions,
  type RunningEnvironment,
  type RunningServer,
  type ServedEnvironment,
  type TrustedProxies,
} from '@openenv-ts/server/node'
import type { ServeFlags } from './serve-flags.ts'
import { loadEnvironment } from './environment.ts'
import { loadAll } from './loading.ts'
import { checkIsolationFlags, isolationOf, LOADER } from './isolating.ts'
import { EXIT, Failure, oneLine, UsageError } from './failure.ts'
import { listenForInterrupt } from './interrupt.ts'
import { jsonLog } from './json-log.ts'
import { limitsOf } from './limit-options.ts'
import { note, print } from './terminal.ts'

/**
 * Serves environments until Ctrl-C or SIGTERM, then lets calls under way finish and closes their episodes in order.
 *
 * @returns The exit code: being stopped is how a server ends well.
 */
export async function serveEnvironments(names: readonly string[], flags: ServeFlags): Promise<number> {
  checkFlags(flags, names.length > 1)
  const tokens = tokensOf(process.env)
  const log = flags.log === 'json' ? jsonLog(Object.values(tokens)) : logEvent
  // What an environment left running must not end its neighbors' episodes.
  process.on('uncaughtException', (cause, origin) => {
    log({ level: 'error', message: `Nobody caught this (${origin}).`, cause })
  })
  using interrupt = listenForInterrupt('Closing episodes …')
  const loaded = await loadAll(names, async (name) => {
    const { environment } = await loadEnvironment(name)
    return { environment, module: name, loader: LOADER }
  })
  const several = names.length > 1
  const served = await Promise.all(
    loaded.map(async (each) =>
      'unavailable' in each ? each : { ...each, options: await ownOptions(each.environment, flags, several) },
    ),
  )
  await serveUntil(interrupt.signal, await listen(served, flags, { tokens, log }), flags, tokens)
  return EXIT.ok
}

async function serveUntil(
  signal: AbortSignal,
  server: RunningServer,
  flags: ServeFlags,
  tokens: Tokens,
): Promise<void> {
  // The first line is what scripts wait for [OE-12].
  print(`Listening on ${server.url}`)
  if (!isLoopback(flags.host) && Object.keys(tokens).length === 0) {
    note(
      `warning: ${flags.host} is reachable from other machines, and whoever reaches it may use it: there are no tokens.`,
    )
  }
  for (const environment of server.environments) printWaysIn(environment, server, flags)
  print('  Ctrl-C stops it.')
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve()
      })
    })
  }
  await server.drain()
}

function checkFlags(flags: ServeFlags, several: boolean): void {
  checkIsolationFlags(flags)
  if (several && typeof flags.agentEpisode === 'string') {
    throw new UsageError('--agent-episode can name a task only where one environment is served.')
  }
  const { host, basePath } = flags
  if (host.trim() === '' || /[\s/]/.test(host)) {
    throw new UsageError(`--host is an address such as 127.0.0.1 or 0.0.0.0, not "${host}".`)
  }
  if (!/^[\w./~-]*$/.test(basePath) || basePath.split('/').includes('..')) {
    throw new UsageError(`--base-path is a path such as /envs/echo, not "${basePath}".`)
  }
}

function tokensOf(variables: NodeJS.ProcessEnv): Tokens {
  try {
    const tokens = readTokens(variables)
    // Environments run in this process, or inherit from it: they find no token there.
    for (const name of Object.keys(variables))
      if (isTokenVariable(name)) Reflect.deleteProperty(variables, name)
    return tokens
  } catch (thrown) {
    throw new UsageError(oneLine(thrown))
  }
}

/** What flags do not say. */
interface Setting {
  readonly tokens: Tokens
  readonly log: (event: LogEvent) => void
}

/** What holds for one environment alone: where its episodes are kept. */
async function ownOptions(
  { name }: AnyEnvironment,
  { resumeDir }: ServeFlags,
  several: boolean,
): Promise<NonNullable<ServedEnvironment['options']>> {
  const folder = resumeDir === undefined || !several ? resumeDir : join(resumeDir, name)
  return folder === undefined ? {} : { resumeStore: await openResumeStore(folder) }
}

async function listen(
  served: readonly (ServedEnvironment | UnavailableEnvironment)[],
  flags: ServeFlags,
  setting: Setting,
): Promise<RunningServer> {
  const options = listenOptions(flags, setting)
  const [only] = served
  try {
    return await serve(served.length === 1 && only !== undefined ? only : served, options)
  } catch (thrown) {
    throw listeningFault(thrown, flags)
  }
}

/** What flags ask of a server. */
export function listenOptions(flags: ServeFlags, { tokens, log }: Setting): ListenOptions {
  const { port, host, basePath, mode, routes, maxSessions } = flags
  const { agentEpisode, agentPort, operatorPort, allowedHost, productionControl } = flags
  const { pingSeconds, pingTimeoutSeconds, keepAliveSeconds, maxMessageBytes } = flags
  return {
    host,
    basePath,
    routes,
    limits: limitsOf(flags),
    isolation: isolationOf(flags),
    shape: given({ maxDepth: flags.maxDepth, maxValues: flags.maxValues }),
    ...given({ allowedOrigins: flags.allowedOrigin, operatorOrigins: flags.operatorOrigin }),
    ...given({ publicUrl: flags.publicUrl, agentUrl: flags.agentUrl, trustProxy: proxiesOf(flags) }),
    ...given({ pingSeconds, pingTimeoutSeconds, keepAliveSeconds, maxMessageBytes }),
    ...given({ port, mode, maxSessions, agentPort, operatorPort, productionControl }),
    ...(agentEpisode === undefined ? {} : { agentEpisode: agentEpisode === true ? '' : agentEpisode }),
    ...(allowedHost === undefined ? {} : { allowedHosts: [...LOOPBACK_HOSTS, host, ...allowedHost] }),
    tokens,
    log,
  }
}

/** A number alone counts proxies; anything else names them. */
function proxiesOf({ trustProxy }: ServeFlags): TrustedProxies | undefined {
  const [first = ''] = trustProxy ?? []
  return trustProxy?.length === 1 && /^\d+$/.test(first) ? Number(first) : trustProxy
}

/** The options that have a value. */
function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>
  }
}

async function openResumeStore(folder: string): Promise<ResumeStore> {
  try {
    return await resumeDirectory(folder)
  } catch (thrown) {
    throw new UsageError(`--resume-dir ${folder} cannot be used: ${oneLine(thrown)}`)
  }
}

function listeningFault(thrown: unknown, { port, host, routes }: ServeFlags): Error {
  const code = (thrown as NodeJS.ErrnoException).code
  const number = String(port ?? (routes === 'minimal' ? 7860 : 8000))
  switch (code) {
    case 'EADDRINUSE':
      return new Failure(`Port ${number} is taken: choose another with --port, or --port 0 for any free one.`)
    case 'EACCES':
      return new Failure(`Port ${number} is not allowed for this user: choose one from 1024 with --port.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UsageError(
        `This machine has no address "${host}": give --host one of its own, such as 127.0.0.1.`,
      )
    case 'FACTORY_ERROR':
      return new Failure(oneLine(thrown))
    default:
      return thrown instanceof RangeError || isOpenEnvError(thrown)
        ? new UsageError(oneLine(thrown))
        : (thrown as Error)
  }
}

/** Failures go to the terminal with their cause: whoever serves an environment is who can mend it. */
function logEvent({ level, message, cause }: LogEvent): void {
  if (level === 'info') return
  note(`${level}: ${message}`)
  if (cause !== undefined) note(cause instanceof Error ? (cause.stack ?? cause.message) : oneLine(cause))
}

/** What is served and how to connect: a line for each protocol, and those to copy below it. */
function printWaysIn(
  { name, description, unavailable, url: address, operatorUrl, waysIn }: RunningEnvironment,
  server: RunningServer,
  { routes }: ServeFlags,
): void {
  if (unavailable !== undefined) {
    print(`  ${name}: not available: ${unavailable}`)
    return
  }
  print(`  ${name}: ${oneLine(description)}`)
  for (const { protocol, url, lines } of waysIn) {
    print(`  ${protocol.padEnd(LABEL)}  ${url}`)
    for (const [label, line] of lines) print(`    ${label.padEnd(LABEL - 2)}  ${line}`)
  }
  if (routes === 'minimal') return
  print(`  ${'page'.padEnd(LABEL)}  ${address}`)
  if (server.operatorUrl !== server.url) print(`  ${'metrics'.padEnd(LABEL)}  ${operatorUrl}/metrics`)
}

/** The longest protocol. */
const LABEL = 'Open Reward Standard'.length

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
