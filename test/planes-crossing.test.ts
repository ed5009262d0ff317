import { once } from 'node:events'
import { createConnection } from 'node:net'
import { serve, type RunningServer } from '@openenv-ts/server/node'
import fc from 'fast-check'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FORBIDDEN, OWN_TASK, spiedEnvironment, type Spied } from './planes/spied-environment.ts'
import { SECRETS, TOKEN_SETS } from './planes/table.ts'
import { inspect } from '@openenv-ts/server/testing'

// Whoever has the agent's or the operator's token, or the address of an episode, tries whatever there is to try. Nothing
// that only control may do ever happens, and nothing that is not theirs comes out.

const BASE = '/envs/spied'
const asControl = { authorization: `Bearer ${SECRETS.control}` }

interface Field {
  readonly spied: Spied
  readonly server: RunningServer
  /** The attacker's own address: of an episode of the task "mine". */
  readonly capability: string
  /** What belongs to others, and may not come out. */
  readonly secrets: readonly string[]
  [Symbol.asyncDispose](): Promise<void>
}

/** A server with other people's episodes on it, of each kind, and one that belongs to the attacker. */
async function battlefield(): Promise<Field> {
  const spied = spiedEnvironment()
  const server = await serve(spied.environment, { port: 0, tokens: TOKEN_SETS.all, basePath: BASE })
  const post = async (path: string, body: unknown, headers = {}): Promise<Record<string, unknown>> => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      headers: { ...asControl, ...headers },
      body: JSON.stringify(body),
    })
    return response.json() as Promise<Record<string, unknown>>
  }
  const mine = await post('/sessions', { task_id: OWN_TASK, seed: 5 })
  const theirs = await post('/sessions', { task_id: 'theirs-1', seed: Number(FORBIDDEN.seed) })
  await post('/reset', { session_id: 'default', task_id: 'theirs-2' })
  await post('/reset', { session_id: 'somebody', task_id: 'theirs-3' })
  await post('/create', { split: 'train', index: 2 }, { 'x-session-id': crypto.randomUUID() })
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws`, { headers: asControl })
  await once(socket, 'open')
  socket.send(JSON.stringify({ type: 'reset', data: { task_id: 'theirs-1' } }))
  await once(socket, 'message')
  const capabilityOf = (session: Record<string, unknown>): string =>
    /\/agent\/([^/]+)\/mcp$/.exec(String(session['agent_url']))?.[1] ?? ''
  return {
    spied,
    server,
    capability: capabilityOf(mine),
    secrets: [
      ...Object.values(FORBIDDEN),
      capabilityOf(theirs),
      String(theirs['session_id']),
      SECRETS.control,
      SECRETS.operator,
    ],
    [Symbol.asyncDispose]: async () => {
      socket.terminate()
      await server.close()
    },
  }
}

let field: Field
let before: string
beforeAll(async () => {
  field = await battlefield()
})
afterAll(() => field[Symbol.asyncDispose]())
beforeEach(() => {
  before = traces(field.spied)
})

/** What only control can cause. */
function traces({ starts, steps, views, questions }: Spied): string {
  return JSON.stringify({ starts, views, questions, theirs: steps.filter((task) => task !== OWN_TASK) })
}

function expectNothingCrossed(answers: string): void {
  expect(traces(field.spied)).toBe(before)
  for (const secret of field.secrets) {
    if (answers.includes(secret)) throw new Error(`"${secret}" came out: ${answers.slice(0, 2000)}`)
  }
}

/** One request as bytes: no client in between that would tidy it up. */
function exchange(port: number, request: string, patienceMs = 2000): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' })
    let answer = ''
    const done = (): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(done, patienceMs)
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      answer += text
      // Streams do not end by themselves.
      if (/content-type: text\/event-stream/i.test(answer) || answer.startsWith('HTTP/1.1 101')) done()
    })
    socket.on('error', done)
    socket.on('close', done)
    socket.write(request)
  })
}

const SEGMENTS = [
  ...['reset', 'step', 'state', 'sessions', 'ws', 'mcp', 'agent', 'tasks', 'task', 'num_tasks', 'task_range'],
  ...[
    'splits',
    'list_environments',
    'spied',
    'create',
    'create_session',
    'prompt',
    'messages',
    'call',
    'events',
  ],
  ...['metrics', 'ready', 'docs', 'somebody', 'default', 'envs', 'schema', 'openapi.json', '..', '.', ''],
]

/** A segment as somebody would write it who hopes that two readers read it differently. */
const segment = fc
  .tuple(
    fc.constantFrom(...SEGMENTS),
    fc.constantFrom('', 'case', 'percent', 'double', ';x=1', '%00', '%2e', '.json'),
  )
  .map(([name, trick]) => {
    const encoded = (text: string): string =>
      Array.from(text, (letter) => `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}`).join('')
    if (trick === 'case') return name.toUpperCase()
    if (trick === 'percent') return encoded(name)
    if (trick === 'double') return encoded(encoded(name).replaceAll('%', '%25'))
    return name + trick
  })

const wild = fc.record({
  method: fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'HEAD', 'OPTIONS', 'get', 'RESET'),
  path: fc
    .tuple(
      fc.constantFrom(
        ...[BASE, BASE, BASE, '', '/envs', `/${BASE}`, BASE.toUpperCase(), `${BASE}/..${BASE}`, 'CAPABILITY'],
      ),
      fc.array(segment, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('/', '/', '/', '//', '%2f', '%2F', '\\', '/./', '%5c'),
    )
    .map(([base, segments, slash]) => `${base}/${segments.join(slash)}`),
})

/** A route that is there, written as it stands or not quite. */
const real = fc
  .tuple(
    fc.nat(),
    fc.constantFrom(
      'as it stands',
      'as it stands',
      'as it stands',
      'case',
      'percent',
      'slashes',
      'dots',
      'HEAD',
    ),
  )
  .map(([at, trick]) => {
    const { routes } = inspect(field.server)
    const { method, path } = routes[at % routes.length] ?? { method: 'GET', path: '/' }
    const plain = path
      .replace(':env', 'spied')
      .replace(':id', 'somebody')
      .replace(':capability', field.capability)
      .replace(':file', 'start.js')
    const last = plain.slice(1)
    if (trick === 'case') return { method, path: BASE + plain.toUpperCase() }
    if (trick === 'percent') {
      return { method, path: `${BASE}/%${last.charCodeAt(0).toString(16)}${last.slice(1)}` }
    }
    if (trick === 'slashes') return { method, path: `${BASE}//${last}/` }
    if (trick === 'dots') return { method, path: `${BASE}/agent/${field.capability}/../..${plain}` }
    return { method: trick === 'HEAD' ? 'HEAD' : method, path: BASE + plain }
  })

const target = fc
  .tuple(
    fc.oneof({ arbitrary: real, weight: 3 }, { arbitrary: wild, weight: 1 }),
    fc.constantFrom('', '', '', '/', '?session_id=somebody', '?session_id=default', '?a=/reset', '?token=x'),
  )
  .map(([{ method, path }, query]) => ({ method, path: path + query }))

const headerLine = fc.constantFrom(
  'X-Session-ID: somebody',
  'X-Session-ID: default',
  'X-HTTP-Method-Override: POST',
  'X-Original-URL: /envs/spied/reset',
  'X-Rewrite-URL: /envs/spied/state',
  'X-Forwarded-For: 127.0.0.1',
  'X-Forwarded-Host: localhost',
  'Mcp-Session-Id: somebody',
  'Accept: text/event-stream',
  'Accept: application/json, text/event-stream',
  'Content-Type: application/json',
  'Content-Type: application/x-www-form-urlencoded',
  'Cookie: token=control',
  'Origin: http://localhost',
  'Authorization: Bearer control',
  `Authorization: Basic ${Buffer.from(`control:${SECRETS.agent}`).toString('base64')}`,
  'X-API-Key: control',
  'X-API-Key:',
  'Upgrade: websocket',
  'Expect: 100-continue',
)

const credential = fc.constantFrom(
  `Authorization: Bearer ${SECRETS.agent}`,
  `Authorization: Bearer ${SECRETS.agent}`,
  `authorization: bearer ${SECRETS.agent}`,
  `X-API-Key: ${SECRETS.agent}`,
  `Authorization: Bearer ${SECRETS.stranger}`,
  `Authorization: Bearer ${SECRETS.agent}${SECRETS.control.slice(0, 20)}`,
  `Authorization: Bearer ${SECRETS.control.slice(0, -1)}`,
  `Authorization: Bearer ${SECRETS.control.toUpperCase()}`,
  '',
)

const calls = fc.constantFrom(
  'reset',
  'step',
  'state',
  'close',
  'observe',
  'act',
  'add',
  'rest',
  'list_tasks',
)
const selector = fc.record(
  {
    session_id: fc.constantFrom('somebody', 'default', '', null, 7),
    task_id: fc.constantFrom('theirs-1', 'theirs-2', OWN_TASK),
    split: fc.constantFrom('train', 'test'),
    index: fc.integer({ min: -1, max: 3 }),
    seed: fc.nat(),
    action: fc.constant({ kind: 'rest' }),
    kind: fc.constantFrom('rest', 'add'),
    name: calls,
    arguments: fc.constantFrom({}, { by: 1 }, { session_id: 'somebody' }, { task_id: 'theirs-1' }),
    tool_name: calls,
    type: fc.constantFrom('call_tool', 'list_tools', 'reset'),
    token: fc.constantFrom('', 'x'.repeat(43)),
  },
  { requiredKeys: [] },
)
const rpc = fc.record({
  jsonrpc: fc.constant('2.0'),
  id: fc.constantFrom(1, 'a', null),
  method: fc.constantFrom(
    ...[
      'openenv/session/create',
      'openenv/session/close',
      'openenv/session/reset',
      'tools/list',
      'tools/call',
    ],
    ...['reset', 'state', 'initialize', 'resources/list', 'prompts/list', 'tasks/list', 'list_tasks', 'ping'],
  ),
  params: selector,
})
const message = fc.oneof(
  fc.record({
    type: fc.constantFrom(
      ...['reset', 'step', 'state', 'list_splits', 'num_tasks', 'get_task', 'list_tasks', 'batch', 'resume'],
      ...['RESET', 'heartbeat', '__proto__', 'validation_open'],
    ),
    data: fc.oneof(
      selector,
      fc.record({
        calls: fc.constant([
          ['open', 0],
          ['reset', 0, {}],
          ['state', 0],
        ]),
      }),
    ),
  }),
  fc.record({ type: fc.constant('mcp'), data: rpc }),
  fc.record({ type: fc.constantFrom('state', 'heartbeat', 'reset') }),
)
const body = fc.oneof(selector, rpc, fc.array(rpc, { maxLength: 3 })).map((json) => JSON.stringify(json))

describe('an agent', () => {
  it('crosses nothing by any path, method, header or body over HTTP [OE-19] [OE-21]', async () => {
    const request = fc.record({
      method: fc.constantFrom(
        'GET',
        'POST',
        'POST',
        'POST',
        'DELETE',
        'PUT',
        'HEAD',
        'OPTIONS',
        'get',
        'RESET',
      ),
      target,
      credential,
      headers: fc.array(headerLine, { maxLength: 3 }),
      body,
      twice: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(request, async ({ target: { method, path }, headers, twice, ...rest }) => {
        const at = path.replace('CAPABILITY', `${BASE}/agent/${field.capability}`)
        const lines = [rest.credential, ...headers].filter((line) => line !== '')
        const head = [`${method} ${at} HTTP/1.1`, 'Host: localhost', ...lines]
        const one = `${head.join('\r\n')}\r\nContent-Length: ${String(Buffer.byteLength(rest.body))}\r\n`
        // A second request behind the first one's body: two readers may part it differently.
        const hidden = twice ? `${one}\r\n${rest.body}` : ''
        const answer = await exchange(
          field.server.port,
          `${hidden}${one}Connection: close\r\n\r\n${rest.body}`,
        )
        expectNothingCrossed(answer)
      }),
      { numRuns: 1500, endOnFailure: true },
    )
  }, 120_000)

  it('crosses nothing by any message on any socket that opens to it', async () => {
    const from = fc.constantFrom('capability/ws', 'capability/mcp', 'mcp', 'ws?session_id=somebody', 'ws')
    await fc.assert(
      fc.asyncProperty(from, fc.array(fc.oneof(message, rpc), { maxLength: 12 }), async (where, messages) => {
        const path = where.replace('capability', `agent/${field.capability}`)
        const url = `${field.server.url.replace('http', 'ws')}/${path}`
        const socket = new WebSocket(url, { headers: { authorization: `Bearer ${SECRETS.agent}` } })
        const answers: string[] = []
        socket.on('error', () => undefined)
        socket.on('message', (data: Buffer) => answers.push(data.toString()))
        const opened = await once(socket, 'open').then(
          () => true,
          () => false,
        )
        expect(opened).toBe(!where.startsWith('ws'))
        if (!opened) return
        for (const each of messages) socket.send(JSON.stringify(each))
        const settled = once(socket, 'pong')
        socket.ping()
        await settled
        await expect.poll(() => answers.length >= messages.length || socket.readyState !== 1).toBe(true)
        socket.terminate()
        expectNothingCrossed(answers.join('\n'))
      }),
      { numRuns: 300, endOnFailure: true },
    )
  }, 120_000)

  it('plays its own episode all the while', async () => {
    const steps = field.spied.steps.length
    const url = `${field.server.url}/agent/${field.capability}/mcp`
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'rest', arguments: {} } }
    const response = await fetch(url, { method: 'POST', body: JSON.stringify(call) })
    expect(await response.json()).toHaveProperty('result')
    expect(field.spied.steps.slice(steps)).toEqual([OWN_TASK])
  })
})

describe('an operator', () => {
  it('cannot act in any episode, start one or list tasks', async () => {
    const paths = fc.constantFrom(
      ...[
        '/reset',
        '/step',
        '/state',
        '/sessions',
        '/sessions/somebody',
        '/spied/tasks',
        '/create',
        '/mcp',
        '/ws',
      ],
      ...['/list_environments', '/spied/splits', '/spied/call', '/spied/prompt', '/delete', '/ping'],
    )
    await fc.assert(
      fc.asyncProperty(paths, fc.constantFrom('GET', 'POST', 'DELETE'), body, async (path, method, text) => {
        const response = await fetch(field.server.url + path, {
          method,
          headers: { authorization: `Bearer ${SECRETS.operator}`, 'x-session-id': 'somebody' },
          ...(method === 'POST' ? { body: text } : {}),
        })
        const answer = await response.text()
        expect([403, 404]).toContain(response.status)
        expectNothingCrossed(answer)
      }),
      { numRuns: 300 },
    )
  })

  it('sees metrics and events without anything that opens an episode', async () => {
    const headers = { authorization: `Bearer ${SECRETS.operator}` }
    const events = await fetch(`${field.server.url}/events`, { headers })
    const own = `${field.server.url}/agent/${field.capability}/mcp`
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'rest', arguments: {} } }
    await fetch(own, { method: 'POST', body: JSON.stringify(call) })
    const reader = events.body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (!text.includes('event: step')) text += (await reader?.read())?.value ?? ''
    await reader?.cancel()
    text += await (await fetch(`${field.server.url}/metrics`, { headers })).text()
    for (const secret of [field.capability, 'somebody', FORBIDDEN.gold, FORBIDDEN.view, FORBIDDEN.seed]) {
      expect(text).not.toContain(secret)
    }
  })
})

describe('production mode', () => {
  it('starts no episode and shows no task on any transport, whatever is sent', async () => {
    const spied = spiedEnvironment()
    await using server = await serve(spied.environment, {
      port: 0,
      mode: 'production',
      tokens: TOKEN_SETS.all,
    })
    for (const token of [SECRETS.control, SECRETS.agent]) {
      const headers = { authorization: `Bearer ${token}` }
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom('ws', 'mcp'),
          fc.array(message, { maxLength: 8 }),
          async (path, sent) => {
            const socket = new WebSocket(`${server.url.replace('http', 'ws')}/${path}`, { headers })
            const answers: string[] = []
            socket.on('message', (data: Buffer) => answers.push(data.toString()))
            await once(socket, 'open')
            for (const each of sent) socket.send(JSON.stringify(each))
            await expect.poll(() => answers.length).toBe(sent.length)
            socket.terminate()
            for (const mark of Object.values(FORBIDDEN)) expect(answers.join()).not.toContain(mark)
          },
        ),
        { numRuns: 60 },
      )
    }
    expect(spied).toMatchObject({ starts: [], steps: [], views: 0, questions: 0 })
  })
})

describe('ports of their own', () => {
  it('serve one plane each, to whatever token', async () => {
    const spied = spiedEnvironment()
    await using server = await serve(spied.environment, {
      port: 0,
      agentPort: 0,
      operatorPort: 0,
      tokens: TOKEN_SETS.all,
    })
    const reach = async (url: string, method: string, path: string, token: string): Promise<number> => {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(method === 'POST' ? { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list"}' } : {}),
      })
      await response.body?.cancel()
      return response.status
    }
    const { url: main, agentUrl: agent, operatorUrl: operator } = server
    const { control: c, agent: a, operator: o } = SECRETS
    const rows = [
      [main, 'POST', '/reset', c, 200],
      [agent, 'POST', '/reset', c, 404],
      [operator, 'POST', '/reset', c, 404],
      [main, 'POST', '/mcp', a, 404],
      [agent, 'POST', '/mcp', a, 200],
      [operator, 'POST', '/mcp', a, 404],
      [main, 'GET', '/metrics', o, 404],
      [agent, 'GET', '/metrics', o, 404],
      [operator, 'GET', '/metrics', o, 200],
      [agent, 'POST', '/sessions', c, 404],
      [agent, 'GET', '/state', c, 404],
      [agent, 'GET', '/spied/splits', c, 404],
      [agent, 'DELETE', '/reset', c, 404],
      [operator, 'GET', '/metadata', o, 404],
      [agent, 'GET', '/metadata', a, 200],
      ...[main, agent, operator].map((url) => [url, 'GET', '/health', '', 200] as const),
    ] as const
    for (const [url, method, path, token, status] of rows) {
      expect([url, method, path, await reach(url, method, path, token)]).toEqual([url, method, path, status])
    }
    const sockets = [
      [main, '/ws', c, '101'],
      [agent, '/ws', c, '404'],
      [operator, '/ws', c, '404'],
      [main, '/mcp', a, '404'],
      [agent, '/mcp', a, '101'],
    ] as const
    for (const [url, path, token, status] of sockets) {
      const head = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
      const rest = `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`
      const answer = await exchange(Number(new URL(url).port), head + rest)
      expect([url, path, answer.slice(9, 12)]).toEqual([url, path, status])
    }
    // The address that is handed over is the agents' own port.
    const opened = await fetch(`${main}/sessions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${c}` },
      body: '{}',
    })
    expect(((await opened.json()) as { agent_url: string }).agent_url).toMatch(
      new RegExp(`^${agent}/agent/[\\w-]{43}/mcp$`),
    )
  })
})

describe('the port of agents', () => {
  const call = { name: 'rest', arguments: {} }
  const asked = [
    ['openenv/session/create', {}],
    ['openenv/session/close', { session_id: 'default' }],
    ['tools/list', { session_id: 'default' }],
    ['tools/call', { session_id: 'default', ...call }],
  ] as const
  const rows = (['none', 'only control', 'all'] as const).flatMap((tokens) =>
    asked.map(([method, params]) => ({ tokens, method, params })),
  )
  it.each(rows)('takes no $method for an episode from anybody, with tokens: $tokens', async (row) => {
    const { method, params } = row
    const tokens = TOKEN_SETS[row.tokens]
    const spied = spiedEnvironment()
    await using server = await serve(spied.environment, { port: 0, agentPort: 0, tokens })
    const headers = row.tokens === 'none' ? {} : { authorization: `Bearer ${SECRETS.control}` }
    const started = await fetch(`${server.url}/reset`, { method: 'POST', headers, body: '{}' })
    expect(started.status).toBe(200)
    const url = `${server.agentUrl}/mcp`
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
    const overHttp = await (await fetch(url, { method: 'POST', headers, body })).text()
    expect(overHttp).toContain('needs the control plane')
    const socket = new WebSocket(url.replace('http', 'ws'), { headers })
    const answer = once(socket, 'message') as Promise<[Buffer]>
    await once(socket, 'open')
    socket.send(body)
    const [overSocket] = await answer
    socket.terminate()
    // On a socket an id names no session: tools are listed as for everybody without an episode.
    if (method !== 'tools/list') expect(JSON.parse(overSocket.toString())).toHaveProperty('error')
    expect(spied.steps).toEqual([])
    expect(inspect(server).sessions.size).toBe(1)
  })
})

describe('names', () => {
  const NAMES = ['env.example.com', '*.ors.example.com']
  const rows = [
    ['env.example.com', undefined, true],
    ['ENV.example.com:8443', undefined, true],
    ['api.ors.example.com', undefined, true],
    ['sessions.ors.example.com', undefined, true],
    ['ors.example.com', undefined, false],
    ['evil.com', undefined, false],
    ['env.example.com.evil.com', undefined, false],
    ['evilenv.example.com', undefined, false],
    ['xors.example.com', undefined, false],
    ['127.0.0.1', undefined, false],
    ['env.example.com', 'https://env.example.com', true],
    ['env.example.com', 'https://sessions.ors.example.com:8443', true],
    ['env.example.com', 'https://evil.com', false],
    ['env.example.com', 'null', false],
    ['env.example.com', 'https://env.example.com, https://evil.com', false],
    ['env.example.com', 'https://env.example.com@evil.com', false],
    ['env.example.com', 'chrome-extension://abc', false],
  ] as const
  it.each(rows)('host %s with origin %s: %s, over HTTP and at the handshake', async (host, origin, ours) => {
    await using server = await serve(spiedEnvironment().environment, { port: 0, allowedHosts: NAMES })
    const headers = `Host: ${host}\r\n${origin === undefined ? '' : `Origin: ${origin}\r\n`}`
    const http = await exchange(server.port, `GET /schema HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`)
    expect(http.slice(9, 12)).toBe(ours ? '200' : '403')
    // Only a page of a named origin may read the answer.
    const readable = ours && origin !== undefined
    expect(/^access-control-allow-origin: (.*)$/im.exec(http)?.[1]).toBe(readable ? origin : undefined)
    const upgrade =
      'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
    const socket = await exchange(server.port, `GET /ws HTTP/1.1\r\n${headers}${upgrade}\r\n`)
    expect(socket.slice(9, 12)).toBe(ours ? '101' : '403')
  })

  it.each([
    ['localhost', true],
    ['api.localhost', true],
    ['sessions.localhost:8000', true],
    ['[::1]:8000', true],
    ['127.0.0.1:1', true],
    ['evil.com', false],
    ['localhost.evil.com', false],
    ['127.0.0.1.nip.io', false],
  ])('a listener on loopback answers to %s: %s', async (host, ours) => {
    await using server = await serve(spiedEnvironment().environment, { port: 0 })
    const answer = await exchange(
      server.port,
      `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    expect(answer.slice(9, 12)).toBe(ours ? '200' : '403')
  })

  it('a target that names a host is no way around the check', async () => {
    await using server = await serve(spiedEnvironment().environment, { port: 0 })
    const request = 'GET http://localhost/schema HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n'
    expect((await exchange(server.port, request)).slice(9, 12)).toBe('403')
  })

  it('a preflight of a page elsewhere allows nothing', async () => {
    await using server = await serve(spiedEnvironment().environment, { port: 0 })
    const lines = [
      'OPTIONS /reset HTTP/1.1',
      'Host: localhost',
      'Access-Control-Request-Method: POST',
      'Access-Control-Request-Headers: authorization',
    ]
    for (const origin of ['https://evil.com', 'http://localhost:3000']) {
      const answer = await exchange(
        server.port,
        `${lines.join('\r\n')}\r\nOrigin: ${origin}\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 (403|405) /)
      expect(answer.toLowerCase()).not.toContain('access-control-')
    }
  })
})

describe('comparing tokens', () => {
  it('accepts the token alone: no part, no longer text, no other case, no other bytes', async () => {
    const token = 'Wörter-und-Zeichen-1234567890'
    await using server = await serve(spiedEnvironment().environment, {
      port: 0,
      tokens: { control: Buffer.from(token).toString('base64url') },
    })
    const right = Buffer.from(token).toString('base64url')
    const reach = async (given: string): Promise<number> =>
      (await fetch(`${server.url}/state`, { headers: { authorization: `Bearer ${given}` } })).status
    expect(await reach(right)).toBe(200)
    const changed = fc.oneof(
      fc.nat(right.length - 1).map((at) => right.slice(0, at)),
      fc.base64String({ minLength: 1 }).map((more) => right + more.replace(/=+$/, 'x')),
      fc.nat(right.length - 1).map((at) => `${right.slice(0, at)}.${right.slice(at + 1)}`),
      fc.constant(right.toLowerCase()),
      fc.constant(`${right} ${right}`),
    )
    await fc.assert(
      fc.asyncProperty(changed, async (given) => {
        expect(await reach(given)).toBe(401)
      }),
      { numRuns: 100 },
    )
  })
})
