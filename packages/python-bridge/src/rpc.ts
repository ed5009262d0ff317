import type { Readable, Writable } from 'node:stream'

/** What Python said of a call that went wrong. */
export interface Fault {
  /**
   * `not_found`: no such split or task. `scoring`: a reward that could not be had. `source`: the source cannot be used as it
   * is. `unsupported`: it does not offer that. `cancelled`. `raised`: anything else that it raised.
   */
  readonly kind: 'not_found' | 'scoring' | 'source' | 'unsupported' | 'cancelled' | 'raised'
  /** The exception's class. */
  readonly type: string
  readonly traceback: string
  /** What the source lacks, where the exception says so. */
  readonly lacking?: Lacking
}

/** What a source asked for that is not there. */
export interface Lacking {
  /** A module, as it is imported. */
  readonly module?: string
  /** A module that is there, and lacks what was imported from it. */
  readonly imported_from?: string
  /** A package that the message says to install, extras included. */
  readonly package?: string
  /** Environment variables. */
  readonly variables?: readonly string[]
  /** A data set or model of the Hugging Face Hub; empty where the message does not name it. */
  readonly hub?: string
  /** A resource of NLTK. */
  readonly nltk?: string
}

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

interface Pending {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
}

/** One side of a JSON-RPC conversation in lines. */
export class Rpc {
  readonly #write: Writable
  readonly #pending = new Map<number, Pending>()
  readonly #onNotice: (method: string, params: Readonly<Record<string, unknown>>) => void
  #next = 1
  #gone: Error | null = null
  #parts: Buffer[] = []

  constructor(
    read: Readable,
    write: Writable,
    onNotice: (method: string, params: Readonly<Record<string, unknown>>) => void = () => undefined,
    /** How long to wait, when the conversation breaks off, for somebody who knows why. */
    lingerMs = 0,
  ) {
    this.#write = write
    this.#onNotice = onNotice
    read.on('data', (chunk: Buffer) => {
      this.#take(chunk)
    })
    const gone = (): void => {
      setTimeout(() => {
        this.end(new GoneError('The Python process has gone.'))
      }, lingerMs).unref()
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
   * @throws PythonError what Python answered. GoneError when the process has gone. LateError after so many seconds; the call may
   * still be under way over there.
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
    const waiting = [...this.#pending.values()]
    this.#pending.clear()
    for (const { reject } of waiting) reject(this.#gone)
  }

  /** Lines can be megabytes long, so their pieces are joined once. */
  #take(chunk: Buffer): void {
    let start = 0
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#parts.push(chunk.subarray(start, end))
      const line = Buffer.concat(this.#parts).toString('utf8')
      this.#parts = []
      start = end + 1
      this.#answer(line)
    }
    if (start < chunk.length) this.#parts.push(chunk.subarray(start))
  }

  #answer(line: string): void {
    const message = JSON.parse(line) as {
      readonly id?: number
      readonly method?: string
      readonly params?: Readonly<Record<string, unknown>>
      readonly result?: unknown
      readonly error?: { readonly message: string; readonly data?: Partial<Fault> | null }
    }
    if (message.method !== undefined) {
      this.#onNotice(message.method, message.params ?? {})
      return
    }
    const pending = this.#pending.get(message.id ?? 0)
    if (pending === undefined) return
    this.#pending.delete(message.id ?? 0)
    const { error } = message
    if (error === undefined) pending.resolve(message.result)
    else {
      const fault: Fault = { kind: 'raised', type: 'Error', traceback: '', ...error.data }
      pending.reject(new PythonError(error.message, fault))
    }
  }
}
