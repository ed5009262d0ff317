import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { json } from '../http/reply.ts'
import { writeAndClose } from './stream.ts'

/** Connections that are not WebSockets. */
export interface Connections {
  /** It has become a WebSocket, which counts as something else. */
  upgraded(connection: Duplex): void
}

/** Refuses connections beyond a number, with 503 and before anything of them is read. */
export function boundConnections(server: Server, max: number): Connections {
  const open = new Set<Duplex>()
  server.on('connection', (connection: Duplex) => {
    // A connection that is handed back to HTTP comes here a second time.
    if (open.has(connection)) return
    if (open.size >= max) {
      void writeAndClose(connection, tooManyConnections(max))
      return
    }
    open.add(connection)
    connection.once('close', () => {
      open.delete(connection)
    })
  })
  return {
    upgraded: (connection) => {
      open.delete(connection)
    },
  }
}

function tooManyConnections(max: number): Response {
  const detail = `Too many connections: at most ${String(max)} at a time. Try again later.`
  return json({ status: 503, body: { detail, code: 'CAPACITY_REACHED' }, headers: { 'retry-after': '1' } })
}
