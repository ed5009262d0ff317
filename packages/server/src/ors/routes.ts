import { OpenEnvError, type Clock } from '@openenv-ts/core'
import { validationError, issuesOf, listTools } from '@openenv-ts/core/host'
import { z } from 'zod'
import { requireEnvironment } from '../routes/environment-path.ts'
import { bodySchema } from '../http/components.ts'
import { component, EVENTS, jsonAnswer, record, TEXT, type HeaderParameter } from '../http/operation.ts'
import type { Route } from '../http/route.ts'
import { atBody, readObject } from '../http/body.ts'
import type { Host } from '../host.ts'
import { textBlock, toolListing } from './blocks.ts'
import { readCreate } from './create.ts'
import { event, eventResponse, followCall } from './event-stream.ts'
import { GroupBody } from './group-body.ts'
import { redirectRoutes } from './redirects.ts'
import type { OrsSession } from './session.ts'
import { OrsSessions } from './sessions.ts'

/** An id that `POST /create_session` gives. */
const MADE_UP = '^[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}$'

const CallBody = z.strictObject({
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  task_id: z.string().nullish(),
})

const BLOCKS = { type: 'array', items: component('Block') }

const SESSION: HeaderParameter = {
  name: 'X-Session-ID',
  required: true,
  description: 'The session, as POST /create was given it.',
  schema: { type: 'string', pattern: '\\S' },
}

const SECRETS: HeaderParameter = {
  name: 'X-Secrets',
  required: false,
  description: 'Base64 of {"NAME": {"value": "…"}}.',
  schema: { type: 'string', enum: ['', 'e30='] },
}

/** The header that gives a new session its id. */
function newSession(isOpen: boolean): HeaderParameter {
  const pattern = isOpen ? '^[\\x21-\\x7e]{1,128}$' : MADE_UP
  return { ...SESSION, description: 'What POST /create_session gives.', schema: { type: 'string', pattern } }
}

/**
 * Open Reward Standard: sessions that are started once and used by tool calls. Its clients are orchestrator and agent
 * in one, so all of it belongs to control; what an environment's tools are may be known to whoever may know its schemas.
 */
export function orsRoutes(host: Host, clock?: Clock): readonly Route[] {
  const { environment } = host
  const sessions = new OrsSessions(host, clock)
  const supportsScoreGroup = environment.scoreGroup !== undefined
  const sessionOf = (request: Request, env: string | undefined): OrsSession => {
    requireEnvironment(env, environment)
    return sessions.find(sessionIdOf(request))
  }
  const inSession = { headers: [SESSION], refusals: [404, 410, 503, 504] }
  const toolList = { answers: { 200: jsonAnswer(component('ToolList')) } }
  return [
    {
      method: 'GET',
      path: '/version',
      plane: 'about',
      summary: 'Says which version of the environment is served',
      operation: { answers: { 200: jsonAnswer(record({ version: TEXT, build_sha: { type: 'null' } })) } },
      handle: () => ({ body: { version: environment.version, build_sha: null } }),
    },
    {
      method: 'GET',
      path: '/:env/tools',
      plane: 'about',
      summary: 'Lists the tools that every session has',
      operation: { ...toolList, refusals: [404] },
      handle: (_request, { env }) => {
        requireEnvironment(env, environment)
        return { body: toolListing(listTools(environment), supportsScoreGroup) }
      },
    },
    {
      method: 'POST',
      path: '/create_session',
      plane: 'control',
      summary: 'Makes up a session id',
      operation: { answers: { 200: EVENTS } },
      handle: () => eventResponse(event('task_id', crypto.randomUUID()) + event('end', '')),
    },
    {
      method: 'POST',
      path: '/create',
      plane: 'control',
      summary: 'Starts an episode of a task',
      operation: {
        headers: [newSession(host.authorizer.isOpen), SECRETS],
        body: { required: true, schema: component('Create') },
        answers: { 200: jsonAnswer(record({ sid: TEXT })) },
        refusals: [404, 409, 503],
      },
      handle: async (request) => {
        const id = sessionIdOf(request)
        requireGoodId(id, host.authorizer.principal(request.headers) !== 'anybody')
        const body = await readObject(request, host)
        sessions.requireFree(id)
        const start = await atBody(() => readCreate(body, request.headers, environment))
        sessions.create(id, start)
        return { body: { sid: id } }
      },
    },
    {
      method: 'POST',
      path: '/ping',
      plane: 'control',
      summary: 'Keeps a session',
      operation: { ...inSession, answers: { 200: jsonAnswer(record({ status: { const: 'ok' } })) } },
      handle: (request) => {
        sessions.find(sessionIdOf(request))
        return { body: { status: 'ok' } }
      },
    },
    {
      method: 'POST',
      path: '/delete',
      plane: 'control',
      summary: 'Ends a session',
      operation: { headers: [SESSION], answers: { 200: jsonAnswer(record({ sid: TEXT })) } },
      handle: async (request) => {
        const id = sessionIdOf(request)
        await sessions.delete(id)
        return { body: { sid: id } }
      },
    },
    {
      method: 'POST',
      path: '/delete_session',
      plane: 'control',
      summary: 'Gives a session id back',
      operation: { headers: [SESSION], answers: { 200: jsonAnswer(record({ sid: TEXT })) } },
      handle: (request) => ({ body: { sid: sessionIdOf(request) } }),
    },
    {
      method: 'GET',
      path: '/:env/prompt',
      plane: 'control',
      summary: 'Tells what to do, as blocks',
      operation: { ...inSession, answers: { 200: jsonAnswer(BLOCKS) } },
      handle: async (request, { env }) => ({ body: [textBlock(await sessionOf(request, env).brief())] }),
    },
    {
      method: 'GET',
      path: '/:env/messages',
      plane: 'control',
      summary: 'Tells what to do, as a conversation',
      operation: {
        ...inSession,
        answers: {
          200: jsonAnswer({
            type: 'array',
            items: record({ role: { const: 'user' }, blocks: BLOCKS, detail: { type: 'null' } }),
          }),
        },
      },
      handle: async (request, { env }) => {
        const blocks = [textBlock(await sessionOf(request, env).brief())]
        return { body: [{ role: 'user', blocks, detail: null }] }
      },
    },
    {
      method: 'GET',
      path: '/:env/task_tools',
      plane: 'control',
      summary: 'Lists the tools of a session',
      operation: { ...inSession, ...toolList },
      handle: async (request, { env }) => {
        return { body: toolListing(await sessionOf(request, env).tools(), supportsScoreGroup) }
      },
    },
    {
      method: 'POST',
      path: '/:env/call',
      plane: 'control',
      summary: 'Calls a tool and streams what it gives',
      operation: {
        ...inSession,
        body: { required: true, schema: bodySchema(CallBody, 'body') },
        answers: { 200: EVENTS },
      },
      handle: async (request, { env }) => {
        const body = await readObject(request, host)
        const { name, input, task_id: taskId } = await atBody(() => read(CallBody, body))
        const session = sessionOf(request, env)
        return follow(session, 'call', taskId, () => session.call(name, input))
      },
    },
    {
      method: 'POST',
      path: '/:env/score_group',
      plane: 'control',
      summary: 'Scores attempts at a task against each other',
      operation: {
        ...inSession,
        body: { required: true, schema: bodySchema(GroupBody, 'body') },
        answers: { 200: EVENTS },
        unsupported: !supportsScoreGroup,
      },
      handle: async (request, { env }) => {
        const body = await readObject(request, host)
        requireEnvironment(env, environment)
        if (!supportsScoreGroup) {
          const message = `Environment '${environment.name}' does not implement score_group`
          throw new OpenEnvError('NOT_SUPPORTED', message, { http: 404 })
        }
        const { candidates, task_id: taskId } = await atBody(() => read(GroupBody, body))
        const session = sessionOf(request, env)
        return follow(session, 'score_group', taskId, () => session.scoreGroup(candidates))
      },
    },
    ...redirectRoutes(host),
  ]
}

/** Streams a new call, or one that was made before in the same session. */
function follow(
  session: OrsSession,
  kind: 'call' | 'score_group',
  taskId: string | null | undefined,
  begin: () => ReturnType<OrsSession['call']>,
): Response {
  if (taskId !== undefined && taskId !== null) {
    const known = session.find(kind, taskId)
    return known === undefined
      ? eventResponse(event('error', 'unknown task_id'))
      : followCall(known.taskId, known.outcome, session.follow())
  }
  session.requireUse()
  const left = session.follow()
  try {
    const { taskId: id, outcome } = begin()
    return followCall(id, outcome, left)
  } catch (error) {
    left()
    throw error
  }
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw validationError('body', issuesOf(parsed.error, body))
}

function sessionIdOf(request: Request): string {
  const id = request.headers.get('x-session-id')?.trim() ?? ''
  if (id !== '') return id
  throw new OpenEnvError('VALIDATION_ERROR', 'X-Session-ID header is required', { http: 400 })
}

/**
 * Where a server asks for tokens, others may be trying: an id that somebody made up has to be one that nobody guesses.
 */
function requireGoodId(id: string, shared: boolean): void {
  const fits = shared ? new RegExp(MADE_UP) : /^[\x21-\x7e]{1,128}$/
  if (fits.test(id)) return
  const message = shared
    ? 'A session id is what POST /create_session gives.'
    : 'A session id is 1 to 128 visible ASCII characters.'
  throw new OpenEnvError('VALIDATION_ERROR', message, { http: 400 })
}
