import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { backoffMs, setTimer, sleepUnlessAborted } from '../time.ts'
import { EventReader } from '../events.ts'
import { readAnswer, send, type OrsRequest, type OrsServer } from './request.ts'

/** Attempts beside the first. */
const RETRIES = 5
/** A server that says nothing for so long, not even a comment, is gone. */
const SILENCE_MS = 30_000
/** How long a stream may go on after what it had to say. */
const LEAVE_MS = 1000
/** What a result may amount to. */
const MAX_CHARACTERS = 100 * 1024 * 1024

/** What a stream came to. */
export interface Streamed {
  readonly taskId: string | null
  /** The pieces put together. */
  readonly text: string
}

/**
 * Sends a request that is answered by events, and waits for the last of them. A stream that breaks is taken up again
 * where it left off; one that broke before it had a name is not, for the server may be at it already.
 *
 * @throws OpenEnvError `EXECUTION_ERROR` for an `error` event, `CONNECTION_ERROR` for a stream that cannot be taken up
 * again, what the server answered instead of a stream.
 */
export async function stream(server: OrsServer, request: OrsRequest): Promise<Streamed> {
  const progress: Progress = { taskId: null }
  for (let attempt = 0; ; attempt += 1) {
    const taken = progress.taskId === null ? {} : { task_id: progress.taskId }
    const body = { ...(isObject(request.body) ? request.body : {}), ...taken }
    try {
      return await follow(server, { ...request, body }, progress)
    } catch (error) {
      request.signal.throwIfAborted()
      if (attempt >= RETRIES || !mayTryAgain(error, progress)) throw error
    }
    await sleepUnlessAborted(backoffMs(attempt), request.signal)
  }
}

interface Progress {
  taskId: string | null
}

/** Nothing has run where the server refused for now; and where a call has its name, coming back runs nothing. */
function mayTryAgain(error: unknown, { taskId }: Progress): boolean {
  if (!isOpenEnvError(error)) return false
  if (error.http === 429 || error.http === 503) return true
  return taskId !== null && error.code === 'CONNECTION_ERROR'
}

async function follow(server: OrsServer, request: OrsRequest, progress: Progress): Promise<Streamed> {
  const silence = new AbortController()
  const signal = AbortSignal.any([request.signal, silence.signal])
  const gone = new OpenEnvError(
    'CONNECTION_ERROR',
    `${server.url} said nothing for ${String(SILENCE_MS / 1000)} s.`,
  )
  const watch = (): (() => void) =>
    setTimer(SILENCE_MS, () => {
      silence.abort(gone)
    })
  let stop = watch()
  try {
    const headers = { accept: 'text/event-stream' }
    const response = await send(server, { ...request, headers: { ...headers, ...request.headers }, signal })
    if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      await readAnswer(server, request, response)
      throw new OpenEnvError('CONNECTION_ERROR', `${server.url}${request.path} did not answer with a stream.`)
    }
    const pieces: string[] = []
    let size = 0
    for await (const { event, data } of eventsOf(server, response, signal, () => {
      stop()
      stop = watch()
    })) {
      if (event === 'task_id') {
        progress.taskId = data.trim()
        // A stream that is taken up again begins with its first piece.
        pieces.length = 0
        size = 0
      } else if (event === 'chunk' || event === 'end') {
        pieces.push(data)
        size += data.length
        if (size > MAX_CHARACTERS)
          throw new OpenEnvError('TOO_LARGE', `${server.url} sent too large a result.`)
        if (event === 'end') return { taskId: progress.taskId, text: pieces.join('') }
      } else if (event === 'error') {
        throw new OpenEnvError('EXECUTION_ERROR', data === '' ? 'The server failed.' : data)
      }
    }
    throw new OpenEnvError('CONNECTION_ERROR', `${server.url} ended a stream before its end.`)
  } finally {
    stop()
  }
}

async function* eventsOf(
  server: OrsServer,
  response: Response,
  signal: AbortSignal,
  heard: () => void,
): AsyncGenerator<{ readonly event: string; readonly data: string }> {
  if (response.body === null) return
  const events = new EventReader()
  const decoder = new TextDecoder()
  const reader = response.body.getReader() as ReadableStreamDefaultReader<Uint8Array>
  try {
    for (;;) {
      let portion: Awaited<ReturnType<typeof reader.read>>
      try {
        portion = await reader.read()
      } catch (cause) {
        if (signal.aborted) throw signal.reason
        throw new OpenEnvError('CONNECTION_ERROR', `The connection to ${server.url} broke off.`, { cause })
      }
      if (portion.done) return
      heard()
      yield* events.push(decoder.decode(portion.value, { stream: true }))
    }
  } finally {
    void leave(reader)
  }
}

/** Hears a stream out, so that its connection can be used again; one that goes on is cut off. */
async function leave(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const stop = setTimer(LEAVE_MS, () => {
    reader.cancel().catch(() => undefined)
  })
  try {
    while (!(await reader.read()).done);
  } catch {
    // It broke off: it is left all the same.
  } finally {
    stop()
  }
}
