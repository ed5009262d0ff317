import { OpenEnvError } from '@openenv-ts/core'
import { Channel } from './channel.ts'
import { REDIRECTS, redirected } from './redirect.ts'
import {
  HandshakeRefusedError,
  reasonOf,
  type OpenSocket,
  type SocketErrorEvent,
  type SocketLike,
} from './socket.ts'
import { setTimer, backoffMs, sleepUnlessAborted } from './time.ts'
import { unreachable } from './unreachable.ts'
import { SOCKET_ROUTE, type ServerUrl } from './url.ts'

/** How to reach a server. */
export interface DialPlan {
  readonly url: ServerUrl
  readonly open: OpenSocket
  /** For all attempts together. */
  readonly connectTimeoutMs: number
  /** Further attempts after a connection that was refused or broke off. */
  readonly retries: number
}

/**
 * Opens a session socket, trying again with growing pauses while that may help.
 *
 * @throws OpenEnvError `CONNECTION_ERROR` when the server cannot be reached or has no such route; `TIMEOUT`.
 */
export async function dial(plan: DialPlan, signal?: AbortSignal): Promise<Channel> {
  const deadline = Date.now() + plan.connectTimeoutMs
  for (let attempt = 0; ; attempt += 1) {
    const reached = await attemptOnce(plan, deadline - Date.now(), signal)
    if (reached instanceof Channel) return reached
    const wait = backoffMs(attempt)
    if (!reached.again || attempt >= plan.retries || Date.now() + wait >= deadline) throw reached.error
    await sleepUnlessAborted(wait, signal)
  }
}

interface Refusal {
  readonly error: OpenEnvError
  /** Whether another attempt may go better. */
  readonly again: boolean
}

function attemptOnce(
  { url, open, connectTimeoutMs }: DialPlan,
  timeLeftMs: number,
  signal: AbortSignal | undefined,
): Promise<Channel | Refusal> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted()
    let socket: SocketLike
    try {
      socket = open(url.socket)
      socket.binaryType = 'arraybuffer'
    } catch (cause) {
      // A page served over https may not open ws://, for example.
      const error = unreachable(url.http, cause instanceof Error ? cause.message : '', cause)
      resolve({ error, again: false })
      return
    }
    let failure: SocketErrorEvent | undefined
    let settled = false
    const settle = (): boolean => {
      if (settled) return false
      settled = true
      stopTimer()
      signal?.removeEventListener('abort', onAbort)
      return true
    }
    const giveUp = (): void => {
      if (socket.terminate === undefined) socket.close()
      else socket.terminate()
    }
    const onAbort = (): void => {
      if (!settle()) return
      giveUp()
      reject(signal?.reason as Error)
    }
    const stopTimer = setTimer(timeLeftMs, () => {
      if (!settle()) return
      giveUp()
      resolve({ error: tooSlow(url, connectTimeoutMs), again: false })
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    socket.addEventListener('open', () => {
      // The channel listens from here on, before the first message can come.
      if (settle()) resolve(new Channel(socket, url.http))
    })
    socket.addEventListener('error', (event) => {
      // The first one has the reason; that a socket was given up for it is no news.
      failure ??= event
    })
    socket.addEventListener('close', () => {
      if (settle()) resolve(refusal(url, failure ?? {}))
    })
  })
}

/** What a failed handshake means. Browsers give no reason, which counts as one that may pass. */
function refusal(url: ServerUrl, failure: SocketErrorEvent): Refusal {
  const refused = refusedHandshake(failure)
  if (refused !== undefined) {
    return { error: refusedSocket(url, refused), again: [429, 502, 503, 504].includes(refused.status) }
  }
  const why = reasonOf(failure)
  return { error: unreachable(url.http, why), again: !/ENOTFOUND|certificate|ERR_TLS|EPROTO/i.test(why) }
}

/** Our own socket for Node says it whole; a socket of `ws` that a caller gave, in its text. */
function refusedHandshake(failure: SocketErrorEvent): HandshakeRefusedError | undefined {
  if (failure.error instanceof HandshakeRefusedError) return failure.error
  const status = /unexpected server response: (\d{3})/i.exec(reasonOf(failure))?.[1]
  return status === undefined ? undefined : new HandshakeRefusedError(Number(status), null)
}

function refusedSocket(url: ServerUrl, { status, location }: HandshakeRefusedError): OpenEnvError {
  if (REDIRECTS.has(status) && location !== null) {
    return redirected({ from: new URL(url.socket), status, location, route: SOCKET_ROUTE })
  }
  const advice =
    status === 401
      ? 'It wants a token, or another one: give the option `token`.'
      : 'Is this the address of an OpenEnv server, with the path that it is served under?'
  const message = `${url.http} answers, but refuses the session socket at ${url.socket} with HTTP ${String(status)}. ${advice}`
  return new OpenEnvError('CONNECTION_ERROR', message, { data: { status } })
}

function tooSlow({ http }: ServerUrl, connectTimeoutMs: number): OpenEnvError {
  const seconds = String(connectTimeoutMs / 1000)
  return new OpenEnvError(
    'TIMEOUT',
    `${http} did not accept a connection within ${seconds} s. Is it overloaded, or is something between that ` +
      'swallows connections? Raise connectTimeoutMs if it is only slow.',
  )
}
