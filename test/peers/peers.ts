import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const HERE = dirname(fileURLToPath(import.meta.url))
const VENVS = join(HERE, '../../.venvs')
const START_TIMEOUT_MS = 60_000

/** The Python packages that ours has to get on with, each in an environment of its own. */
export const PEERS = ['openenv-0.10.0', 'openenv-0.8.0', 'openenv-core-0.2.3'] as const
export type Peer = (typeof PEERS)[number]

/** Whether the tests with them are left out, which the set-up says loudly. */
export const SKIPPED = process.env['OPENENV_SKIP_PEERS'] === '1'

/** One call of a script; see play.py. */
export type Call =
  | readonly ['reset', Readonly<Record<string, unknown>>]
  | readonly ['step', Readonly<Record<string, unknown>>]
  | readonly ['state']
  | readonly ['sleep', number]
  | readonly ['meet']

/** What play.py is to do; see there. */
export interface Plan {
  readonly url: string
  readonly style: 'async' | 'sync' | 'with'
  readonly lazy?: boolean
  readonly client?: Readonly<Record<string, unknown>>
  readonly scripts: readonly (readonly Call[])[]
}

/** What a Python client saw of one call. */
export interface Answer {
  readonly observation?: Readonly<Record<string, unknown>>
  readonly reward?: number | null
  readonly done?: boolean
  /** Absent where the client's StepResult has no such field (0.2.3). */
  readonly metadata?: Readonly<Record<string, unknown>> | null
  readonly state?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** A process that plays plans with a peer's own client: one at a time, since its start takes seconds. */
export interface Player extends AsyncDisposable {
  /** The package that it found, with its version. */
  readonly client: string
  play(plan: Plan): Promise<readonly (readonly Answer[])[]>
}

/** Starts play.py. */
export function startPlayer(peer: Peer): Promise<Player> {
  return startScript<Answer[][]>(peer, 'play.py')
}

/** What mcp_play.py is to do; see there. */
export interface McpPlan {
  readonly client: 'openenv' | 'mcp' | 'fastmcp'
  readonly url: string
  readonly production?: boolean
  readonly calls: readonly (readonly [name: string, ...unknown[]])[]
}

/** What a Python client saw of one call: whatever it was. */
export type McpAnswer = Readonly<Record<string, unknown>>

/** Starts mcp_play.py. */
export function startMcpPlayer(
  peer: Peer,
): Promise<
  { readonly client: string; play(plan: McpPlan): Promise<readonly McpAnswer[]> } & AsyncDisposable
> {
  return startScript<McpAnswer[]>(peer, 'mcp_play.py')
}

async function startScript<A>(
  peer: Peer,
  script: string,
): Promise<{ readonly client: string; play(plan: unknown): Promise<A> } & AsyncDisposable> {
  const child = spawn(program(peer, 'python'), [join(HERE, script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const nextLine = async (): Promise<unknown> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`${script} of ${peer} ended.`)
    return JSON.parse(value) as unknown
  }
  return {
    client: (await nextLine()) as string,
    play: async (plan) => {
      child.stdin.write(`${JSON.stringify(plan)}\n`)
      return (await nextLine()) as A
    },
    [Symbol.asyncDispose]: async () => {
      child.stdin.end()
      await ended
    },
  }
}

/** Runs a peer's own command, such as `openenv validate`. */
export function openenv(peer: Peer, ...args: readonly string[]): Promise<Finished> {
  return run(program(peer, 'openenv'), args)
}

/** Runs our own command, as built. */
export function command(...args: readonly string[]): Promise<Finished> {
  return run(process.execPath, [join(HERE, '../../packages/cli/bin/openenv.js'), ...args])
}

/** Makes the environments of all peers, or of some; quick when they are there. */
export async function install(...peers: readonly Peer[]): Promise<void> {
  const { code, stderr } = await run(join(HERE, 'install.sh'), peers)
  if (code !== 0) throw new Error(`install.sh ended with ${String(code)}:\n${stderr}`)
}

/** A server in another process. */
export interface Server extends AsyncDisposable {
  readonly url: string
}

/** Serves an environment of python_server.py with a peer's own server. */
export function servePython(
  peer: Peer,
  environment: 'echo' | 'lock',
  ...flags: readonly string[]
): Promise<Server> {
  return serveScript(peer, ['python_server.py', environment, ...flags])
}

/** Serves the tools of mcp_server.py with a peer's own FastMCP. */
export function serveFastMcp(peer: Peer): Promise<Server> {
  return serveScript(peer, ['mcp_server.py'])
}

/** The same as a program on standard input and output. */
export function fastMcpCommand(peer: Peer): { readonly command: string; readonly args: readonly string[] } {
  return { command: program(peer, 'python'), args: [join(HERE, 'mcp_server.py'), 'stdio'] }
}

/** Runs a script of this folder that says where it listens. */
async function serveScript(
  peer: Peer | OrsPeer,
  [script, ...flags]: readonly [string, ...string[]],
): Promise<Server> {
  const child = spawn(program(peer, 'python'), [join(HERE, script), ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const stop = async (): Promise<void> => {
    child.kill()
    await ended
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS)
  try {
    for await (const line of createInterface(child.stdout)) {
      const url = /^Listening on (http:\S+)$/.exec(line)?.[1]
      if (url === undefined) continue
      await untilHealthy(url)
      return { url, [Symbol.asyncDispose]: stop }
    }
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(timer)
  }
  throw new Error(`The Python server of ${peer} ended before it listened.`)
}

/** What a finished command left. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function run(
  command: string,
  args: readonly string[],
  input = '',
  cwd = process.cwd(),
): Promise<Finished> {
  const child = spawn(command, args, { cwd })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** What tests servers by their OpenAPI documents. */
export const SCHEMATHESIS = 'schemathesis-4.32.5'

/** Runs a program of a peer's environment in a folder. */
export function runProgram(
  peer: typeof SCHEMATHESIS,
  name: string,
  args: readonly string[],
  cwd: string,
): Promise<Finished> {
  return run(program(peer, name), args, '', cwd)
}

function program(peer: Peer | OrsPeer | typeof SCHEMATHESIS, name: string): string {
  return join(VENVS, peer, 'bin', name)
}

/** The port takes connections before the application behind it does. */
async function untilHealthy(url: string): Promise<void> {
  const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(START_TIMEOUT_MS) })
  if (!response.ok) throw new Error(`${url}/health answered ${String(response.status)}.`)
}

/** The Python packages of the Open Reward Standard; TRL's part for it is installed beside the second. */
export const ORS_PEERS = ['ors-sdk-0.1.0', 'openreward-0.1.167'] as const
export type OrsPeer = (typeof ORS_PEERS)[number]

/** One episode of an {@link OrsPlan}: a task by its place, or as the task list gave it. */
export interface OrsEpisodePlan {
  readonly index?: number
  readonly task?: number
  readonly calls: readonly (readonly [name: string, input: object])[]
}

/** What ors_play.py is to do; see there. */
export interface OrsPlan {
  readonly client: 'ors' | 'openreward' | 'trl'
  readonly url: string
  readonly environment: string
  readonly variant?: string
  readonly split: string
  readonly key?: string
  readonly episodes: readonly OrsEpisodePlan[]
}

/** What a client of ORS saw of one call. */
export interface OrsCallSeen {
  readonly error?: string
  readonly texts?: readonly string[]
  readonly metadata?: object | null
  readonly reward?: number | null
  readonly finished?: boolean
}

/** What a client of ORS saw of one episode. TRL's sees less of the calls, and keeps its own account of them. */
export interface OrsEpisodeSeen {
  readonly prompt: readonly string[]
  readonly tools: readonly string[]
  readonly messages: readonly unknown[] | null
  readonly calls: readonly OrsCallSeen[]
  readonly rewards?: readonly (number | null)[]
  readonly metadata?: readonly (object | null)[]
  readonly finished?: boolean
  readonly reward?: number | null
}

/** What ors_play.py printed; see there. */
export interface OrsSeen {
  readonly episodes: readonly OrsEpisodeSeen[]
  readonly closed?: boolean
  readonly [key: string]: unknown
}

/** Plays a plan with a peer's own client of ORS. */
export async function playOrs(peer: OrsPeer, plan: OrsPlan): Promise<OrsSeen> {
  const done = await run(program(peer, 'python'), [join(HERE, 'ors_play.py')], JSON.stringify(plan))
  const last = done.stdout.trim().split('\n').at(-1) ?? ''
  if (done.code !== 0)
    throw new Error(`ors_play.py of ${peer} ended with ${String(done.code)}:\n${done.stderr}`)
  return JSON.parse(last) as OrsSeen
}

/** Serves the environments of ors_server.py with a peer's own server. */
export function serveOrs(peer: OrsPeer): Promise<Server> {
  return serveScript(peer, ['ors_server.py'])
}
