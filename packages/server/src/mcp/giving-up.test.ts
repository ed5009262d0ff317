import { defineToolEnvironment } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ACCEPT_BOTH, askModern, FrameSocket, McpSession, postMcp, rpc } from '../../test/mcp-client.ts'
import { post } from '../../test/http-client.ts'
import type { LogEvent } from '../log-event.ts'
import { serve } from '../node/serve.ts'
import type { RunningServer } from '../node/listen-options.ts'
import { inspect } from '../inspect.ts'

/** A world whose one slow tool says when it has begun, and goes on when the test lets it. */
class Workshop {
  readonly signals: AbortSignal[] = []
  made = 0
  #begin: () => void = () => undefined
  readonly begun = new Promise<void>((resolve) => (this.#begin = resolve))
  #go: () => void = () => undefined

  readonly environment = defineToolEnvironment({
    name: 'workshop',
    description: 'Make things.',
    open: () => this,
    tools: {
      hold: {
        description: 'Takes as long as it takes.',
        input: z.strictObject({ polite: z.boolean() }),
        run: (_world, { polite }, { signal }) =>
          new Promise<string>((resolve, reject) => {
            this.signals.push(signal)
            this.#go = () => {
              this.made += 1
              resolve('made')
            }
            if (polite)
              signal.addEventListener('abort', () => {
                reject(new Error('stopped'))
              })
            this.#begin()
          }),
      },
      count: { description: 'Counts.', input: z.strictObject({}), run: () => this.made },
      finish: { description: 'Ends it.', input: z.strictObject({}), final: true, run: () => 'bye' },
    },
    rubric: { made: () => 1 },
  })

  goOn(): void {
    this.#go()
  }
}

const HOLD = (polite: boolean) => ({ name: 'hold', arguments: { polite } })
const call = (id: number, params: object) => ({ jsonrpc: '2.0', id, method: 'tools/call', params })
const cancellation = (requestId: number) => ({
  jsonrpc: '2.0',
  method: 'notifications/cancelled',
  params: { requestId, reason: 'error: forged line\nerror: another' },
})

/** A client in the middle of a call. */
interface Client {
  /** The call; settles when it has ended for the client, with whether anything was answered. */
  readonly held: Promise<string>
  /** Ends the call. */
  giveUp(): Promise<unknown>
  /** What a tool answers, in whatever dialect, as one text. */
  next(name: string): Promise<string>
}

type Way = (at: { readonly mcp: string; readonly agent: string }, polite: boolean) => Promise<Client>

const textOf = (result: unknown): string => JSON.stringify(result)
const cut = (given: unknown): string => (given instanceof Error ? 'cut' : textOf(given))

function withSession(place: 'mcp' | 'agent', how: 'cancel' | 'cut' | 'DELETE'): Way {
  return async (at, polite) => {
    let session = await McpSession.open(at[place])
    const stop = new AbortController()
    const headers = { 'mcp-session-id': session.id, 'mcp-protocol-version': '2025-11-25' }
    const held = postMcp(at[place], call(7, HOLD(polite)), headers, stop.signal).then(
      ({ messages }) => textOf(messages),
      cut,
    )
    return {
      held,
      giveUp: async () => {
        if (how === 'cancel') await session.post(cancellation(7))
        else if (how === 'cut') stop.abort()
        else {
          await session.request('DELETE')
          session = await McpSession.open(at[place])
        }
      },
      next: async (name) => textOf(await session.call(name, {})),
    }
  }
}

function withoutSession(place: 'mcp' | 'agent'): Way {
  return (at, polite) => {
    const stop = new AbortController()
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'hold' }
    const body = call(7, { ...HOLD(polite), _meta: meta })
    return Promise.resolve({
      held: postMcp(at[place], body, headers, stop.signal).then(({ messages }) => textOf(messages), cut),
      giveUp: () => {
        stop.abort()
        return Promise.resolve()
      },
      next: async (name) => {
        const { message } = await askModern(at[place], 'tools/call', { name, arguments: {} })
        return textOf(message['result'])
      },
    })
  }
}

const jsonRpcCut: Way = ({ agent }, polite) => {
  const stop = new AbortController()
  const body = JSON.stringify(call(7, HOLD(polite)))
  return Promise.resolve({
    held: fetch(agent, { method: 'POST', body, signal: stop.signal }).then((answer) => answer.text(), cut),
    giveUp: () => {
      stop.abort()
      return Promise.resolve()
    },
    next: async (name) => textOf(await rpc(agent, 'tools/call', { name, arguments: {} })),
  })
}

function overSocket(how: 'cancel' | 'cut'): Way {
  return async ({ agent }, polite) => {
    let socket = await FrameSocket.open(agent)
    socket.socket.send(JSON.stringify(call(7, HOLD(polite))))
    return {
      // Frames are looked at below: nothing may come for the call that was given up.
      held: Promise.resolve('[]'),
      giveUp: async () => {
        if (how === 'cancel') socket.socket.send(JSON.stringify(cancellation(7)))
        else {
          socket.socket.terminate()
          socket = await FrameSocket.open(agent)
        }
      },
      next: async (name) => {
        const answer = await socket.ask(call(8, { name, arguments: {} }))
        expect(answer['id']).toBe(8)
        return textOf(answer)
      },
    }
  }
}

const WAYS: readonly (readonly [string, Way])[] = [
  ['MCP with sessions, cancelled', withSession('mcp', 'cancel')],
  ['MCP with sessions, connection cut', withSession('mcp', 'cut')],
  ["MCP with sessions at an agent's address, cancelled", withSession('agent', 'cancel')],
  ["MCP with sessions at an agent's address, connection cut", withSession('agent', 'cut')],
  ["MCP with sessions at an agent's address, DELETE", withSession('agent', 'DELETE')],
  ['MCP without sessions, connection cut', withoutSession('mcp')],
  ["MCP without sessions at an agent's address, connection cut", withoutSession('agent')],
  ["OpenEnv's JSON-RPC, connection cut", jsonRpcCut],
  ['MCP over WebSocket, cancelled', overSocket('cancel')],
  ['MCP over WebSocket, connection cut', overSocket('cut')],
]

async function placesOf(server: RunningServer): Promise<{ mcp: string; agent: string }> {
  const { body } = await post(server.url, '/sessions', {})
  return { mcp: `${server.url}/mcp`, agent: body['agent_url'] as string }
}

describe.each(WAYS)('a call that is given up: %s', (_name, begin) => {
  it.each([true, false])(
    'ends, and the episode goes on to its score, where the tool looks at its signal: %s [OE-19]',
    async (polite) => {
      const workshop = new Workshop()
      const log: LogEvent[] = []
      await using server = await serve(workshop.environment, {
        port: 0,
        agentEpisode: '',
        log: (event) => log.push(event),
      })
      const client = await begin(await placesOf(server), polite)
      await workshop.begun
      await client.giveUp()
      expect(['[]', 'cut']).toContain(await client.held)
      await expect.poll(() => workshop.signals.at(-1)?.aborted).toBe(true)
      if (!polite) workshop.goOn()
      expect(await client.next('count')).toContain(`"text":"${polite ? '0' : '1'}"`)
      expect(await client.next('finish')).toContain('bye')
      expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/terminated"?\}? 1/)
      // Not an error, and no word of the client's.
      expect(log.filter(({ level }) => level === 'error')).toEqual([])
    },
  )
})

describe('a batch', () => {
  const listing = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
  it.each([
    ['the call first', [call(1, { name: 'count', arguments: {} }), cancellation(1)], 202, []],
    ['the cancellation first', [cancellation(1), call(1, { name: 'count', arguments: {} })], 202, []],
    ['another call beside', [call(1, HOLD(false)), listing, cancellation(1)], 200, [2]],
  ])('with a call and its cancellation, %s, ends', async (_what, body, status, ids) => {
    const workshop = new Workshop()
    await using server = await serve(workshop.environment, { port: 0 })
    await using other = await serve(new Workshop().environment, { port: 0, agentEpisode: '' })
    const session = await McpSession.open(`${other.url}/mcp`)
    for (const answer of [await postMcp(`${server.url}/mcp`, body), await session.post(body)]) {
      expect(answer.status).toBe(status)
      expect(answer.messages.map(({ id }) => id as unknown)).toEqual(ids)
    }
    expect(workshop.signals).toEqual([])
  })
})

describe('an episode that requests without sessions share', () => {
  it('is followed by a fresh one when a call took longer than it may, and frees its slot [OE-19]', async () => {
    const workshop = new Workshop()
    const environment = { ...workshop.environment, limits: { stepSeconds: 0.05 } }
    await using server = await serve(environment, { port: 0, agentEpisode: '', maxSessions: 1 })
    const said = async (params: object) => {
      const { message } = await askModern(`${server.url}/mcp`, 'tools/call', { ...params })
      return message['result'] as unknown
    }
    expect(await said(HOLD(false))).toMatchObject({ isError: true })
    expect(await said({ name: 'count', arguments: {} })).toMatchObject({ isError: false })
  })
})

describe('what a client accepts', () => {
  const opening = {
    jsonrpc: '2.0',
    id: 1,
    method: 'initialize',
    params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
  }
  it.each([
    [undefined, 'application/json'],
    ['*/*', 'application/json'],
    ['application/*', 'application/json'],
    ['application/json', 'application/json'],
    ['application/*, text/*', 'text/event-stream'],
    ['text/event-stream', 'text/event-stream'],
    [ACCEPT_BOTH, 'text/event-stream'],
    ['text/event-stream;q=0, */*', 'application/json'],
    ['text/html', null],
    ['*/*;q=0', null],
  ])('%s is answered with %s', async (accept, type) => {
    await using server = await serve(new Workshop().environment, { port: 0, agentEpisode: '' })
    const app = inspect(server)
    const ask = (body: unknown, more: Record<string, string> = {}) =>
      app.fetch(
        new Request(`${server.url}/mcp`, {
          method: 'POST',
          headers: {
            host: new URL(server.url).host,
            'content-type': 'application/json',
            ...(accept === undefined ? {} : { accept }),
            ...more,
          },
          body: JSON.stringify(body),
        }),
      )
    const answer = await ask(opening)
    if (type === null) {
      expect(answer.status).toBe(406)
      return
    }
    expect(answer.headers.get('content-type')).toContain(type)
    expect(await answer.text()).toContain('"protocolVersion":"2025-06-18"')
    const session = { 'mcp-session-id': answer.headers.get('mcp-session-id') ?? '' }
    const counted = await ask(call(2, { name: 'count', arguments: null, _meta: null }), session)
    expect(await counted.text()).toContain('"text":"0"')
    const listed = await ask({ jsonrpc: '2.0', id: 3, method: 'tools/list', params: null }, session)
    expect(await listed.text()).toContain('"finish"')
  })
})

describe('what is wrong with a message', () => {
  it.each([
    [{ params: [] }, 400, -32600, '"params" must be an object'],
    [{ params: 'x' }, 400, -32600, '"params" must be an object'],
    [{ params: {} }, 200, -32602, '"name" must be the name of a tool'],
    [{ params: { name: 'count', arguments: [] } }, 200, -32602, '"arguments" must be an object'],
    [{ params: { name: 'count', _meta: 1 } }, 200, -32602, '"_meta" must be an object'],
    [{ id: 1.5, params: {} }, 400, -32600, '"id" must be a text or an integer'],
    [{ jsonrpc: '1.0' }, 400, -32600, '"jsonrpc" must be "2.0"'],
    [{ method: 7 }, 400, -32600, '"method" must be a text'],
  ])('%j is said in one sentence', async (wrong, status, code, words) => {
    await using server = await serve(new Workshop().environment, { port: 0, agentEpisode: '' })
    const session = await McpSession.open(`${server.url}/mcp`)
    const answer = await session.post({ ...call(9, {}), ...wrong })
    expect(answer.status).toBe(status)
    expect(answer.message).toMatchObject({
      error: { code, message: expect.stringContaining(words) as string },
    })
  })

  it('is said by its place where a tool gives what JSON cannot carry, to the agent and in the log', async () => {
    const log: LogEvent[] = []
    const environment = defineToolEnvironment({
      name: 'numbers',
      description: 'Numbers.',
      open: () => ({}),
      tools: { give: { description: 'Gives.', input: z.strictObject({}), run: () => ({ nan: NaN }) } },
      rubric: { there: () => 1 },
    })
    await using server = await serve(environment, {
      port: 0,
      agentEpisode: '',
      log: (event) => log.push(event),
    })
    const session = await McpSession.open(`${server.url}/mcp`)
    const said = 'The environment failed: result.nan is NaN, which JSON cannot carry'
    expect(await session.call('give', {})).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining(said) as string }],
    })
    expect(log.map(({ message }) => message)).toEqual([expect.stringContaining(said)])
  })
})
