import { WebSocket } from 'ws'
import type { HttpExchange, Send, SocketExchange } from './exchanges.ts'

/** What came back for one frame: a frame, the close code of the socket, or nothing at all. */
export type Received = { readonly frame: unknown } | { readonly closed: number } | { readonly nothing: true }

/** A socket exchange as it went. */
export interface Conversation extends SocketExchange {
  readonly received: readonly Received[]
  /** What the server sent before anything was said to it. */
  readonly unasked: readonly Received[]
}

/** An HTTP exchange as it went. */
export interface Answered extends HttpExchange {
  readonly status: number
  readonly answeredType: string | null
  /** Parsed when it is JSON, else the text. */
  readonly answer: unknown
}

const PATIENCE_MS = 10_000
/** How long a server may take to send what nobody asked for. */
const SILENCE_MS = 300

/** Says the frames of an exchange to /ws and takes down what comes back; the socket is closed afterwards. */
export async function converse(url: string, exchange: SocketExchange): Promise<Conversation> {
  await using ear = await listen(url)
  const unasked: Received[] = []
  if (exchange.atCapacity === true) {
    for (;;) {
      const next = await ear.next(SILENCE_MS * 10)
      unasked.push(next)
      if (!('frame' in next)) break
    }
  }
  const received: Received[] = []
  if (exchange.pipelined === true) {
    for (const send of exchange.sends) ear.say(send)
    for (const _ of exchange.sends) received.push(await ear.next(PATIENCE_MS))
    return { ...exchange, unasked, received }
  }
  for (const send of exchange.sends) {
    ear.say(send)
    const next = await ear.next(PATIENCE_MS)
    received.push(next)
    if ('closed' in next) break
  }
  return { ...exchange, unasked, received }
}

/** Holds one session of a server until it is disposed of. */
export async function holdSession(url: string): Promise<AsyncDisposable> {
  const ear = await listen(url)
  ear.say(JSON.stringify({ type: 'reset', data: {} }))
  await ear.next(PATIENCE_MS)
  return ear
}

/** Makes one HTTP request. */
export async function request(url: string, exchange: HttpExchange): Promise<Answered> {
  const response = await fetch(url + exchange.path, {
    method: exchange.method,
    redirect: 'manual',
    headers: exchange.contentType === undefined ? {} : { 'content-type': exchange.contentType },
    ...(exchange.body === undefined ? {} : { body: exchange.body }),
    signal: AbortSignal.timeout(PATIENCE_MS),
  })
  const text = await response.text()
  const answeredType = response.headers.get('content-type')?.split(';')[0] ?? null
  const answer: unknown = answeredType === 'application/json' ? JSON.parse(text) : text
  return { ...exchange, status: response.status, answeredType, answer }
}

interface Ear extends AsyncDisposable {
  say(send: Send): void
  next(patienceMs: number): Promise<Received>
}

async function listen(url: string): Promise<Ear> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/ws`)
  const heard: Received[] = []
  let wake = (): void => undefined
  const hear = (received: Received): void => {
    heard.push(received)
    wake()
  }
  socket.on('message', (data: Buffer) => {
    hear({ frame: JSON.parse(data.toString()) as unknown })
  })
  socket.on('close', (code) => {
    hear({ closed: code })
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve)
    socket.on('error', reject)
  })
  return {
    say: (send) => {
      if (typeof send === 'string') socket.send(send)
      else socket.send(Buffer.from(send.binary, 'base64'))
    },
    next: async (patienceMs) => {
      if (heard.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, patienceMs)
          wake = () => {
            clearTimeout(timer)
            resolve()
          }
        })
      }
      return heard.shift() ?? { nothing: true }
    },
    [Symbol.asyncDispose]: async () => {
      if (socket.readyState === WebSocket.CLOSED) return
      socket.close()
      await new Promise((resolve) => socket.once('close', resolve))
    },
  }
}
