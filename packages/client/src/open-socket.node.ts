// Node's side of `#open-socket`: the socket of `ws`.
import WebSocket from 'ws'
import type { NodeConnectOptions } from './options.ts'
import { HandshakeRefusedError, type OpenSocket } from './socket.ts'

export type { NodeConnectOptions as PlatformConnectOptions } from './options.ts'

/** Observations may be screenshots, so replies may be large: as large as Python's clients take. */
const MAX_REPLY_BYTES = 100 * 1024 * 1024

/** How a connection with these options opens its sockets. */
export function opener({ token, headers, pingIntervalMs = 20_000 }: NodeConnectOptions): OpenSocket {
  const sent = { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers }
  return (address) => {
    const socket = new WebSocket(address, {
      headers: sent,
      perMessageDeflate: false,
      maxPayload: MAX_REPLY_BYTES,
    })
    reportRefusal(socket)
    keepAlive(socket, pingIntervalMs)
    return socket
  }
}

/** Tells where a handshake is redirected to: the error of `ws` has the status alone. Nothing is sent there. */
function reportRefusal(socket: WebSocket): void {
  socket.on('unexpected-response', (_request, response) => {
    const { statusCode = 0, headers } = response
    response.destroy()
    socket.emit('error', new HandshakeRefusedError(statusCode, headers.location ?? null))
    socket.terminate()
  })
}

/** Notices a peer that vanished without a word, which no read or write would tell. */
function keepAlive(socket: WebSocket, intervalMs: number): void {
  if (intervalMs > 2 ** 31 - 1) return
  let silent = 0
  const timer = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return
    if (silent >= 3) {
      socket.emit('error', new Error('it did not answer three pings'))
      socket.terminate()
      return
    }
    silent += 1
    socket.ping()
  }, intervalMs)
  timer.unref()
  const heard = (): void => {
    silent = 0
  }
  socket.on('pong', heard).on('message', heard)
  socket.on('close', () => {
    clearInterval(timer)
  })
}
