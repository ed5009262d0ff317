import { once } from 'node:events'
import type { ClientMessage } from '@openenv-ts/core/wire'
import { serve, type RunningServer } from '@openenv-ts/server/node'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { spiedEnvironment } from './planes/spied-environment.ts'
import {
  admission,
  EVERYBODY,
  MINIMAL_ROUTES,
  MODES,
  ROUTES,
  SECRETS,
  SOCKETS,
  TOKEN_SETS,
  type Audience,
  type Mode,
  type TokenSet,
  type Who,
} from './planes/table.ts'
import { inspect } from '@openenv-ts/server/testing'

// Every route and socket × who asks × which tokens are set × the mode, against tables written by hand [OE-21].

const MODE_NAMES = Object.keys(MODES) as Mode[]
const TOKEN_NAMES = Object.keys(TOKEN_SETS) as TokenSet[]
const CAPABILITY = 'x'.repeat(43)

/** The ways in which a secret can be sent. */
const CARRIERS = {
  bearer: (token: string) => ({ authorization: `Bearer ${token}` }),
  'lower-case bearer': (token: string) => ({ Authorization: `bearer   ${token}` }),
  key: (token: string) => ({ 'X-API-Key': token }),
  subprotocol: (token: string) => ({
    'sec-websocket-protocol': `openenv, bearer.${Buffer.from(token).toString('base64url')}`,
  }),
} as const

type Headers = Readonly<Record<string, string>>

function credentials(who: Who, carrier: keyof typeof CARRIERS): Headers {
  return who === 'nobody' ? {} : CARRIERS[carrier](SECRETS[who])
}

/** The route list of a mode, as the table has it. */
function routesOf(mode: Mode): readonly (readonly [route: string, audience: Audience, body: unknown])[] {
  if (mode === 'minimal')
    return Object.entries(MINIMAL_ROUTES).map(([route, [audience, body]]) => [route, audience, body])
  return Object.entries(ROUTES)
    .filter(([, [, where]]) => where === 'all' || mode === 'simulation')
    .map(([route, [audience, , body]]) => [route, audience, body])
}

function socketsOf(mode: Mode): readonly (readonly [path: string, audience: Audience])[] {
  if (mode === 'minimal') return []
  return Object.entries(SOCKETS).map(([path, audiences]) => [path, audiences[mode]])
}

function filled(path: string): string {
  return path
    .replace(':env', 'spied')
    .replace(':capability', CAPABILITY)
    .replace(':file', 'start.js')
    .replace(':id', 'unknown')
}

/** Asks without a connection. */
const directly = (server: RunningServer) => (request: Request) => inspect(server).fetch(request)

/** What a request met: a refusal, nothing at all, or the route. */
async function meet(
  ask: (request: Request) => Response | Promise<Response>,
  url: string,
  route: string,
  { body, headers }: { readonly body?: unknown; readonly headers: Headers },
): Promise<{ readonly met: string; readonly response: Response }> {
  const [method = '', path = ''] = route.split(' ')
  const content = method === 'POST' && body !== undefined ? { body: JSON.stringify(body) } : {}
  const response = await ask(
    new Request(url + filled(path), { method, headers, redirect: 'manual', ...content }),
  )
  const streams = response.headers.get('content-type') === 'text/event-stream' && response.status === 200
  const text = streams ? '' : await response.text()
  if (streams) await response.body?.cancel()
  return { met: whatItMet(response.status, text), response }
}

function whatItMet(status: number, text: string): string {
  if (status === 401 || status === 403) return String(status)
  if (status === 404 && text === '{"detail":"Not Found"}') return 'nothing'
  return 'in'
}

async function shakeHands(
  url: string,
  path: string,
  headers: Headers,
): Promise<{ readonly met: string; readonly protocol?: string }> {
  const { 'sec-websocket-protocol': offered, ...rest } = headers
  const protocols = offered === undefined ? [] : offered.split(', ')
  const socket = new WebSocket(url.replace(/^http/, 'ws') + filled(path), protocols, { headers: rest })
  try {
    await once(socket, 'open')
    return { met: 'in', protocol: socket.protocol }
  } catch (error) {
    const status = /(\d{3})/.exec(String(error))?.[1] ?? String(error)
    return { met: status === '404' ? 'nothing' : status }
  } finally {
    socket.on('error', () => undefined)
    socket.terminate()
  }
}

describe.each(MODE_NAMES)('in %s mode', (mode) => {
  describe.each(TOKEN_NAMES)('with tokens: %s', (tokens) => {
    let server: RunningServer
    beforeAll(async () => {
      server = await serve(spiedEnvironment().environment, {
        port: 0,
        ...MODES[mode],
        tokens: TOKEN_SETS[tokens],
      })
    })
    afterAll(() => server.close())

    it('everything that is mounted has a row here, and every row is mounted for whom it says', () => {
      const mounted = inspect(server).routes.map(({ method, path, plane }) => `${method} ${path}: ${plane}`)
      const listed = routesOf(mode).map(([route, audience]) => `${route}: ${audience}`)
      // Redirects of bare names are checked below: they are one route a name.
      expect(mounted.filter((line) => !isRedirect(line)).sort()).toEqual(listed.sort())
      const sockets = inspect(server).sockets.map(({ path, plane }) => `${path}: ${plane}`)
      expect(sockets.sort()).toEqual(
        socketsOf(mode)
          .map(([path, audience]) => `${path}: ${audience}`)
          .sort(),
      )
    })

    it('every route lets in whom it should and nobody else', async () => {
      for (const [route, audience, body] of routesOf(mode)) {
        for (const who of EVERYBODY) {
          const expected = String(admission(audience, tokens, who))
          for (const carrier of ['bearer', 'lower-case bearer', 'key'] as const) {
            const headers = credentials(who, carrier)
            // One of them over a connection: how a secret is written is read behind it.
            const ask = carrier === 'bearer' ? fetch : directly(server)
            const { met, response } = await meet(ask, server.url, route, { body, headers })
            expect(`${route} by ${who} (${carrier}): ${met}`).toBe(
              `${route} by ${who} (${carrier}): ${expected}`,
            )
            expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual(
              [],
            )
            if (met === '401') expect(response.headers.get('www-authenticate')).toBe('Bearer')
            if (who === 'nobody') break
          }
        }
      }
    })

    it('no other method does on a path what the table does not say', async () => {
      const paths = new Set(routesOf(mode).map(([route]) => route.split(' ')[1] ?? ''))
      for (const path of paths) {
        const here = routesOf(mode).filter(([route]) => route.endsWith(` ${path}`))
        for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
          if (here.some(([route]) => route.startsWith(`${method} `))) continue
          for (const who of EVERYBODY) {
            const may = here.some(([, audience]) => admission(audience, tokens, who) === 'in')
            const headers = credentials(who, 'bearer')
            // Without a connection: that routes are reached through one as without is shown above.
            const response = await inspect(server).fetch(
              new Request(server.url + filled(path), { method, headers }),
            )
            await response.arrayBuffer()
            // A wildcard path may be another one's too, such as GET /agent/…/mcp and POST /:env/call are not.
            const allowed = may ? [method === 'OPTIONS' && mode !== 'minimal' ? 204 : 405] : [401, 403]
            expect(allowed, `${method} ${path} by ${who}`).toContain(response.status)
          }
        }
      }
    })

    it.skipIf(mode === 'minimal')('every socket lets in whom it should and nobody else', async () => {
      const { sessions } = inspect(server)
      const capability = sessions.grant(sessions.open('http'))
      for (const [pattern, audience] of socketsOf(mode)) {
        const path = pattern.replace(':capability', capability)
        for (const who of EVERYBODY) {
          const expected = String(admission(audience, tokens, who))
          // An address that leads to no episode is not there, whoever asks.
          if (audience === 'capability')
            expect((await shakeHands(server.url, pattern, credentials(who, 'bearer'))).met).toBe('nothing')
          for (const carrier of ['bearer', 'key', 'subprotocol'] as const) {
            const { met, protocol } = await shakeHands(server.url, path, credentials(who, carrier))
            expect(`${path} by ${who} (${carrier}): ${met}`).toBe(
              `${path} by ${who} (${carrier}): ${expected}`,
            )
            if (carrier === 'subprotocol' && who !== 'nobody' && met === 'in')
              expect(protocol).toBe('openenv')
            if (who === 'nobody') break
          }
        }
      }
    })

    it('what the other modes have is not there for anybody', async () => {
      const here = new Set(routesOf(mode).map(([route]) => route))
      const elsewhere = [...Object.keys(ROUTES), ...Object.keys(MINIMAL_ROUTES)].filter(
        (route) => !here.has(route),
      )
      for (const route of elsewhere) {
        const headers = credentials('control', 'bearer')
        const { response } = await meet(directly(server), server.url, route, { headers })
        expect([401, 404, 405], route).toContain(response.status)
      }
      const sockets = new Set(socketsOf(mode).map(([path]) => path))
      for (const path of Object.keys(SOCKETS)) {
        if (sockets.has(path)) continue
        expect((await shakeHands(server.url, path, credentials('control', 'bearer'))).met).toBe('nothing')
      }
    })
  })
})

/** ORS's bare route names, which redirect to the path with the environment's name. */
function isRedirect(line: string): boolean {
  return /^(GET|POST) \/(splits|tasks|num_tasks|task|task_range|tools|task_tools|prompt|messages|call|score_group): /.test(
    line,
  )
}

/** What a message on a socket, or a method of JSON-RPC, comes to: done, or refused. */
type Verdict = 'yes' | 'no'

/** Seats on a socket: an orchestrator's, an agent's in production, and the one of an agent's address. */
type Seat = 'control' | 'production' | 'capability'

/** Every type of message × seat. A type without a row breaks the type check. */
const MESSAGES: Readonly<
  Record<ClientMessage['type'], readonly [data: unknown, Readonly<Record<Seat, Verdict>>]>
> = {
  reset: [{ task_id: 'theirs-1' }, { control: 'yes', production: 'no', capability: 'no' }],
  step: [{ kind: 'rest' }, { control: 'yes', production: 'no', capability: 'no' }],
  state: [undefined, { control: 'yes', production: 'no', capability: 'no' }],
  list_splits: [{}, { control: 'yes', production: 'no', capability: 'no' }],
  num_tasks: [{ split: 'train' }, { control: 'yes', production: 'no', capability: 'no' }],
  get_task: [
    { split: 'train', index: 1 },
    { control: 'yes', production: 'no', capability: 'no' },
  ],
  list_tasks: [{ split: 'train' }, { control: 'yes', production: 'no', capability: 'no' }],
  batch: [{ calls: [['open', 0]] }, { control: 'yes', production: 'no', capability: 'no' }],
  resume: [{}, { control: 'yes', production: 'no', capability: 'no' }],
  mcp: [
    { jsonrpc: '2.0', id: 1, method: 'tools/list' },
    { control: 'yes', production: 'yes', capability: 'yes' },
  ],
  heartbeat: [undefined, { control: 'yes', production: 'yes', capability: 'yes' }],
  close: [undefined, { control: 'yes', production: 'yes', capability: 'yes' }],
}

/** Methods of JSON-RPC × where they come in. `named`: with the id of somebody else's session. */
const METHODS: Readonly<Record<string, readonly [params: unknown, Readonly<Record<string, Verdict>>]>> = {
  'tools/list': [{}, { control: 'yes', agent: 'yes', capability: 'yes', production: 'yes' }],
  'openenv/session/create': [{}, { control: 'yes', agent: 'no', capability: 'yes', production: 'no' }],
  'openenv/session/close': [
    { session_id: 'somebody' },
    { control: 'yes', agent: 'no', capability: 'no', production: 'no' },
  ],
  'tools/call': [
    { name: 'rest', arguments: {}, session_id: 'somebody' },
    { control: 'yes', agent: 'no', capability: 'yes', production: 'no' },
  ],
  reset: [{}, { control: 'no', agent: 'no', capability: 'no', production: 'no' }],
  state: [{}, { control: 'no', agent: 'no', capability: 'no', production: 'no' }],
  'openenv/reset': [{}, { control: 'no', agent: 'no', capability: 'no', production: 'no' }],
  'openenv/session/reset': [{}, { control: 'no', agent: 'no', capability: 'no', production: 'no' }],
  list_tasks: [{}, { control: 'no', agent: 'no', capability: 'no', production: 'no' }],
  'resources/list': [{}, { control: 'no', agent: 'no', capability: 'no', production: 'no' }],
}

const asControl = { authorization: `Bearer ${SECRETS.control}` }

async function post(url: string, body: unknown, headers: Headers = {}): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await response.json()) as Record<string, unknown>
}

/** Says one message on a fresh socket; `closed` when the server answers by closing. */
async function say(
  url: string,
  headers: Headers,
  message: unknown,
): Promise<Record<string, unknown> | 'closed'> {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { headers })
  await once(socket, 'open')
  socket.send(JSON.stringify(message))
  const answer = await Promise.race([
    once(socket, 'message').then(([data]) => JSON.parse(String(data)) as Record<string, unknown>),
    once(socket, 'close').then(() => 'closed' as const),
  ])
  socket.terminate()
  return answer
}

const store = {
  put: () => Promise.resolve(),
  move: () => Promise.resolve(undefined),
  delete: () => Promise.resolve(),
  expire: () => Promise.resolve(),
}

describe('inside a socket', () => {
  const cases = Object.entries(MESSAGES).flatMap(([type, [data, verdicts]]) =>
    Object.entries(verdicts).map(([seat, verdict]) => ({ type, data, seat, verdict })),
  )
  it.each(cases)('$type on the seat of $seat: $verdict', async ({ type, data, seat, verdict }) => {
    const spied = spiedEnvironment()
    await using server = await serve(spied.environment, {
      port: 0,
      mode: seat === 'production' ? 'production' : 'simulation',
      tokens: TOKEN_SETS.all,
      resumeStore: store,
    })
    let url = `${server.url}/ws`
    let headers: Headers = asControl
    if (seat === 'production') headers = { authorization: `Bearer ${SECRETS.agent}` }
    if (seat === 'capability') {
      headers = {}
      url = String(
        (await post(`${server.url}/sessions`, { task_id: 'mine' }, asControl))['agent_url'],
      ).replace(/mcp$/, 'ws')
    }
    const before = { ...spied, starts: [...spied.starts], steps: [...spied.steps] }
    const answer = await say(url, headers, data === undefined ? { type } : { type, data })
    if (verdict === 'no') {
      expect(answer).toMatchObject({ type: 'error', data: { code: 'EXECUTION_ERROR' } })
      expect(spied).toEqual(before)
    } else if (type === 'close') {
      expect(answer).toBe('closed')
    } else {
      expect(answer).toHaveProperty('type', seatAnswer(type))
    }
  })

  it('an orchestrator that has not reset is told so, which is not a refusal of the plane', async () => {
    await using server = await serve(spiedEnvironment().environment, { port: 0, tokens: TOKEN_SETS.all })
    expect(await say(`${server.url}/ws`, asControl, { type: 'step', data: { kind: 'rest' } })).toMatchObject({
      data: { message: expect.stringContaining('reset') as string },
    })
  })
})

function seatAnswer(type: string): string {
  if (type === 'reset') return 'observation'
  // Before the first reset of this socket: the episode says so, not the plane.
  return type === 'step' ? 'error' : type
}

describe('a method of JSON-RPC', () => {
  const cases = Object.entries(METHODS).flatMap(([method, [params, verdicts]]) =>
    Object.entries(verdicts).flatMap(([seat, verdict]) =>
      (['http', 'socket'] as const).map((transport) => ({ method, params, seat, verdict, transport })),
    ),
  )
  it.each(cases)('$method by $seat over $transport: $verdict', async ({ method, params, ...row }) => {
    const { seat, verdict, transport } = row
    const spied = spiedEnvironment()
    await using server = await serve(spied.environment, {
      port: 0,
      mode: seat === 'production' ? 'production' : 'simulation',
      tokens: TOKEN_SETS.all,
    })
    let url = `${server.url}/mcp`
    let headers: Headers = asControl
    if (seat !== 'production') {
      await post(`${server.url}/reset`, { session_id: 'somebody', task_id: 'theirs-1' }, asControl)
    }
    if (seat === 'agent' || seat === 'production') headers = { authorization: `Bearer ${SECRETS.agent}` }
    if (seat === 'capability') {
      headers = {}
      url = String((await post(`${server.url}/sessions`, { task_id: 'mine' }, asControl))['agent_url'])
    }
    const request = { jsonrpc: '2.0', id: 1, method, params }
    const answer = transport === 'http' ? await post(url, request, headers) : await say(url, headers, request)
    // Over a socket a session is the socket's own, whatever id is named: closing it that way is refused.
    const own = transport === 'socket' && (method === 'openenv/session/create' || method === 'tools/call')
    const expected = own && seat !== 'capability' ? 'own' : verdict
    if (expected === 'no') expect(answer).toHaveProperty('error')
    if (expected === 'yes' && !(transport === 'socket' && method === 'openenv/session/close')) {
      expect(answer).toHaveProperty('result')
    }
    // Only an orchestrator who names it over HTTP ever acts in somebody's episode.
    const mayTouch = seat === 'control' && transport === 'http' && method === 'tools/call'
    expect(spied.steps.filter((task) => task === 'theirs-1')).toHaveLength(mayTouch ? 1 : 0)
    expect(spied.views).toBe(0)
    if (seat !== 'control') expect(JSON.stringify(answer)).not.toContain('theirs')
  })
})
