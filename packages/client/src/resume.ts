import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { isObject } from '@openenv-ts/core/host'
import type { Channel } from './channel.ts'
import { dial, type DialPlan } from './dial.ts'
import { writeFrame, type ServerFrame } from './frame.ts'
import { backoffMs, sleepUnlessAborted } from './time.ts'

/** An episode that is there again, on a new connection. */
export interface Resumed {
  readonly channel: Channel
  /** For the next time. */
  readonly token: string
  /** Counted steps since reset, as the server knows them. */
  readonly stepCount: number
  /** What its last reset or step was answered. */
  readonly last: ServerFrame
}

/** What a lost episode's server said when it was asked for it. */
const FINAL: ReadonlySet<string> = new Set(['VALIDATION_ERROR', 'EXECUTION_ERROR', 'UNKNOWN_TYPE'])

/**
 * Asks a server to keep the episode of a connection.
 *
 * @returns Null when the server keeps none, or knows no such message.
 */
export async function keepEpisode(
  channel: Channel,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  try {
    const text = writeFrame('resume', {})
    const { data } = await channel.request({ name: 'resume', text, answer: 'resume', timeoutMs, signal })
    return tokenOf(data)
  } catch (error) {
    if (isOpenEnvError(error) && FINAL.has(error.code)) return null
    throw error
  }
}

/**
 * Goes on with an episode whose connection was lost, trying for as long as the server may take to come back.
 *
 * @param plan - With the time and the attempts that all of it may take.
 * @throws OpenEnvError `SESSION_ERROR` when the server has the episode no more; `CONNECTION_ERROR` or `TIMEOUT` when
 * it did not come back in time.
 */
export async function resumeEpisode(
  plan: DialPlan,
  token: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Resumed> {
  // Made up here: when the answer is lost too, asking again for the same exchange is no second one.
  const next = newToken()
  const deadline = Date.now() + plan.connectTimeoutMs
  for (let attempt = 0; ; attempt += 1) {
    const timeLeftMs = Math.max(1, deadline - Date.now())
    const channel = await dial({ ...plan, connectTimeoutMs: timeLeftMs }, signal)
    try {
      const text = writeFrame('resume', { token, next })
      const wait = { name: 'resume', timeoutMs: Math.min(timeoutMs, timeLeftMs), signal }
      const { data } = await channel.request({ ...wait, text, answer: 'resume' })
      return { channel, ...readResumed(data) }
    } catch (error) {
      await channel.close(new OpenEnvError('CANCELLED', 'The episode was not resumed.'))
      const pauseMs = backoffMs(attempt)
      if (!mayComeBack(error) || Date.now() + pauseMs >= deadline) throw error
      await sleepUnlessAborted(pauseMs, signal)
    }
  }
}

/** A server that is going down, or full for a moment, may be asked again; one that has no such episode need not. */
function mayComeBack(error: unknown): boolean {
  return isOpenEnvError(error) && (error.code === 'CAPACITY_REACHED' || error.code === 'CONNECTION_ERROR')
}

function readResumed(data: unknown): Omit<Resumed, 'channel'> {
  const { step_count: stepCount, reply } = isObject(data) ? data : {}
  if (!Number.isSafeInteger(stepCount) || !isObject(reply)) throw unreadable()
  const last = { type: 'observation', data: reply }
  return {
    token: tokenOf(data),
    stepCount: stepCount as number,
    last: { ...last, text: JSON.stringify(last) },
  }
}

function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function tokenOf(data: unknown): string {
  const token = isObject(data) ? data['token'] : undefined
  if (typeof token !== 'string' || token === '') throw unreadable()
  return token
}

function unreadable(): OpenEnvError {
  return new OpenEnvError('CONNECTION_ERROR', 'The server answered resume with something unreadable.')
}
