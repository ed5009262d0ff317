import { isOpenEnvError, OpenEnvError, type Tool, type ToolResult } from '@openenv-ts/core'
import type { Progress, ToolCallOptions, ToolHost } from '@openenv-ts/core/host'
import type * as ClientSdk from '@modelcontextprotocol/client'
import type { Client, RequestOptions, Transport } from '@modelcontextprotocol/client'
import { checkDuration } from '../time.ts'
import { failureOf } from './failure.ts'
import { requireJson } from '../write-json.ts'
import { httpTransport, SessionForgottenError } from './http-transport.ts'
import { readBlocks } from './readable-blocks.ts'
import { refusedResult, toolOf, toolResultOf } from './result.ts'

/** A server that runs as a program of its own and speaks over its standard input and output. */
export interface McpCommand {
  readonly command: string
  readonly args?: readonly string[]
  /** Instead of the few harmless variables that it gets otherwise. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** Options of a connection to an MCP server. */
export interface McpOptions {
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string
  /** Sent with every HTTP request. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds that one request may take, counted anew with each report of its progress; 60,000 if not given. */
  readonly timeoutMs?: number
  /** Milliseconds for making the connection; 10,000 if not given. */
  readonly connectTimeoutMs?: number
  /** Ends the attempt to connect; no part in what comes after. */
  readonly signal?: AbortSignal
}

/** The tools of an MCP server. */
export interface McpTools extends ToolHost, AsyncDisposable {
  /** What the server calls itself. */
  readonly server: { readonly name: string; readonly version: string }
  /** The revision of MCP that both sides speak, for example `2025-11-25`. */
  readonly revision: string
  /** What the server wants an agent to be told first; null where it says nothing. */
  readonly instructions: string | null
  /** Ends the session on the server, where it has one, and the connection. */
  close(): Promise<void>
}

/**
 * Connects to an MCP server: by its address over Streamable HTTP, or by starting its program.
 *
 * Needs the package `@modelcontextprotocol/client` beside this one.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` or `TIMEOUT` when the server cannot be reached or is none;
 * `VALIDATION_ERROR` for a bad address or option; `NOT_SUPPORTED` without that package.
 */
export async function connectMcp(
  server: string | URL | McpCommand,
  options: McpOptions = {},
): Promise<McpTools> {
  const timeout = duration('timeoutMs', options.timeoutMs ?? 60_000)
  const connectTimeout = duration('connectTimeoutMs', options.connectTimeoutMs ?? 10_000)
  options.signal?.throwIfAborted()
  const sdk = await load()
  const connect = (signal?: AbortSignal): Promise<Connection> =>
    connected(sdk, () => dial(sdk, server, options), AbortSignal.timeout(connectTimeout), signal)
  return new RemoteTools(await connect(options.signal), connect, timeout)
}

/** A client that has begun, and the way to its server. */
interface Connection extends McpTransport {
  readonly client: Client
  /** Requests under way. */
  asking: number
}

async function connected(
  sdk: typeof ClientSdk,
  open: () => Promise<McpTransport>,
  limit: AbortSignal,
  signal: AbortSignal | undefined,
): Promise<Connection> {
  const line = await open()
  readBlocks(sdk, line.transport)
  const client = new sdk.Client(
    { name: 'openenv-ts', version: '0.1.0' },
    { versionNegotiation: { mode: 'auto' } },
  )
  try {
    // The SDK's own limits leave the question for the revision out.
    await Promise.race([
      client.connect(line.transport),
      aborted(limit),
      ...(signal === undefined ? [] : [aborted(signal)]),
    ])
  } catch (error) {
    await client.close().catch(() => undefined)
    throw failureOf(limit.aborted ? { code: 'REQUEST_TIMEOUT' } : error, line.where, signal)
  }
  return { ...line, client, asking: 0 }
}

/** The longest that a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
function duration(name: string, ms: number): number {
  return Math.min(Math.ceil(checkDuration(name, ms)), LONGEST_TIMER_MS)
}

function aborted(signal: AbortSignal): Promise<never> {
  if (signal.aborted) return Promise.reject(signal.reason as Error)
  return new Promise((_resolve, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        reject(signal.reason as Error)
      },
      { once: true },
    )
  })
}

/** How long a server that is being left may take to say so. */
const LEAVE_MS = 2_000

async function load(): Promise<typeof ClientSdk> {
  try {
    return await import('@modelcontextprotocol/client')
  } catch (cause) {
    throw new OpenEnvError(
      'NOT_SUPPORTED',
      "MCP needs its official client: npm install '@modelcontextprotocol/client@^2.4.0'",
      { cause },
    )
  }
}

/** The way to a server. */
interface McpTransport {
  /** How errors name it. */
  readonly where: string
  readonly transport: Transport
  /** Ends the session on the other side. */
  readonly end: () => Promise<void>
}

async function dial(
  sdk: typeof ClientSdk,
  server: string | URL | McpCommand,
  { token, headers }: McpOptions,
): Promise<McpTransport> {
  if (typeof server !== 'string' && !(server instanceof URL)) return start(server)
  const url = addressOf(server)
  // Secrets may stand in an address: errors name it without.
  const where = `${url.origin}${url.pathname}`
  const transport = httpTransport(sdk, url, where, {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...headers,
  })
  return { where, transport, end: () => transport.terminateSession() }
}

async function start({ command, args = [], env, cwd }: McpCommand): Promise<McpTransport> {
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
  const transport = new StdioClientTransport({
    command,
    args: [...args],
    ...(env === undefined ? {} : { env: { ...env } }),
    ...(cwd === undefined ? {} : { cwd }),
  })
  return { where: command, transport, end: () => Promise.resolve() }
}

function addressOf(server: string | URL): URL {
  const given = String(server)
  const url = URL.canParse(given) ? new URL(given) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new OpenEnvError(
    'VALIDATION_ERROR',
    `"${given}" is no address of an MCP server: give a whole one, as in http://localhost:8000/mcp.`,
    {
      http: 400,
      issues: [
        { type: 'invalid_value', loc: ['server'], msg: 'Expected an http or https URL', input: given },
      ],
    },
  )
}

class RemoteTools implements McpTools {
  readonly server: { readonly name: string; readonly version: string }
  readonly revision: string
  readonly instructions: string | null
  readonly #timeout: number
  readonly #connect: () => Promise<Connection>
  #connection: Connection
  /** A session that is being begun in the place of one that the server forgot. */
  #renewing: Promise<Connection> | undefined
  #closing: Promise<void> | undefined

  constructor(connection: Connection, connect: () => Promise<Connection>, timeout: number) {
    const { client } = connection
    const { name = '', version = '' } = client.getServerVersion() ?? {}
    this.server = { name, version }
    this.revision = client.getNegotiatedProtocolVersion() ?? ''
    this.instructions = client.getInstructions() ?? null
    this.#connection = connection
    this.#connect = connect
    this.#timeout = timeout
  }

  async listTools(): Promise<readonly Tool[]> {
    const { tools } = await this.#ask((client) => client.listTools({}, { timeout: this.#timeout }))
    return tools.map(toolOf)
  }

  async callTool(
    name: string,
    args: unknown,
    { signal, onProgress }: ToolCallOptions = {},
  ): Promise<ToolResult> {
    signal?.throwIfAborted()
    if (args !== undefined) requireJson('tool call', 'arguments', args)
    const call = { name, arguments: (args ?? {}) as Record<string, unknown> }
    return this.#ask(async (client) => {
      try {
        return toolResultOf(await client.callTool(call, this.#options(signal, onProgress)))
      } catch (error) {
        const refused = refusedResult(error)
        if (refused !== undefined) return refused
        throw error
      }
    }, signal)
  }

  close(): Promise<void> {
    this.#closing ??= leave(this.#connection)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #options(
    signal: AbortSignal | undefined,
    onProgress: ((progress: Progress) => void) | undefined,
  ): RequestOptions {
    return {
      timeout: this.#timeout,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onprogress: heard(onProgress), resetTimeoutOnProgress: true }),
    }
  }

  /** Asks the server; once more, in a session that is begun for it, when the server has forgotten the old one. */
  async #ask<T>(work: (client: Client) => Promise<T>, signal?: AbortSignal): Promise<T> {
    const first = this.#connection
    try {
      return await asked(first, work)
    } catch (error) {
      if (!(error instanceof SessionForgottenError) || this.#closing !== undefined) {
        throw failureOf(error, first.where, signal)
      }
    } finally {
      this.#drop(first)
    }
    const second = await this.#renewed(first, signal)
    try {
      return await asked(second, work)
    } catch (error) {
      throw failureOf(error, second.where, signal)
    } finally {
      this.#drop(second)
    }
  }

  /** The connection after one whose session the server forgot. All calls that found that out share it. */
  async #renewed(forgotten: Connection, signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#connection !== forgotten) return this.#connection
    this.#renewing ??= this.#renew(forgotten).finally(() => {
      this.#renewing = undefined
    })
    return Promise.race([this.#renewing, ...(signal === undefined ? [] : [aborted(signal)])])
  }

  async #renew(forgotten: Connection): Promise<Connection> {
    let fresh: Connection
    try {
      fresh = await this.#connect()
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new OpenEnvError(
        isOpenEnvError(cause) ? cause.code : 'CONNECTION_ERROR',
        `The MCP server at ${forgotten.where} has forgotten the session, and a new one cannot be begun: ${why}`,
        { cause },
      )
    }
    this.#connection = fresh
    this.#drop(forgotten)
    if (this.#closing !== undefined) await leave(fresh)
    return fresh
  }

  /** Closes a connection that another one has followed, once nothing is asked over it any more. */
  #drop(connection: Connection): void {
    if (connection === this.#connection || connection.asking > 0) return
    connection.client.close().catch(() => undefined)
  }
}

async function asked<T>(connection: Connection, work: (client: Client) => Promise<T>): Promise<T> {
  connection.asking += 1
  try {
    return await work(connection.client)
  } finally {
    connection.asking -= 1
  }
}

/** Ends the session on the server, if that still answers, and the connection. */
async function leave({ client, end }: Connection): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const patience = new Promise((resolve) => {
    timer = setTimeout(resolve, LEAVE_MS)
  })
  await Promise.race([end().catch(() => undefined), patience])
  clearTimeout(timer)
  await client.close()
}

/** The SDK writes undefined where it was told nothing; our types leave that out. */
function heard(onProgress: (progress: Progress) => void): NonNullable<RequestOptions['onprogress']> {
  return ({ progress, total, message }) => {
    onProgress({
      progress,
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message }),
    })
  }
}
