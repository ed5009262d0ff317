import type { AnyEnvironment } from '@openenv-ts/core'
import { LOOPBACK_HOSTS, type LogEvent, type ResumeStore, type Tokens } from '@openenv-ts/server'
import {
  readTokens,
  resumeDirectory,
  serve,
  type Isolation,
  type RunningServer,
} from '@openenv-ts/server/node'
import type { ServeFlags } from './commands/serve.ts'
import { loadEnvironment } from './environment.ts'
import { checkIsolationFlags, isolate } from './isolating.ts'
import { EXIT, Failure, oneLine, UsageError } from './failure.ts'
import { listenForInterrupt } from './interrupt.ts'
import { jsonLog } from './json-log.ts'
import { note, print } from './terminal.ts'

/**
 * Serves an environment until Ctrl-C or SIGTERM, then lets calls under way finish and closes its episodes in order.
 *
 * @returns The exit code: being stopped is how a server ends well.
 */
export async function serveEnvironment(name: string, flags: ServeFlags): Promise<number> {
  checkFlags(flags)
  const tokens = tokensOf(process.env)
  const log = flags.log === 'json' ? jsonLog(Object.values(tokens)) : logEvent
  const { environment } = await loadEnvironment(name)
  using interrupt = listenForInterrupt('Closing episodes …')
  // What an environment left running must not end its neighbours' episodes.
  process.on('uncaughtException', (cause, origin) => {
    log({ level: 'error', message: `Nobody caught this (${origin}).`, cause })
  })
  await using isolation = await isolate(name, environment, flags, log)
  const server = await listen(environment, flags, { tokens, log, isolation })
  // The first line is what scripts wait for [OE-12].
  print(`Listening on ${server.url}`)
  if (!isLoopback(flags.host) && Object.keys(tokens).length === 0) {
    note(
      `warning: ${flags.host} is reachable from other machines, and whoever reaches it may use it: there are no tokens.`,
    )
  }
  printWaysIn(environment, server, flags)
  if (!interrupt.signal.aborted) {
    await new Promise<void>((resolve) => {
      interrupt.signal.addEventListener('abort', () => {
        resolve()
      })
    })
  }
  await server.drain()
  return EXIT.ok
}

function checkFlags(flags: ServeFlags): void {
  checkIsolationFlags(flags)
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
    return readTokens(variables)
  } catch (thrown) {
    throw new UsageError(oneLine(thrown))
  }
}

/** What flags do not say. */
interface Setting {
  readonly tokens: Tokens
  readonly log: (event: LogEvent) => void
  readonly isolation: Isolation | undefined
}

async function listen(
  environment: AnyEnvironment,
  flags: ServeFlags,
  { tokens, log, isolation }: Setting,
): Promise<RunningServer> {
  const { port, host, basePath, mode, routes, maxSessions } = flags
  const { agentEpisode, agentPort, operatorPort, allowedHost, productionControl, resumeDir } = flags
  try {
    return await serve(environment, {
      host,
      basePath,
      routes,
      ...(port === undefined ? {} : { port }),
      ...(mode === undefined ? {} : { mode }),
      ...(maxSessions === undefined ? {} : { maxSessions }),
      ...(agentEpisode === undefined ? {} : { agentEpisode: agentEpisode === true ? '' : agentEpisode }),
      ...(agentPort === undefined ? {} : { agentPort }),
      ...(operatorPort === undefined ? {} : { operatorPort }),
      ...(allowedHost === undefined ? {} : { allowedHosts: [...LOOPBACK_HOSTS, host, ...allowedHost] }),
      ...(productionControl === undefined ? {} : { productionControl }),
      ...(resumeDir === undefined ? {} : { resumeStore: await openResumeStore(resumeDir) }),
      ...(isolation === undefined ? {} : { openEpisode: () => isolation.openEpisode() }),
      tokens,
      log,
    })
  } catch (thrown) {
    throw listeningFault(thrown, flags)
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
    default:
      return thrown instanceof RangeError ? new UsageError(oneLine(thrown)) : (thrown as Error)
  }
}

/** Failures go to the terminal with their cause: whoever serves an environment is who can mend it. */
function logEvent({ level, message, cause }: LogEvent): void {
  if (level !== 'error') return
  note(`error: ${message}`)
  if (cause !== undefined) note(cause instanceof Error ? (cause.stack ?? cause.message) : oneLine(cause))
}

function printWaysIn(
  { name, description }: AnyEnvironment,
  { url, agentUrl, operatorUrl }: RunningServer,
  { mode, routes, agentEpisode }: ServeFlags,
): void {
  print(`  ${name}: ${description}`)
  if (routes === 'minimal') {
    print(`  curl     curl -X POST ${url}/reset -H 'Content-Type: application/json' -d '{}'`)
  } else if (mode !== 'production') {
    print(`  command  openenv eval ${url} --policy random`)
    print(`  Python   GenericEnvClient(base_url="${url}")   from openenv.core`)
    print(`  HTTP     curl ${url}/schema`)
  } else {
    print(`  HTTP     curl ${url}/schema`)
  }
  if (routes === 'full' && agentEpisode !== undefined) print(`  MCP      ${agentUrl}/mcp`)
  if (operatorUrl !== url) print(`  metrics  ${operatorUrl}/metrics`)
  print('  Ctrl-C stops it.')
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
