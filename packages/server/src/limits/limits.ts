const MIB = 1024 * 1024

/**
 * What clients may hold of a server at a time, beside its sessions. A server enforces all of it on every transport.
 *
 * More than that is refused and costs nothing: HTTP 429 where one client holds too much, 503 where all clients
 * together do, and a WebSocket is closed with 1013.
 */
export interface ServerLimits {
  /** TCP connections of one port that are not WebSockets with a session; 16,384 when not given. */
  readonly connections: number
  /** WebSockets that play no episode, of all clients together; 1,024 when not given. */
  readonly idleSockets: number
  /** WebSockets and event streams of one agent's episode; 16 when not given. */
  readonly agentConnections: number
  /** Calls of one agent's episode that are under way over HTTP, until their answers are read; 8 when not given. */
  readonly agentCalls: number
  /** Calls of one ORS session that are under way, and streams that tell of them; 256 of each when not given. */
  readonly sessionCalls: number
  /** Requests under way at `/mcp` that play no episode, of all clients together; 256 when not given. */
  readonly sharedCalls: number
  /**
   * Bytes of answers that one client leaves unread; 4 MiB when not given. A single answer may be larger: then the
   * client gets no other one before it has read it.
   */
  readonly unreadBytes: number
  /**
   * Bytes of answers that all clients without a control token leave unread over HTTP; 32 MiB when not given. While
   * there are more, they get no further answers.
   */
  readonly sharedUnreadBytes: number
  /** Bytes of the results that an ORS session keeps for a client that lost its connection; 16 MiB when not given. */
  readonly keptResultBytes: number
  /**
   * Bytes of large messages (over 64 KiB) that have come but are not answered, of one agent, or of all clients that
   * play no episode; `maxMessageBytes` and 1 MiB when not given. With more, those that are still arriving are cut off.
   */
  readonly incomingBytes: number
  /** Seconds in which a client that is sent an answer has to read some of it; 30 when not given. */
  readonly readSeconds: number
  /** Streams of `/events`; 16 when not given. */
  readonly watchers: number
  /**
   * Sessions that agents cannot take: those are for orchestrators. A tenth of `maxSessions`, rounded up, when not
   * given, and none in production mode, which has no orchestrators. Agents always get one session; where there is
   * only one, an orchestrator that wants it ends the agent's episode.
   */
  readonly reservedSessions: number
}

/** Fills in what is not given. */
export function serverLimits(
  given: Partial<ServerLimits>,
  server: { readonly maxSessions: number; readonly maxMessageBytes: number; readonly control: boolean },
): ServerLimits {
  const defaults: ServerLimits = {
    connections: 16_384,
    idleSockets: 1024,
    agentConnections: 16,
    agentCalls: 8,
    sessionCalls: 256,
    sharedCalls: 256,
    unreadBytes: 4 * MIB,
    sharedUnreadBytes: 32 * MIB,
    keptResultBytes: 16 * MIB,
    incomingBytes: server.maxMessageBytes + MIB,
    readSeconds: 30,
    watchers: 16,
    reservedSessions: server.control ? Math.ceil(server.maxSessions / 10) : 0,
  }
  for (const name of Object.keys(given)) {
    if (!(name in defaults))
      throw new RangeError(`There is no limits.${name}: use ${Object.keys(defaults).join(', ')}.`)
  }
  const limits: ServerLimits = { ...defaults, ...given }
  for (const name of Object.keys(defaults) as (keyof ServerLimits)[]) {
    const least = name === 'reservedSessions' ? 0 : 1
    if (Number.isNaN(limits[name]) || limits[name] < least)
      throw new RangeError(`limits.${name} must be a number from ${String(least)}.`)
  }
  return limits
}
