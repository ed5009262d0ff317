import type { Operation } from './operation.ts'
import type { SocketHandler, SocketLike } from '../socket/socket-like.ts'
import type { Plane } from '../access/plane.ts'
import type { RouteReply } from './reply.ts'

/** How a request came in. */
export interface Arrival {
  /** The planes that the port serves; all when not given. Routes of others are not there. */
  readonly planes?: ReadonlySet<Plane> | undefined
  /** Scheme, host and port that the client used, where a trusted proxy tells it. */
  readonly origin?: string | undefined
}

/** What a handler knows beside the request. */
export interface Visit {
  /** The server's address as the client knows it: base path included, no trailing slash. */
  readonly base: string
  /** Whether this client may use a plane, with its token and on the port that it came to. */
  readonly sees: (plane: Plane) => boolean
}

/** A route as a value: `app.ts` mounts the list, and tests walk it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** With `:name` for a parameter. */
  readonly path: string
  readonly plane: Plane
  /** One line for the OpenAPI document. */
  readonly summary: string
  /** What it takes and answers. */
  readonly operation: Operation
  /** Whether it answers people: then a refusal is a page too. */
  readonly page?: true
  /** Whatever this throws is answered as an error of the table. */
  readonly handle: (
    request: Request,
    parameters: Readonly<Record<string, string>>,
    visit: Visit,
  ) => Promise<RouteReply | Response> | RouteReply | Response
}

/** A WebSocket path as a value. */
export interface SocketRoute {
  /** With `:name` for a parameter. */
  readonly path: string
  readonly plane: Plane
  /**
   * Called before the handshake is answered.
   *
   * @returns What takes over the socket, or the answer that refuses the handshake.
   */
  readonly accept: (
    request: Request,
    parameters: Readonly<Record<string, string>>,
    visit: Visit,
  ) => ((socket: SocketLike) => SocketHandler) | Response
}
