import { OpenEnvError } from '@openenv-ts/core'
import type { Answer, HeaderParameter, Schema } from '../http/operation.ts'
import type { Session } from './session.ts'
import { DEFAULT_SESSION, type Sessions } from './sessions.ts'

/** How the header that names an HTTP session is described. `session_id` in the body says the same. */
export const SESSION_HEADER: HeaderParameter = {
  name: 'X-Session-ID',
  required: false,
  description:
    'Names the session; without it, the one that all share. A client that sets no headers sends session_id in the body, or with GET in the query.',
  schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
}

/** An answer that names its session. */
export function sessionAnswer(schema: Schema): Answer {
  return { content: { 'application/json': schema }, headers: { 'X-Session-ID': 'The session' } }
}

/** How a call in an episode may be refused. */
export const EPISODE_REFUSALS: readonly number[] = [404, 409, 499, 503, 504]

/**
 * Which HTTP session a request means: the header `X-Session-ID`, or `session_id` in body or query.
 *
 * @param given - `session_id` of body or query.
 * @throws OpenEnvError `VALIDATION_ERROR` (HTTP 400) when they differ, or are no 1 to 128 visible ASCII characters.
 */
export function sessionIdOf(request: Request, given: unknown): string {
  const header = request.headers.get('x-session-id') ?? undefined
  const named = given ?? undefined
  if (header !== undefined && named !== undefined && header !== named) {
    throw badId('The header X-Session-ID and session_id name different sessions: send one.')
  }
  const id = header ?? named ?? DEFAULT_SESSION
  if (typeof id === 'string' && /^[\x21-\x7e]{1,128}$/.test(id)) return id
  throw badId('A session id is 1 to 128 visible ASCII characters.')
}

function badId(message: string): OpenEnvError {
  return new OpenEnvError('VALIDATION_ERROR', message, {
    http: 400,
    issues: [{ type: 'invalid_value', loc: ['session_id'], msg: message }],
  })
}

/** The session that is there. Throws `SESSION_ERROR` (HTTP 404) for an id that nobody opened. */
export function existingSession(sessions: Sessions, id: string): Session | undefined {
  const session = sessions.find(id)
  if (session === undefined && id !== DEFAULT_SESSION) {
    throw new OpenEnvError('SESSION_ERROR', `There is no session "${id}": POST /reset with this id opens it.`)
  }
  return session
}
