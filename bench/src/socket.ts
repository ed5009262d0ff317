import { connect, type Socket } from 'node:net'

const TEXT = 0x1
const CLOSE = 0x8
const PING = 0x9
const PONG = 0xa
const HEADER_END = Buffer.from('\r\n\r\n')

/** One read buffer for all sockets: what it holds is used before the next read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024)

/**
 * A WebSocket client with as little between it and the kernel as Node allows, so that the servers are measured and
 * not the load on them: frames are made once and sent many times, and replies are not copied.
 */
export class BenchSocket {
  /** Called with each text frame; the bytes are only valid during the call. */
  onReply: (payload: Buffer) => void = () => undefined
  onClose: (code: number) => void = () => undefined
  readonly #socket: Socket
  #opened: (() => void) | null
  /** What came of a frame, or of the handshake, that is not whole yet, and the length at which looking again pays. */
  #parts: Buffer[] = []
  #partsLength = 0
  #wanted = 0
  #closeCode = 1006

  private constructor(socket: Socket, opened: () => void) {
    this.#socket = socket
    this.#opened = opened
  }

  /** Opens a connection to `/ws`, or rejects within `timeoutMs`. */
  static open(
    port: number,
    timeoutMs: number,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<BenchSocket> {
    const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    return new Promise((resolve, reject) => {
      let client: BenchSocket | null = null
      const socket = connect({
        port,
        host: '127.0.0.1',
        noDelay: true,
        onread: {
          buffer: READ_BUFFER,
          callback: (length) => {
            client?.read(READ_BUFFER.subarray(0, length))
            return true
          },
        },
      })
      const timer = setTimeout(() => {
        socket.destroy(new Error(`No handshake within ${String(timeoutMs)} ms.`))
      }, timeoutMs)
      client = new BenchSocket(socket, () => {
        clearTimeout(timer)
        resolve(client as BenchSocket)
      })
      socket.once('connect', () => {
        socket.write(
          `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${String(port)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
            'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n' +
            `${more.join('')}\r\n`,
        )
      })
      socket.on('error', (error) => {
        clearTimeout(timer)
        reject(error)
      })
      socket.on('close', () => {
        clearTimeout(timer)
        reject(new Error('The server closed the connection before the handshake.'))
        client.onClose(client.#closeCode)
      })
    })
  }

  /** Sends a frame made by {@link frameOf}. */
  send(frame: Buffer): void {
    this.#socket.write(frame)
  }

  /** Sends a frame and waits for the answer. */
  ask(frame: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      this.onReply = (payload) => {
        resolve(payload.toString())
      }
      this.onClose = (code) => {
        reject(new Error(`Closed with ${String(code)}.`))
      }
      this.send(frame)
    })
  }

  /** Leaves without ceremony. */
  destroy(): void {
    this.onReply = () => undefined
    this.onClose = () => undefined
    this.#socket.destroy()
  }

  /** Takes in what was read; the buffer is used again afterwards. */
  read(chunk: Buffer): void {
    let bytes = chunk
    if (this.#partsLength > 0) {
      if (this.#partsLength + chunk.length < this.#wanted) {
        this.#keep(chunk, this.#wanted)
        return
      }
      bytes = Buffer.concat([...this.#parts, chunk])
      this.#parts = []
      this.#partsLength = 0
    }
    if (this.#opened !== null) {
      const end = bytes.indexOf(HEADER_END)
      if (end === -1) {
        this.#keep(bytes, 0)
        return
      }
      if (bytes.toString('latin1', 9, 12) !== '101') {
        this.#socket.destroy(new Error(`Handshake refused: ${bytes.toString('latin1', 0, 40)}`))
        return
      }
      const opened = this.#opened
      this.#opened = null
      opened()
      bytes = bytes.subarray(end + HEADER_END.length)
    }
    let at = 0
    let wanted = 0
    while (at + 2 <= bytes.length) {
      const short = (bytes[at + 1] as number) & 0x7f
      const header = short < 126 ? 2 : short === 126 ? 4 : 10
      if (at + header > bytes.length) break
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(at + 2)
            : Number(bytes.readBigUInt64BE(at + 2))
      const end = at + header + length
      if (end > bytes.length) {
        wanted = end - at
        break
      }
      this.#frame((bytes[at] as number) & 0x0f, bytes.subarray(at + header, end))
      at = end
    }
    if (at < bytes.length) this.#keep(bytes.subarray(at), wanted)
  }

  #keep(bytes: Buffer, wanted: number): void {
    this.#parts.push(Buffer.from(bytes))
    this.#partsLength += bytes.length
    this.#wanted = wanted
  }

  #frame(opcode: number, payload: Buffer): void {
    if (opcode === TEXT) this.onReply(payload)
    else if (opcode === PING) this.send(frameOf(payload, PONG))
    else if (opcode === CLOSE) {
      this.#closeCode = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      this.#socket.end()
    }
  }
}

/** A client's frame, masked with zeros: the server unmasks it all the same. */
export function frameOf(payload: string | Buffer, opcode = TEXT): Buffer {
  const bytes = Buffer.from(payload)
  const { length } = bytes
  const header = Buffer.alloc(length < 126 ? 6 : length < 65_536 ? 8 : 14)
  header[0] = 0x80 | opcode
  if (length < 126) header[1] = 0x80 | length
  else if (length < 65_536) {
    header[1] = 0x80 | 126
    header.writeUInt16BE(length, 2)
  } else {
    header[1] = 0x80 | 127
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  return Buffer.concat([header, bytes])
}
