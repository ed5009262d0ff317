import { isOpenEnvError, OpenEnvError, agentTools, type MaybePromise, type Tool } from '@openenv-ts/core'
import { isObject, listTools, type ToolCall } from '@openenv-ts/core/host'
import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { isLargeContent, jsonInTurns } from '../http/json-in-turns.ts'
import type { Host } from '../http/route.ts'
import type { Session } from '../sessions/session.ts'

/** A JSON-RPC reply in OpenEnv's dialect: errors have all three keys, results no `error`. */
export type RpcReply = { readonly jsonrpc: '2.0'; readonly id: string | number | null } & (
  | { readonly result: Readonly<Record<string, unknown>> }
  | { readonly error: { readonly code: number; readonly message: string; readonly data: unknown } }
)

type Params = Readonly<Record<string, unknown>>

/** Where a JSON-RPC request came in: which episode it means, and what may be done with sessions there. */
export interface RpcSessions {
  /**
   * The session that a call is about; null for none.
   *
   * @throws OpenEnvError for an id that is not known, or not the caller's.
   */
  session(params: Params): Session | null
  create(): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
  close(params: Params): Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>
}

/** What a tool call is answered where there is no episode to act in. */
export const NO_EPISODE_HERE =
  'There is no episode here: name one by session_id, or use the URL of an episode.'

/** V8 reads how deep stacks are from here; other engines ignore it. */
const V8Error = Error as ErrorConstructor & { stackTraceLimit?: number | undefined }

/** An error with its own JSON-RPC code. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data: unknown = null) {
    // Clients cause these errors, by the thousand if they like. A stack would cost more than the answer.
    const { stackTraceLimit } = V8Error
    V8Error.stackTraceLimit = 0
    super(message)
    V8Error.stackTraceLimit = stackTraceLimit
    this.code = code
    this.data = data
  }
}

/**
 * Answers one JSON-RPC request of OpenEnv's dialect; never throws. Malformed ones get a null id.
 *
 * @param signal - Aborted when the client no longer waits: the call ends, the episode goes on.
 */
export async function answerRpc(
  body: unknown,
  host: Host,
  sessions: RpcSessions,
  signal?: AbortSignal,
): Promise<RpcReply> {
  const request = readRequest(body)
  if ('error' in request) return { jsonrpc: '2.0', id: null, error: request.error }
  const { id, method, params } = request
  try {
    const result = await perform(method, params, host, sessions, signal)
    return { jsonrpc: '2.0', id, result }
  } catch (thrown) {
    if (thrown instanceof RpcError) {
      const { code, message, data } = thrown
      return { jsonrpc: '2.0', id, error: { code, message, data } }
    }
    // The client's own doing: there is nothing to log.
    if (signal?.aborted === true) {
      return { jsonrpc: '2.0', id, error: { code: -32000, message: 'The call was cancelled.', data: null } }
    }
    if (!isOpenEnvError(thrown))
      host.log({ level: 'error', message: 'A JSON-RPC call failed.', cause: thrown })
    return { jsonrpc: '2.0', id, error: errorToJsonRpc(thrown) }
  }
}

async function perform(
  method: string,
  params: Params,
  host: Host,
  sessions: RpcSessions,
  signal?: AbortSignal,
): Promise<Params> {
  switch (method) {
    case 'openenv/session/create':
      return sessions.create()
    case 'openenv/session/close':
      return sessions.close(params)
    case 'tools/list': {
      const session = sessions.session(params)
      const tools =
        session === null
          ? listTools(host.environment)
          : await agentTools(session.episode, host.environment).listTools()
      return { tools: tools.map(rpcTool) }
    }
    case 'tools/call':
      return callTool(params, host, sessions, signal)
    default:
      throw new RpcError(-32601, `Method not found: ${method.slice(0, 100)}`)
  }
}

async function callTool(
  params: Params,
  host: Host,
  sessions: RpcSessions,
  signal: AbortSignal | undefined,
): Promise<Params> {
  const session = sessions.session(params)
  const { name, arguments: args } = params
  if (typeof name !== 'string' || name === '') throw new RpcError(-32602, "Missing 'name' in params")
  if (session === null) {
    throw new RpcError(-32603, NO_EPISODE_HERE)
  }
  let call: ToolCall
  try {
    call = await agentTools(session.episode, host.environment).act(
      name,
      args,
      signal === undefined ? {} : { signal },
    )
  } catch (error) {
    // OpenEnv's clients take any result for a success, so what went wrong has to be an error.
    if (isOpenEnvError(error)) throw new RpcError(-32603, error.message)
    throw error
  }
  const { content, structuredContent, data, isError } = call.result
  if (isError) throw new RpcError(-32603, textOf(call))
  // The value goes out up to three times, and each has its readers: OpenEnv's clients read `data` alone, agents the
  // text, and clients of MCP that came here over a WebSocket or without `Accept` the structured content.
  return {
    content,
    ...(structuredContent === undefined ? {} : { structuredContent }),
    isError,
    data: data ?? null,
  }
}

/** A reply as text. A large one is written in turns. */
export function rpcText(reply: RpcReply): MaybePromise<string> {
  const content = 'result' in reply ? reply.result['content'] : undefined
  return jsonInTurns(reply, Array.isArray(content) && isLargeContent(content))
}

/** What a failed call says. */
export function textOf({ result }: ToolCall): string {
  return result.content.map((block) => (block.type === 'text' ? block.text : `[${block.type}]`)).join('\n')
}

/** A tool under both spellings of its schema: clients of different ages read different ones. */
export function rpcTool({ name, description, inputSchema }: Tool): Params {
  return { name, description, inputSchema, input_schema: inputSchema }
}

type RpcRequest =
  | { readonly id: string | number | null; readonly method: string; readonly params: Params }
  | { readonly error: { readonly code: number; readonly message: string; readonly data: null } }

const KEYS = new Set(['jsonrpc', 'id', 'method', 'params'])

function readRequest(body: unknown): RpcRequest {
  if (!isObject(body)) return refused(-32700, 'Parse error: expected a JSON object')
  const { jsonrpc, method, id = null } = body
  // Several clients send null for what is absent.
  const params = body['params'] ?? {}
  if (jsonrpc !== '2.0') return refused(-32600, 'Invalid request: "jsonrpc" must be "2.0"')
  if (typeof method !== 'string') return refused(-32600, 'Invalid request: "method" must be a text')
  if (!isObject(params)) return refused(-32600, 'Invalid request: "params" must be an object')
  if (id !== null && typeof id !== 'string' && !Number.isInteger(id)) {
    return refused(-32600, 'Invalid request: "id" must be a text, an integer or null')
  }
  const unknown = Object.keys(body).find((key) => !KEYS.has(key))
  if (unknown !== undefined)
    return refused(-32600, `Invalid request: unknown field "${unknown.slice(0, 100)}"`)
  return { id: id as string | number | null, method, params }
}

function refused(code: number, message: string): RpcRequest {
  return { error: { code, message, data: null } }
}

/** Sessions named by `params.session_id`: how OpenEnv's clients play over HTTP. For control only. */
export function namedSessions(host: Host, mayControl: boolean): RpcSessions {
  const requireControl = (): void => {
    if (!mayControl) throw needsControl()
  }
  const find = (params: Params): Session | null => {
    const { session_id: id } = params
    if (id === undefined || id === null || id === '') return null
    requireControl()
    const named = typeof id === 'string' ? id : JSON.stringify(id)
    const session = host.sessions.find(named)
    if (session === undefined) throw new RpcError(-32602, `Unknown session_id: ${named.slice(0, 128)}`)
    return session
  }
  return {
    session: find,
    create: () => {
      requireControl()
      return { session_id: host.sessions.open('mcp', { named: true }).id }
    },
    close: async (params) => {
      requireControl()
      const session = find(params)
      if (session === null) throw new RpcError(-32602, "Invalid params - 'session_id' is required")
      if (session.attached) {
        session.closing = true
        return { session_id: session.id, closed: false, closing: true }
      }
      await host.sessions.close(session)
      return { session_id: session.id, closed: true }
    },
  }
}

/** Refuses to close any session but one, by the id that it was told. */
function requireOwn({ session_id: id }: Params, own: string): void {
  if (typeof id !== 'string' || id === '')
    throw new RpcError(-32602, "Invalid params - 'session_id' is required")
  if (id !== own) throw new RpcError(-32602, `Unknown session_id: ${id.slice(0, 128)}`)
}

/** An agent at the one session of its capability: only the orchestrator ends the episode. */
export function agentSessions(session: Session): RpcSessions {
  return {
    session: () => session,
    create: () => ({ session_id: session.agentId }),
    close: (params) => {
      requireOwn(params, session.agentId)
      return { session_id: session.agentId, closed: false, closing: true }
    },
  }
}

/** The session of a connection: whatever id a client sends, it is this one. */
export interface OwnSession {
  /** Null while there is none. */
  readonly session: () => Session | null
  /** Opens it, where there is none yet. Throws when this client may not. */
  readonly create: () => Session
  /** The id that the client is told. */
  readonly idOf: (session: Session) => string
}

/** A connection that has one session. */
export function connectionSessions({ session, create, idOf }: OwnSession): RpcSessions {
  return {
    session,
    create: () => ({ session_id: idOf(session() ?? create()) }),
    close: (params) => {
      const own = session()
      requireOwn(params, own === null ? '' : idOf(own))
      throw new RpcError(-32600, 'Cannot close active WebSocket-managed session via MCP method')
    },
  }
}

/** Refuses to open an episode for an agent. */
export function needsControl(): RpcError {
  return new RpcError(-32000, 'This needs the control plane: an agent cannot open or pick episodes.')
}

/** The session that a capability admits to. Throws `SESSION_ERROR` when it is over or never was. */
export function capabilitySession(host: Host, capability: string | undefined): Session {
  const session = host.sessions.admitted(capability ?? '')
  if (session === undefined)
    throw new OpenEnvError('SESSION_ERROR', 'There is no episode at this address, or it is over.')
  return session
}
