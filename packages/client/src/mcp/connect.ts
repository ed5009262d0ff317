import {
  OpenEnvError,
  type Progress,
  type Tool,
  type ToolCallOptions,
  type ToolHost,
  type ToolResult,
} from '@openenv-ts/core'
import type * as ClientSdk from '@modelcontextprotocol/client'
import type {
  Client,
  RequestOptions,
  StreamableHTTPClientTransport,
  Transport,
} from '@modelcontextprotocol/client'
import { boundedResponse, fetchWithinOrigin } from '../fetch-within-origin.ts'
import { checkDuration } from '../time.ts'
import { failureOf } from './failure.ts'
import { requireJson } from '../write-json.ts'
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
  const { signal } = options
  const timeout = duration('timeoutMs', options.timeoutMs ?? 60_000)
  const limit = AbortSignal.timeout(duration('connectTimeoutMs', options.connectTimeoutMs ?? 10_000))
  signal?.throwIfAborted()
  const sdk = await load()
  const { where, transport, end } = await dial(sdk, server, options)
  const client = new sdk.Client(
    { name: 'openenv-ts', version: '0.1.0' },
    { versionNegotiation: { mode: 'auto' } },
  )
  try {
    // The SDK's own limits leave the question for the revision out.
    await Promise.race([
      client.connect(transport),
      aborted(limit),
      ...(signal === undefined ? [] : [aborted(signal)]),
    ])
  } catch (error) {
    await client.close().catch(() => undefined)
    throw failureOf(limit.aborted ? { code: 'REQUEST_TIMEOUT' } : error, where, signal)
  }
  return new RemoteTools(client, where, timeout, end)
}

/** The longest that a timer can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
function duration(name: string, ms: number): number {
  return Math.min(Math.ceil(checkDuration(name, ms)), LONGEST_TIMER_MS)
}

function aborted(signal: AbortSignal): Promise<never> {
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
interface Line {
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
): Promise<Line> {
  if (typeof server !== 'string' && !(server instanceof URL)) return start(server)
  const url = addressOf(server)
  const transport: StreamableHTTPClientTransport = new sdk.StreamableHTTPClientTransport(url, {
    fetch: async (address, init) => boundedResponse(await fetchWithinOrigin(address, init)),
    requestInit: {
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    },
  })
  // Secrets may stand in an address: errors name it without.
  return { where: `${url.origin}${url.pathname}`, transport, end: () => transport.terminateSession() }
}

async function start({ command, args = [], env, cwd }: McpCommand): Promise<Line> {
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
  readonly #client: Client
  readonly #where: string
  readonly #timeout: number
  readonly #end: () => Promise<void>
  #closing: Promise<void> | undefined

  constructor(client: Client, where: string, timeout: number, end: () => Promise<void>) {
    const { name = '', version = '' } = client.getServerVersion() ?? {}
    this.server = { name, version }
    this.revision = client.getNegotiatedProtocolVersion() ?? ''
    this.instructions = client.getInstructions() ?? null
    this.#client = client
    this.#where = where
    this.#timeout = timeout
    this.#end = end
  }

  async listTools(): Promise<readonly Tool[]> {
    try {
      const { tools } = await this.#client.listTools({}, { timeout: this.#timeout })
      return tools.map(toolOf)
    } catch (error) {
      throw failureOf(error, this.#where)
    }
  }

  async callTool(
    name: string,
    args: unknown,
    { signal, onProgress }: ToolCallOptions = {},
  ): Promise<ToolResult> {
    signal?.throwIfAborted()
    if (args !== undefined) requireJson('tool call', 'arguments', args)
    try {
      const call = { name, arguments: (args ?? {}) as Record<string, unknown> }
      return toolResultOf(await this.#client.callTool(call, this.#options(signal, onProgress)))
    } catch (error) {
      const refused = refusedResult(error)
      if (refused !== undefined) return refused
      throw failureOf(error, this.#where, signal)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#leave()
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

  async #leave(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const patience = new Promise((resolve) => {
      timer = setTimeout(resolve, LEAVE_MS)
    })
    // A server that is gone needs no leave.
    await Promise.race([this.#end().catch(() => undefined), patience])
    clearTimeout(timer)
    await this.#client.close()
  }
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
