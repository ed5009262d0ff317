import { Option } from 'commander'
import type { ServerLimits } from '@openenv-ts/server'
import { integer } from './options.ts'

const BYTES = integer(1024, 1024 ** 3)
const COUNT = integer(1, 1_000_000)

/** The flag of `serve` for each limit of a server. */
export const LIMIT_OPTIONS = {
  connections: option('--max-connections <N>', 'TCP connections of one port (default: 16384)', COUNT),
  idleSockets: option('--max-idle-sockets <N>', 'WebSockets that play no episode (default: 1024)', COUNT),
  agentConnections: option(
    '--max-agent-connections <N>',
    'WebSockets and event streams of one agent’s episode (default: 16)',
    COUNT,
  ),
  agentCalls: option(
    '--max-agent-calls <N>',
    'Calls of one agent’s episode that are under way over HTTP (default: 8)',
    COUNT,
  ),
  sessionCalls: option(
    '--max-session-calls <N>',
    'Calls of one ORS session that are under way, and streams that tell of them (default: 256)',
    COUNT,
  ),
  sharedCalls: option(
    '--max-shared-calls <N>',
    'Requests under way at /mcp that play no episode (default: 256)',
    COUNT,
  ),
  unreadBytes: option(
    '--max-unread-bytes <N>',
    'Bytes of answers that one client leaves unread (default: 4194304)',
    BYTES,
  ),
  sharedUnreadBytes: option(
    '--max-shared-unread-bytes <N>',
    'The same of all clients without a control token, over HTTP (default: 33554432)',
    BYTES,
  ),
  keptResultBytes: option(
    '--max-kept-result-bytes <N>',
    'Bytes of results that an ORS session keeps for a client that lost its connection (default: 16777216)',
    BYTES,
  ),
  incomingBytes: option(
    '--max-incoming-bytes <N>',
    'Bytes of large messages of one agent that are not answered yet (default: --max-message-bytes and 1 MiB)',
    BYTES,
  ),
  readSeconds: option(
    '--read-seconds <S>',
    'Seconds in which a client has to read some of its answer (default: 30)',
    integer(1, 86_400),
  ),
  watchers: option('--max-watchers <N>', 'Streams of /events (default: 16)', COUNT),
  reservedSessions: option(
    '--reserved-sessions <N>',
    'Sessions that agents cannot take (default: a tenth of --max-sessions; none in production mode)',
    integer(0, 1_000_000),
  ),
} satisfies Record<keyof ServerLimits, Option>

/** The limits that flags set. */
export function limitsOf(flags: object): Partial<ServerLimits> {
  const given = flags as Readonly<Record<string, number | undefined>>
  return Object.fromEntries(
    Object.entries(LIMIT_OPTIONS)
      .map(([limit, option]) => [limit, given[option.attributeName()]])
      .filter(([, value]) => value !== undefined),
  ) as Partial<ServerLimits>
}

function option(flags: string, description: string, parse: (text: string) => number): Option {
  return new Option(flags, description).argParser(parse)
}
