import { errorToJsonRpc } from '@openenv-ts/core/wire'
import { isOpenEnvError } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { dialectOf } from '../mcp/dialect.ts'
import type { McpEndpoint } from '../mcp/endpoint.ts'
import { capabilitySource, NO_EPISODE, type EpisodeSource } from '../mcp/episode-source.ts'
import type { Quota, Release } from '../limits/quota.ts'
import { answerRpc, rpcText } from '../mcp/rpc.ts'
import { agentSessions, capabilitySession, namedSessions, type RpcSessions } from '../mcp/rpc-sessions.ts'
import { component, EVENTS, type HeaderParameter, type Operation } from '../http/operation.ts'
import { encodedInTurns } from '../http/json-in-turns.ts'
import type { Route, Visit } from '../http/route.ts'
import { readJson } from '../http/body.ts'
import type { Host } from '../host.ts'
import { json } from '../http/reply.ts'

/**
 * Tools over HTTP, in two dialects told apart by the request: MCP's Streamable HTTP, and OpenEnv's JSON-RPC with
 * status 200 for every outcome.
 *
 * @param source - The episodes that MCP clients at `/mcp` get.
 */
export function mcpRoutes(host: Host, endpoint: McpEndpoint, source: EpisodeSource): readonly Route[] {
  const open: McpAccess = (request, _parameters, { sees }) => {
    // At a port of agents nobody controls, tokens or not.
    const mayControl = host.mode === 'simulation' && sees('control')
    const session = endpoint.sessionOf(request, source)
    const quota = session === undefined ? host.shared : session.quota
    return { sessions: namedSessions(host, mayControl), source, quota }
  }
  const granted: McpAccess = (_request, { capability }) => {
    const session = capabilitySession(host, capability)
    const quota = session.quota
    return { sessions: agentSessions(session), source: capabilitySource(session), quota }
  }
  return [
    // Without an episode for each client there are no sessions here, and both methods are always refused.
    ...routesAt({ path: '/mcp', plane: 'agent' }, open, host, endpoint, source !== NO_EPISODE),
    ...routesAt({ path: '/agent/:capability/mcp', plane: 'capability' }, granted, host, endpoint, true),
  ]
}

const RPC = component('RpcAnswer')

/** OpenEnv's JSON-RPC answers whatever it is sent with 200, and says in the body what is wrong with it. */
const POSTED: Operation = {
  body: { required: false, type: '*/*', schema: {} },
  answers: {
    200: {
      content: {
        'application/json': { anyOf: [RPC, { type: 'array', items: RPC }] },
        ...EVENTS.content,
      },
    },
    202: {},
  },
  refusals: [404, 406, 409, 429, 503, 504],
  speaksRpc: true,
}

const MCP_SESSION: HeaderParameter = {
  name: 'Mcp-Session-Id',
  required: true,
  description: 'The MCP session, as the answer to initialize named it.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]+$' },
}

const IN_SESSION: Omit<Operation, 'answers'> = {
  headers: [MCP_SESSION],
  refusals: [400, 404, 406, 409, 429, 503],
  speaksRpc: true,
}

/** What a request at some path means, in either dialect, and what it counts towards. */
type McpAccess = (
  request: Request,
  parameters: Readonly<Record<string, string>>,
  visit: Visit,
) => GrantedAccess

interface GrantedAccess {
  readonly sessions: RpcSessions
  readonly source: EpisodeSource
  readonly quota: Quota
}

function routesAt(
  where: Pick<Route, 'path' | 'plane'>,
  place: McpAccess,
  host: Host,
  endpoint: McpEndpoint,
  hasSessions: boolean,
): readonly Route[] {
  const inSession = { ...IN_SESSION, unsupported: !hasSessions }
  return [
    {
      ...where,
      method: 'POST',
      summary: "Tools over MCP, and over OpenEnv's JSON-RPC",
      operation: POSTED,
      handle: (request, parameters, visit) => {
        const placed = place(request, parameters, visit)
        return counted(placed.quota, 'request', (held) => answer(request, placed, held, host, endpoint))
      },
    },
    {
      ...where,
      method: 'GET',
      summary: 'The stream of an MCP session',
      operation: { ...inSession, answers: { 200: EVENTS } },
      handle: (request, parameters, visit) => {
        const { quota, source } = place(request, parameters, visit)
        return counted(quota, 'connection', () => endpoint.fetch(request, undefined, source))
      },
    },
    {
      ...where,
      method: 'DELETE',
      summary: 'Ends an MCP session',
      operation: { ...inSession, answers: { 200: {} } },
      handle: (request, parameters, visit) => {
        const { quota, source } = place(request, parameters, visit)
        return counted(quota, 'request', () => endpoint.fetch(request, undefined, source))
      },
    },
  ]
}

/**
 * Counts a request until its answer has been read.
 *
 * @param handle - Answers it, and adds to `held` what else is to be given back then.
 */
async function counted(
  quota: Quota,
  what: 'request' | 'connection',
  handle: (held: Release[]) => Promise<Response>,
): Promise<Response> {
  const held: Release[] = []
  const release = (): void => {
    for (const each of held) each()
  }
  try {
    if (what === 'request') held.push(quota.request(), quota.unread.reserve())
    else held.push(quota.connection())
    return quota.unread.carry(await handle(held), release)
  } catch (error) {
    release()
    throw error
  }
}

async function answer(
  request: Request,
  { sessions: sessions, source, quota }: GrantedAccess,
  held: Release[],
  host: Host,
  endpoint: McpEndpoint,
): Promise<Response> {
  let body: unknown
  try {
    const read = await readJson(request, host, quota.incoming)
    body = read.value
    // A large call counts as several, so that all together are no larger than the largest.
    const weight = quota.weigh(read.bytes / host.maxMessageBytes)
    held.push(quota.calls(weight * callsIn(body)))
  } catch (error) {
    // What was not read at all is no JSON-RPC.
    if (!isOpenEnvError(error) || UNREAD.has(error.code)) throw error
    const { message, data } = errorToJsonRpc(error)
    // MCP tells by the status too; OpenEnv's clients take any status but 200 for a broken server.
    const status = dialectOf(request.headers, undefined) === 'mcp' ? 400 : 200
    return json({ status, body: { jsonrpc: '2.0', id: null, error: { code: -32700, message, data } } })
  }
  if (dialectOf(request.headers, body) === 'openenv')
    return new Response(
      encodedInTurns(await rpcText(await answerRpc(body, host, sessions, request.signal))),
      {
        headers: { 'content-type': 'application/json' },
      },
    )
  return endpoint.fetch(request, body, source)
}

const UNREAD: ReadonlySet<string> = new Set(['TOO_LARGE', 'CAPACITY_REACHED', 'NOT_SUPPORTED'])

/** How many calls a body makes: notifications, by which calls are cancelled, are none. */
function callsIn(body: unknown): number {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body]
  const calls = messages.filter((message) => {
    const method = isObject(message) ? message['method'] : undefined
    return typeof method === 'string' && !method.startsWith('notifications/')
  })
  return calls.length
}
