import { isOpenEnvError, OpenEnvError, type ContentBlock, type Message, type Tool } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import { setTimer, backoffMs, sleepUnlessAborted } from '../time.ts'
import { readAnswer, send, sendForJson, type OrsRequest, type OrsServer } from './request.ts'
import type { Start } from './start.ts'
import { stream } from './stream.ts'
import { readBlocks, readMessages, readTools } from './wire.ts'

/** How long a server may take to say goodbye. */
const FAREWELL_MS = 5000

/** What a session is opened with. */
export interface SessionPlan {
  readonly server: OrsServer
  /** The environment's name on the server. */
  readonly environment: string
  readonly start: Start
  readonly secrets: Readonly<Record<string, string>>
  readonly pingIntervalMs: number
}

/** What a session begins with. */
export interface Prompt {
  readonly content: readonly ContentBlock[]
  readonly messages: readonly Message[] | null
}

/** A session on an ORS server, kept alive by pings for as long as it is open. */
export class OrsSession {
  readonly id: string
  readonly #plan: SessionPlan
  /** Aborted when the session is over, with the reason. */
  readonly #life = new AbortController()
  #stopPings: () => void = () => undefined
  #ending: Promise<void> | undefined

  private constructor(plan: SessionPlan, id: string) {
    this.#plan = plan
    this.id = id
  }

  /** Opens a session. Its setup may go on for as long as it takes; whatever needs it waits. */
  static async open(plan: SessionPlan, signal: AbortSignal): Promise<OrsSession> {
    const { server, environment, start, secrets } = plan
    const header = headerOf(secrets)
    const made = await stream(server, {
      method: 'POST',
      path: '/create_session',
      body: {},
      headers: header,
      signal,
    })
    const id = idOf(made.text) ?? made.taskId
    if (id === null) throw new OpenEnvError('CONNECTION_ERROR', `${server.url} gave no session id.`)
    const session = new OrsSession(plan, id)
    try {
      const body = { env_name: environment, ...start, ...(await bodySecrets(server, secrets, signal)) }
      await sendForJson(server, {
        method: 'POST',
        path: '/create',
        session: id,
        body,
        headers: header,
        signal,
      })
    } catch (error) {
      // Given up or unanswered, it may have been made.
      void session.end(new OpenEnvError('CANCELLED', 'The session could not be opened.'))
      throw error
    }
    session.#stopPings = every(plan.pingIntervalMs, () => void session.#ping())
    return session
  }

  /** Why the session is over; null while it is not. */
  get lost(): OpenEnvError | null {
    return this.#life.signal.aborted ? (this.#life.signal.reason as OpenEnvError) : null
  }

  async prompt(signal: AbortSignal): Promise<Prompt> {
    const content = readBlocks(await this.#get('/prompt', signal))
    try {
      return { content, messages: readMessages(await this.#get('/messages', signal)) }
    } catch (error) {
      // Servers of the first generation know no messages.
      if (isOpenEnvError(error) && error.http === 404 && this.lost === null)
        return { content, messages: null }
      throw error
    }
  }

  async tools(signal: AbortSignal): Promise<readonly Tool[]> {
    return readTools(await this.#get('/task_tools', signal))
  }

  /** The reply to a call, as JSON text. */
  async call(name: string, input: unknown, signal: AbortSignal): Promise<string> {
    return this.#watched(signal, async (both) => {
      const request = this.#request('POST', '/call', both)
      const { text } = await stream(this.#plan.server, { ...request, body: { name, input } })
      return text
    })
  }

  /** Ends the session here and on the server. What the server says about it is of no interest. */
  end(reason: OpenEnvError): Promise<void> {
    this.#ending ??= this.#end(reason)
    return this.#ending
  }

  async #end(reason: OpenEnvError): Promise<void> {
    this.#stopPings()
    if (!this.#life.signal.aborted) this.#life.abort(reason)
    const patience = new AbortController()
    const stop = setTimer(FAREWELL_MS, () => {
      patience.abort(reason)
    })
    const { server } = this.#plan
    for (const path of ['/delete', '/delete_session']) {
      const request: OrsRequest = { method: 'POST', path, session: this.id, signal: patience.signal }
      await sendForJson(server, request).catch(() => undefined)
    }
    stop()
  }

  /** Waits for setup as long as the server says that it is at it. */
  #get(path: string, signal: AbortSignal): Promise<unknown> {
    return this.#watched(signal, async (both) => {
      const request = this.#request('GET', path, both)
      for (let attempt = 0; ; attempt += 1) {
        const response = await send(this.#plan.server, request)
        const starting = response.status === 503 && response.headers.get('x-backend-state') === 'starting'
        if (!starting) return readAnswer(this.#plan.server, request, response)
        await response.body?.cancel()
        await sleepUnlessAborted(backoffMs(attempt), both)
      }
    })
  }

  #request(method: OrsRequest['method'], path: string, signal: AbortSignal): OrsRequest {
    return { method, path: `/${encodeURIComponent(this.#plan.environment)}${path}`, session: this.id, signal }
  }

  /** Runs a request for as long as the session lives, and notices when the server says that it does not. */
  async #watched<T>(signal: AbortSignal, work: (both: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await work(AbortSignal.any([signal, this.#life.signal]))
    } catch (error) {
      if (isOpenEnvError(error) && isOver(error)) this.#lose(error.message)
      throw error
    }
  }

  async #ping(): Promise<void> {
    try {
      const request: OrsRequest = {
        method: 'POST',
        path: '/ping',
        session: this.id,
        signal: this.#life.signal,
      }
      await sendForJson(this.#plan.server, request)
    } catch (error) {
      // Any other failure may pass; a call will find out.
      if (isOpenEnvError(error) && error.http === 404) this.#lose(error.message)
    }
  }

  #lose(why: string): void {
    this.#stopPings()
    if (!this.#life.signal.aborted)
      this.#life.abort(new OpenEnvError('SESSION_ERROR', `The session is over: ${why}`))
  }
}

/** The words of the reference, where a 404 could mean something else. */
function isOver({ http, message }: OpenEnvError): boolean {
  return http === 410 || (http === 404 && message.includes('Active environment not found'))
}

function every(ms: number, work: () => void): () => void {
  if (ms > 2 ** 31 - 1) return () => undefined
  const timer = setInterval(work, ms)
  // In Node a timer keeps the process; an episode that somebody forgot should not.
  ;(timer as { unref?: () => void }).unref?.()
  return () => {
    clearInterval(timer)
  }
}

function idOf(text: string): string | null {
  try {
    const parsed: unknown = JSON.parse(text)
    return isObject(parsed) && typeof parsed['sid'] === 'string' ? parsed['sid'] : null
  } catch {
    return null
  }
}

function headerOf(secrets: SessionPlan['secrets']): Readonly<Record<string, string>> {
  const entries = Object.entries(secrets).map(([name, value]) => [name, { value }] as const)
  if (entries.length === 0) return {}
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  return { 'x-secrets': btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) }
}

/** Servers of the first generation read secrets from the body only; the next one refuses them there. */
async function bodySecrets(
  server: OrsServer,
  secrets: SessionPlan['secrets'],
  signal: AbortSignal,
): Promise<{ readonly secrets?: SessionPlan['secrets'] }> {
  if (Object.keys(secrets).length === 0) return {}
  const response = await send(server, { method: 'GET', path: '/version', signal })
  await response.body?.cancel()
  return response.status === 404 ? { secrets } : {}
}
