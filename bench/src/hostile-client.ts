// The thread of hostile clients: each connection does one thing for as long as the run lasts, and comes back when the
// server has ended it.
import { connect, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

/** What hostile clients are to do. */
export interface Hostility {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  readonly abuse: Abuse
  /** The path of an agent's address, without `/mcp`. */
  readonly agent: string
}

/** What a hostile connection does: without an episode's address, or with one. */
export type Abuse = keyof typeof ABUSES

const MIB = 1024 * 1024
/** Between the end of a connection and the next try. Sooner, and this thread takes the cores that are measured. */
const COME_BACK_MS = 500

const request = (head: string, ...lines: readonly string[]): string =>
  [`${head} HTTP/1.1`, 'Host: 127.0.0.1', ...lines, '', ''].join('\r\n')
const handshake = (path: string): string =>
  request(
    `GET ${path}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  )
const post = (path: string, length: number): string =>
  request(`POST ${path}`, 'Content-Type: application/json', `Content-Length: ${String(length)}`)

/** The head of a masked text frame of so many bytes. */
function frameHead(length: number): Buffer {
  const head = Buffer.alloc(14)
  head[0] = 0x81
  head[1] = 0x80 | 127
  head.writeBigUInt64BE(BigInt(length), 2)
  return head
}

/** A text frame of a client. */
function frame(text: string): Buffer {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(8)
  head[0] = 0x81
  head[1] = 0x80 | 126
  head.writeUInt16BE(bytes.length, 2)
  return Buffer.concat([head, bytes])
}

const OBSERVE = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'observe', arguments: {} },
})
const LARGE = Buffer.alloc(MIB, 'x')
const MESSAGE_BYTES = 15 * MIB

/** Sends the largest message that is taken, but for its last megabyte, and waits. */
function fill(socket: Socket, head: string | Buffer): void {
  socket.write(head)
  for (let sent = 0; sent < MESSAGE_BYTES - MIB; sent += MIB) socket.write(LARGE)
}

/** @returns Whether the connection is read from. */
const ABUSES = {
  'large messages to /agent/…/ws': (socket: Socket) => {
    socket.write(handshake('/agent/made-up/ws'))
    fill(socket, frameHead(MESSAGE_BYTES))
  },
  'large messages to /agent/…/mcp': (socket: Socket) => {
    socket.write(handshake('/agent/made-up/mcp'))
    fill(socket, frameHead(MESSAGE_BYTES))
  },
  'large bodies to /agent/…/mcp': (socket: Socket) => {
    fill(socket, post('/agent/made-up/mcp', MESSAGE_BYTES))
  },
  'large bodies to /reset': (socket: Socket) => {
    fill(socket, post('/reset', MESSAGE_BYTES))
  },
  'half a request': (socket: Socket) => {
    socket.write('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ')
  },
  'agent: large messages on /ws': (socket: Socket, agent: string) => {
    socket.write(handshake(`${agent}/ws`))
    fill(socket, frameHead(MESSAGE_BYTES))
  },
  'agent: large bodies': (socket: Socket, agent: string) => {
    fill(socket, post(`${agent}/mcp`, MESSAGE_BYTES))
  },
  'agent: answers of HTTP unread': (socket: Socket, agent: string) => {
    socket.pause()
    socket.write(post(`${agent}/mcp`, OBSERVE.length) + OBSERVE)
  },
  'agent: answers of /mcp unread': (socket: Socket, agent: string) => {
    socket.pause()
    socket.write(handshake(`${agent}/mcp`))
    for (let count = 0; count < 20; count += 1) socket.write(frame(OBSERVE))
  },
  'agent: small messages without end': (socket: Socket, agent: string) => {
    socket.write(handshake(`${agent}/mcp`))
    const many = Buffer.concat(
      Array.from({ length: 1000 }, () => frame('{"jsonrpc":"2.0","id":1,"method":"x"}')),
    )
    const send = (): void => {
      while (!socket.destroyed && socket.write(many));
    }
    socket.on('drain', send)
    send()
  },
} as const

if (parentPort !== null) attack(workerData as Hostility)

function attack({ port, connections, seconds, abuse, agent }: Hostility): void {
  const open = new Set<Socket>()
  let running = true
  const start = (): void => {
    if (!running) return
    const socket = connect({ port, host: '127.0.0.1' })
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      open.delete(socket)
      setTimeout(start, COME_BACK_MS)
    })
    socket.once('connect', () => {
      socket.resume()
      ABUSES[abuse](socket, agent)
    })
  }
  for (let count = 0; count < connections; count += 1) start()
  setTimeout(() => {
    running = false
    for (const socket of open) socket.destroy()
    parentPort?.postMessage('done')
  }, seconds * 1000)
}
