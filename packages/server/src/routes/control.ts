import { isOpenEnvError, OpenEnvError, type Issue, type Reply } from '@openenv-ts/core'
import { isObject, notReady } from '@openenv-ts/core/host'
import { replyToHttp, resetFromWire, stateToWire } from '@openenv-ts/core/wire'
import {
  EPISODE_REFUSALS,
  existingSession,
  SESSION_HEADER,
  sessionAnswer,
  sessionIdOf,
} from '../sessions/http-session.ts'
import { component } from '../http/operation.ts'
import type { Route } from '../http/route.ts'
import { atBody, readAction, readObject } from '../http/body.ts'
import type { Host } from '../host.ts'
import type { RouteReply } from '../http/reply.ts'

/**
 * Reset, step and state over plain HTTP, for orchestrators; mounted in simulation mode only.
 *
 * Unlike upstream's, these episodes last: a session is named by `X-Session-ID` [OE-8].
 */
export function controlRoutes(host: Host): readonly Route[] {
  const called = { headers: [SESSION_HEADER], refusals: EPISODE_REFUSALS }
  return [
    {
      method: 'POST',
      path: '/reset',
      plane: 'control',
      summary: 'Starts an episode; opens the session when there is none',
      operation: {
        ...called,
        body: { required: false, schema: component('ResetOptions') },
        answers: { 200: sessionAnswer(component('Reply')) },
      },
      handle: async (request) => {
        const { session_id: given, ...data } = await readObject(request, host)
        const id = sessionIdOf(request, given)
        return answer(id, replyToHttp(await resetSession(host, id, data)))
      },
    },
    {
      method: 'POST',
      path: '/step',
      plane: 'control',
      summary: 'Acts in the session’s episode',
      operation: {
        ...called,
        body: { required: true, schema: component('Step') },
        answers: { 200: sessionAnswer(component('Reply')) },
      },
      handle: async (request) => {
        const { session_id: given, ...body } = await readAction(request, host)
        const id = sessionIdOf(request, given)
        const { action, signal } = readStep(body, host)
        return answer(id, replyToHttp(await stepSession(host, id, action, signal)))
      },
    },
    {
      method: 'GET',
      path: '/state',
      plane: 'control',
      summary: 'Shows the state of the session’s episode',
      operation: { ...called, answers: { 200: sessionAnswer(component('State')) } },
      handle: async (request) => {
        const id = sessionIdOf(request, new URL(request.url).searchParams.get('session_id'))
        const session = existingSession(host.sessions, id)
        const state = (await session?.episode.state()) ?? { episodeId: null, stepCount: 0 }
        return answer(id, stateToWire(state))
      },
    },
  ]
}

/** Starts or restarts the episode of a session, opening the session when it is not there. */
export async function resetSession(
  host: Host,
  id: string,
  data: Readonly<Record<string, unknown>>,
): Promise<Reply<unknown>> {
  const options = await atBody(() => resetFromWire(data, host.environment))
  const existing = host.sessions.find(id)
  const session = existing ?? host.sessions.open('http', { id, named: true })
  try {
    return await session.episode.reset(options)
  } catch (error) {
    // A session that never began holds no slot.
    if (existing === undefined) await session.close()
    // The first reset of the same id failed and took the session with it: that is no fault of this one.
    else if (isOpenEnvError(error) && error.code === 'CANCELLED' && host.sessions.find(id) !== existing)
      return resetSession(host, id, data)
    throw error
  }
}

/** Acts in a session that is there. */
export async function stepSession(
  host: Host,
  id: string,
  action: unknown,
  timeLimit?: AbortSignal,
): Promise<Reply<unknown>> {
  const session = existingSession(host.sessions, id)
  if (session === undefined) throw notReady('before reset')
  if (timeLimit === undefined) return session.episode.stepNow(action)
  const limit = new AbortController()
  const onTime = (): void => {
    limit.abort(new OpenEnvError('TIMEOUT', 'The step took longer than timeout_s.'))
  }
  timeLimit.addEventListener('abort', onTime)
  try {
    return await session.episode.stepNow(action, limit.signal)
  } finally {
    timeLimit.removeEventListener('abort', onTime)
  }
}

function answer(session: string, body: unknown): RouteReply {
  return { body, headers: { 'x-session-id': session } }
}

/** Tells the envelope `{action, timeout_s?, request_id?}` from a bare action [OE-8]. */
function readStep(
  body: Readonly<Record<string, unknown>>,
  host: Host,
): { readonly action: unknown; readonly signal?: AbortSignal } {
  if (!Object.hasOwn(body, 'action')) return { action: body }
  const { action, timeout_s: timeout } = body
  if (!isObject(action)) {
    if (host.actionHasKey('action')) return { action: body }
    throw invalidStep({ type: 'invalid_type', loc: ['body', 'action'], msg: 'Expected a JSON object' })
  }
  if (timeout === undefined || timeout === null) return { action }
  if (typeof timeout !== 'number' || !(timeout > 0)) {
    throw invalidStep({ type: 'greater_than', loc: ['body', 'timeout_s'], msg: 'Expected seconds above 0' })
  }
  // The timer takes whole milliseconds, and no more of them than this.
  return { action, signal: AbortSignal.timeout(Math.min(Math.ceil(timeout * 1000), 2_147_483_647)) }
}

function invalidStep(issue: Issue): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', `Invalid step: ${issue.msg}.`, { issues: [issue] })
}
