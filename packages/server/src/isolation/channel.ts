import { Socket } from 'node:net'
import type { MessagePort } from 'node:worker_threads'
import { CHANNEL, frameOf, FrameReader } from './frames.ts'
import { faultOf } from './plain-data.ts'
import type { FromExecutor, ToExecutor } from './protocol.ts'
import { sendError } from './sent-error.ts'

/** An executor's end of the connection to the server. */
export interface Channel {
  readonly post: (message: FromExecutor) => void
  readonly listen: (take: (message: ToExecutor) => void) => void
}

/** Of an executor that is a thread. */
export function threadChannel(port: MessagePort): Channel {
  const send = port.postMessage.bind(port)
  return {
    post: sendingPlain((message) => {
      send(message, bytesOf(message))
    }),
    listen: (take) => {
      port.on('message', take)
    },
  }
}

/**
 * Of an executor that is a process.
 *
 * @param gone - Called when the server is not there any more.
 */
export function processChannel(gone: () => void): Channel {
  const socket = new Socket({ fd: CHANNEL, readable: true, writable: true })
  socket.on('error', gone).on('close', gone)
  return {
    post: sendingPlain((message) => {
      socket.write(frameOf(message))
    }),
    listen: (take) => {
      const reader = new FrameReader(Infinity, {
        message: (message) => {
          take(message as ToExecutor)
        },
        broken: gone,
      })
      socket.on('data', (chunk: Buffer) => {
        reader.take(chunk)
      })
    },
  }
}

/** Positions are handed over, not copied. */
function bytesOf(message: FromExecutor): ArrayBuffer[] {
  if (message.type !== 'answer') return []
  const bytes = message.reached?.bytes
  return bytes === undefined || bytes === null ? [] : [bytes.buffer as ArrayBuffer]
}

/** What is not plain data crosses as JSON, which is all that a client would see of it. */
function sendingPlain(send: (message: FromExecutor) => void): (message: FromExecutor) => void {
  return (message) => {
    const { value, tools } =
      message.type === 'answer' ? { value: message.value, tools: message.reached?.tools } : {}
    send(isPlain(value) && isPlain(tools) ? message : asJson(message))
  }
}

function isPlain(value: unknown): boolean {
  try {
    return value === undefined || faultOf(value, Infinity) === null
  } catch {
    return false
  }
}

function asJson(message: FromExecutor): FromExecutor {
  if (message.type !== 'answer') return message
  const { value, reached, ...rest } = message
  try {
    const text = JSON.stringify({ value, tools: reached?.tools })
    const { tools, ...copied } = JSON.parse(text) as Pick<typeof message, 'value'> &
      Pick<NonNullable<typeof reached>, 'tools'>
    return {
      ...rest,
      ...copied,
      ...(reached === undefined
        ? {}
        : { reached: { ...reached, ...(tools === undefined ? {} : { tools }) } }),
    }
  } catch (cause) {
    return { ...rest, error: sendError(cause, 'the call'), ...(reached === undefined ? {} : { reached }) }
  }
}
