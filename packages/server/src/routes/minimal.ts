import { isOpenEnvError, OpenEnvError } from '@openenv-ts/core'
import { declaredKeys, notReady } from '@openenv-ts/core/host'
import { replyToMinimal } from '@openenv-ts/core/wire'
import { EPISODE_REFUSALS, existingSession, SESSION_HEADER, sessionIdOf } from '../sessions/http-session.ts'
import { component, jsonAnswer } from '../http/operation.ts'
import { ANY_OBJECT } from '../http/sent-schema.ts'
import type { Route } from '../http/route.ts'
import { readAction, readObject } from '../http/body.ts'
import type { Host } from '../host.ts'
import { DEFAULT_SESSION } from '../sessions/sessions.ts'
import { resetSession, stepSession } from './control.ts'

/**
 * The three routes of a standalone environment, and nothing else [ET-14]: a bare action as the step's body, `info`
 * in place of metadata, and 400 for a malformed body [ET-15].
 */
export function minimalRoutes(host: Host): readonly Route[] {
  const { view } = host.environment
  const shown = view === undefined ? new Set<string>() : declaredKeys(view)
  const called = { headers: [SESSION_HEADER], refusals: EPISODE_REFUSALS }
  return [
    {
      method: 'POST',
      path: '/reset',
      plane: 'control',
      summary: 'Starts an episode',
      operation: {
        ...called,
        body: { required: false, schema: component('ResetOptions') },
        answers: { 200: jsonAnswer(component('Start')) },
      },
      handle: async (request) => {
        const { session_id: given, ...data } = await asBadRequest(() => readObject(request, host))
        const id = sessionIdOf(request, given)
        const reply = await asBadRequest(() => resetSession(host, id, data))
        return { body: replyToMinimal(reply, 'reset'), headers: echo(request, given, id) }
      },
    },
    {
      method: 'POST',
      path: '/step',
      plane: 'control',
      summary: 'Acts',
      operation: {
        ...called,
        body: { required: true, schema: component('PlainAction') },
        answers: { 200: jsonAnswer(component('PlainReply')) },
      },
      handle: async (request) => {
        const { session_id: given, ...action } = await asBadRequest(() => readAction(request, host))
        const id = sessionIdOf(request, given)
        const reply = await stepSession(host, id, action)
        return { body: replyToMinimal(reply, 'step'), headers: echo(request, given, id) }
      },
    },
    {
      method: 'POST',
      path: '/state',
      plane: 'control',
      summary: 'Shows the state',
      operation: {
        ...called,
        body: { required: false, schema: ANY_OBJECT },
        answers: { 200: jsonAnswer(component('View')) },
      },
      handle: async (request) => {
        const { session_id: given } = await asBadRequest(() => readObject(request, host))
        const id = sessionIdOf(request, given)
        const session = existingSession(host.sessions, id)
        if (session === undefined || session.episode.status === 'idle') throw notReady('before reset')
        const state = await session.episode.state()
        // The view alone [OE-1]. Who plays here may be the agent itself, and a drawn seed is not for agents [OE-4].
        const body = Object.fromEntries(Object.entries(state).filter(([key]) => shown.has(key)))
        return { body, headers: echo(request, given, id) }
      },
    },
  ]
}

/** Faults in what was sent are 400 here, where the full surface says 422. */
async function asBadRequest<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isOpenEnvError(error) || error.code !== 'VALIDATION_ERROR') throw error
    throw new OpenEnvError(error.code, error.message, { http: 400, issues: error.issues, data: error.data })
  }
}

function echo(request: Request, given: unknown, id: string): Record<string, string> {
  const named = request.headers.has('x-session-id') || given !== undefined
  return named || id !== DEFAULT_SESSION ? { 'x-session-id': id } : {}
}
