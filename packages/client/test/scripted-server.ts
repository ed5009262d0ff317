// A server on loopback that answers, or misbehaves, as a test says.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

/** A client's message. */
export interface Message {
  readonly type: string
  readonly data?: Record<string, unknown>
}

/** One session socket as the script sees it. */
export interface Connection {
  /** Which connection, from 1. */
  readonly number: number
  readonly socket: WebSocket
  readonly request: IncomingMessage
  /** Everything received so far. */
  readonly received: Message[]
  readonly send: (frame: unknown) => void
}

export interface Script {
  /** Called when a socket opens. */
  readonly connected?: (connection: Connection) => void
  /** What answers a message: a frame, or nothing. By default what {@link counting} answers. */
  readonly answer?: (message: Message, connection: Connection) => unknown
  /** What answers an HTTP request: JSON with status 200, or a status and a text. */
  readonly http?: (path: string, body: unknown, request: IncomingMessage) => unknown
}

/** Answers a status with a body as it stands. */
export class Raw {
  readonly status: number
  readonly body: string
  constructor(status: number, body: string) {
    this.status = status
    this.body = body
  }
}

export interface ScriptedServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly connections: Connection[]
  /** HTTP requests, as `GET /path`. */
  readonly requests: string[]
  close(): Promise<void>
}

export function observation(fields: object, reward: number | null = 0, done = false): object {
  return { type: 'observation', data: { observation: { ...fields, metadata: {} }, reward, done } }
}

export function errorFrame(code: string, message: string, extra: object = {}): object {
  return { type: 'error', data: { message, code, ...extra } }
}

/** An environment that counts its steps. */
export function counting({ type }: Message, { received }: Connection): unknown {
  const last = received.findLastIndex((message) => message.type === 'reset')
  const steps = received.slice(last).filter((message) => message.type === 'step').length
  if (type === 'reset') return observation({ count: 0 }, null)
  if (type === 'step') return observation({ count: steps }, 1)
  if (type === 'state') return { type: 'state', data: { episode_id: 'counted', step_count: steps, seed: 5 } }
  return errorFrame('UNKNOWN_TYPE', `Unknown message type: ${type}`)
}

/** Starts one on a free port, or on the one given. */
export async function scriptedServer(script: Script = {}, port = 0): Promise<ScriptedServer> {
  const { answer = counting } = script
  const connections: Connection[] = []
  const requests: string[] = []
  const http = createServer((request, response) => {
    requests.push(`${request.method ?? ''} ${request.url ?? ''}`)
    void respond(script, request, response)
  })
  const sockets = new WebSocketServer({ server: http, path: '/ws', maxPayload: 1_000_000 })
  sockets.on('connection', (socket, request) => {
    const connection: Connection = {
      number: connections.length + 1,
      socket,
      request,
      received: [],
      send: (frame) => {
        socket.send(typeof frame === 'string' || Buffer.isBuffer(frame) ? frame : JSON.stringify(frame))
      },
    }
    connections.push(connection)
    socket.on('error', () => undefined)
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Message
      connection.received.push(message)
      if (message.type === 'close') {
        socket.close(1000)
        return
      }
      const frame = answer(message, connection)
      if (frame !== undefined) connection.send(frame)
    })
    script.connected?.(connection)
  })
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    for (const socket of sockets.clients) socket.terminate()
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  }
  const bound = (http.address() as AddressInfo).port
  return {
    url: `http://127.0.0.1:${String(bound)}`,
    port: bound,
    connections,
    requests,
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function respond(script: Script, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const body: unknown = text === '' ? undefined : JSON.parse(text)
  const answer =
    (await script.http?.(request.url ?? '', body, request)) ?? new Raw(404, '{"detail":"Not Found"}')
  const { status, body: sent } = answer instanceof Raw ? answer : new Raw(200, JSON.stringify(answer))
  response.writeHead(status, { 'content-type': 'application/json' }).end(sent)
}
