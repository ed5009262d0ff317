// The web-standard half of the server; the listener for Node is at `@openenv-ts/server/node`.
export { createApp, DEFAULT_MAX_MESSAGE_BYTES } from './app.ts'
export type { App } from './app.ts'
export { LOOPBACK_HOSTS } from './host-check.ts'
export type { LogEvent, Mode, ServerOptions } from './options.ts'
export type { Plane, Route, RouteReply } from './route.ts'
export { DEFAULT_MAX_SESSIONS } from './session.ts'
export type { Session, SessionKind, Sessions } from './session.ts'
export type { SocketHandler, SocketLike } from './socket.ts'
