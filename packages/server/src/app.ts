import type { AnyEnvironment } from '@openenv-ts/core'
import type { Arrival } from './http/route.ts'
import { keepInside } from './inspect.ts'
import { mountApp } from './mounted-app.ts'
import type { ServerOptions } from './options.ts'
import type { SocketHandler, SocketLike } from './socket/socket-like.ts'

/** A server without a listener: web-standard requests in, responses out. */
export interface App {
  /** Answers a request. */
  fetch(request: Request, arrival?: Arrival): Promise<Response>
  /** Decides on a WebSocket handshake: what takes over the accepted socket, or the answer that refuses it. */
  upgrade(request: Request, arrival?: Arrival): ((socket: SocketLike) => SocketHandler) | Response
  /** Closes every episode and opens no more, then ends the streams. */
  close(): Promise<void>
}

/** Offers an environment as OpenEnv, over whatever listener calls it. */
export function createApp(environment: AnyEnvironment, options: ServerOptions = {}): App {
  const mounted = mountApp(environment, options)
  const { fetch, upgrade, close } = mounted
  const app: App = { fetch, upgrade, close }
  keepInside(app, [mounted])
  return app
}
