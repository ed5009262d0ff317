import type { Readable, Writable } from 'node:stream'
import { LineReader } from './lines.ts'
import { readLine, type Fault, type Notice } from './messages.ts'

/** A call that Python answered with an error. */
export class PythonError extends Error {
  readonly fault: Fault

  constructor(message: string, fault: Fault) {
    super(message)
    this.name = 'PythonError'
    this.fault = fault
    // What a log shows is where it happened over there.
    if (fault.traceback !== '') this.stack = fault.traceback
  }
}

/** A call that will not be answered: the process has gone. */
export class GoneError extends Error {
  override readonly name = 'GoneError'
}

/** A call that took too long. */
export class LateError extends Error {
  override readonly name = 'LateError'
}

/** What a conversation is held with. */
export interface RpcOptions {
  /** Bytes of the longest line that is read. */
  readonly maxLineBytes: number
  /**
   * Told of what Python says unasked.
   *
   * @returns Whether it may say that.
   */
  readonly onNotice?: (notice: Notice) => boolean
  /** Called once, when Python sends what is no message; every call has failed then, and nothing more is read. */
  readonly onBroken: (why: string) => void
  /** How long to wait, when the conversation breaks off, for somebody who knows why. */
  readonly lingerMs?: number
}

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** Our side of a JSON-RPC conversation in lines. What is no answer to an outstanding call ends it. */
export class Rpc {
  readonly #write: Writable
  readonly #options: RpcOptions
  readonly #reader: LineReader
  readonly #pending = new Map<number, Pending>()
  /** Calls that were given up: each may still be answered, once. */
  readonly #late = new Set<number>()
  #next = 1
  #gone: Error | null = null

  constructor(read: Readable, write: Writable, options: RpcOptions) {
    this.#write = write
    this.#options = options
    this.#reader = new LineReader(options.maxLineBytes, {
      line: (text) => {
        this.#take(text)
      },
      broken: (what) => {
        this.#break(`it sent ${what}`)
      },
    })
    read.on('data', (chunk: Buffer) => {
      this.#reader.take(chunk)
    })
    const gone = (): void => {
      setTimeout(() => {
        this.end(new GoneError('The Python process has gone.'))
      }, options.lingerMs ?? 0).unref()
    }
    read.on('error', gone).on('close', gone)
    write.on('error', gone)
  }

  /** Whether calls are waiting for their answers. */
  get waiting(): boolean {
    return this.#pending.size > 0
  }

  /**
   * Asks, and waits for the answer.
   *
   * @throws PythonError what Python answered. GoneError when the process has gone, or was ended for what it sent. LateError
   * after so many seconds; the call may still be under way over there.
   */
  request(
    method: string,
    params: unknown,
    seconds: number,
  ): { readonly id: number; readonly answer: Promise<unknown> } {
    const id = this.#next
    this.#next += 1
    const answer = new Promise<unknown>((resolve, reject) => {
      if (this.#gone !== null) {
        reject(this.#gone)
        return
      }
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        this.#late.add(id)
        reject(new LateError(`Python did not answer ${method} within ${String(seconds)} s.`))
      }, seconds * 1000)
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer)
          then(value)
        }
      this.#pending.set(id, { resolve: settle(resolve), reject: settle(reject) })
      this.#write.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    })
    return { id, answer }
  }

  /** Nothing is answered any more: every call that waits fails with this. */
  end(error: Error): void {
    this.#gone ??= error
    this.#reader.stop()
    const waiting = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of waiting) reject(this.#gone)
  }

  #take(line: string): void {
    const message = readLine(line)
    if (typeof message === 'string') {
      this.#break(`it sent ${message}`)
      return
    }
    if ('method' in message) {
      if (this.#options.onNotice?.(message) !== true) this.#break('it told of something that it may not')
      return
    }
    const { id } = message
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (pending === undefined) {
      if (!this.#late.delete(id)) this.#break('it answered a call that was not made')
      return
    }
    if (!('error' in message)) {
      pending.resolve(message.result)
      return
    }
    const { error } = message
    const fault: Fault = {
      kind: error.data?.kind ?? 'raised',
      type: error.data?.type ?? 'Error',
      traceback: error.data?.traceback ?? '',
      ...(error.data?.lacking === undefined ? {} : { lacking: error.data.lacking }),
    }
    pending.reject(new PythonError(error.message, fault))
  }

  #break(what: string): void {
    if (this.#gone !== null) return
    const why = `The Python process was ended, because ${what}.`
    this.end(new GoneError(why))
    this.#options.onBroken(why)
  }
}
