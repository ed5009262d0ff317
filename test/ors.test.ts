import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connectOrs } from '@openenv-ts/client'
import {
  defineToolEnvironment,
  openLocal,
  taskList,
  type Environment,
  type StartContext,
} from '@openenv-ts/core'
import emailTriage, { oracle } from '@openenv-ts/email-triage'
import { serve } from '@openenv-ts/server/node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { inspect } from '@openenv-ts/server/testing'

const PICTURE = { type: 'image', data: 'aGVsbG8=', mimeType: 'image/png' } as const

/** A drawer with a key: found or not is scored at the end. */
const desk = defineToolEnvironment({
  name: 'desk',
  tasks: taskList({
    train: [
      { id: 'key', gold: 2 },
      { id: 'pen', gold: 3 },
    ],
    test: [{ id: 'lock', gold: 1 }],
  }),
  open: () => ({ opened: [] as number[] }),
  tools: {
    open: {
      description: 'Opens a drawer.',
      input: z.strictObject({ drawer: z.int() }),
      run: (world, { drawer }) => {
        world.opened.push(drawer)
        return ' '.repeat(drawer * 1000)
      },
    },
    done: { description: 'Ends it.', input: z.strictObject({}), final: true, run: () => 'Thank you.' },
  },
  prompt: (_world, { task }) => `Find the ${task.id}.`,
  rubric: { found: (world, { gold }) => world.opened.includes(gold) },
})

describe('our client of ORS on our server', () => {
  it('plays an environment as an episode: prompt, calls, reward, end', async () => {
    await using server = await serve(desk, { port: 0 })
    await using episode = await connectOrs(server.url)
    expect(episode).toMatchObject({ environment: 'desk', status: 'idle', url: server.url })
    const first = await episode.reset({ split: 'train', index: 1 })
    expect(first).toMatchObject({ reward: null, done: false, status: 'running' })
    expect(first.observation).toEqual({
      prompt: 'Find the pen.',
      content: [{ type: 'text', text: 'Find the pen.' }],
      messages: [{ role: 'user', blocks: [{ type: 'text', text: 'Find the pen.' }] }],
    })
    const opened = await episode.step({ tool_name: 'open', arguments: { drawer: 3 } })
    expect(opened).toMatchObject({ reward: null, done: false })
    expect(opened.observation).toMatchObject({ result: { data: ' '.repeat(3000) }, error: null })
    const last = await episode.step({ tool_name: 'done' })
    expect(last).toMatchObject({ reward: 1, done: true, status: 'terminated' })
    expect(await episode.state()).toMatchObject({ stepCount: 2, episodeId: expect.any(String) })
    await expect(episode.step({ tool_name: 'open', arguments: { drawer: 1 } })).rejects.toMatchObject({
      http: 409,
    })
  })

  it('sees the rewards and infos of an episode in this process, with the oracle’s actions', async () => {
    await using server = await serve(emailTriage, { port: 0 })
    await using episode = await connectOrs(server.url)
    for (const taskId of ['task_easy', 'task_medium', 'task_hard']) {
      await using local = openLocal(emailTriage)
      await episode.reset({ taskId })
      let { observation, done } = await local.reset({ taskId })
      while (!done) {
        const action = oracle(observation)
        const [theirs, ours] = [
          await episode.step({ tool_name: 'act', arguments: action }),
          await local.step(action),
        ]
        expect([theirs.reward, theirs.done, theirs.info]).toEqual([ours.reward, ours.done, ours.info])
        ;({ observation, done } = ours)
      }
      expect(episode.status).toBe('terminated')
    }
  })

  it('shows refused calls as observations with an error, and goes on [IM-29]', async () => {
    await using server = await serve(desk, { port: 0 })
    await using episode = await connectOrs(server.url)
    await episode.reset()
    const unknown = await episode.step({ tool_name: 'zip' })
    expect(unknown).toMatchObject({ reward: null, done: false })
    expect(unknown.observation).toMatchObject({ result: null, error: { error_type: 'tool_not_found' } })
    const bad = await episode.step({ tool_name: 'open', arguments: { drawer: 'x' } })
    expect(bad.observation).toMatchObject({ error: { error_type: 'invalid_args' } })
    expect(episode.stepCount).toBe(0)
    expect((await episode.step({ tool_name: 'open', arguments: { drawer: 2 } })).observation).toMatchObject({
      error: null,
    })
  })

  it('chooses tasks as other episodes do: nothing, a seed, an id, a spec, a place [IM-14]', async () => {
    await using server = await serve(desk, { port: 0 })
    await using episode = await connectOrs(server.url)
    const prompt = async (options: Parameters<typeof episode.reset>[0]) =>
      ((await episode.reset(options)).observation as { prompt: string }).prompt
    expect(await prompt({})).toBe('Find the key.')
    expect(await prompt({ seed: 3 })).toBe('Find the pen.')
    expect(await prompt({ seed: 3, split: 'train', index: 0 })).toBe('Find the key.')
    expect(await prompt({ split: 'test', index: 0 })).toBe('Find the lock.')
    expect(await prompt({ taskId: 'pen' })).toBe('Find the pen.')
    expect(await prompt({ taskSpec: { id: 'lock' } })).toBe('Find the lock.')
    await expect(episode.reset({ taskId: 'nope' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' })
    await expect(episode.reset({ split: 'nope', index: 0 })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    })
    await expect(episode.reset({ options: { a: 1 } })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })

  it('keeps one session: a reset ends the last one, close the rest', async () => {
    await using server = await serve(desk, { port: 0 })
    const episode = await connectOrs(server.url)
    for (const _ of [1, 2, 3]) {
      await episode.reset()
      expect(inspect(server).sessions.size).toBe(1)
    }
    await episode.close()
    expect(inspect(server).sessions.size).toBe(0)
    await expect(episode.reset()).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('lists splits, tasks and tools, with and without an episode', async () => {
    await using server = await serve(desk, { port: 0 })
    await using episode = await connectOrs(server.url, { environment: 'DESK' })
    expect(await episode.listSplits()).toEqual([
      { name: 'train', type: 'train' },
      { name: 'test', type: 'test' },
    ])
    expect(await episode.countTasks()).toBe(2)
    expect((await episode.listTasks({ split: 'test' })).map(({ id }) => id)).toEqual(['lock'])
    const names = async () => (await episode.tools.listTools()).map(({ name }) => name)
    expect(await names()).toEqual(['done', 'open'])
    await episode.reset()
    expect(await names()).toEqual(['done', 'open'])
  })

  it('has a face for agents: tools, whose failures are results [IM-17]', async () => {
    await using server = await serve(desk, { port: 0 })
    await using episode = await connectOrs(server.url)
    expect(await episode.tools.callTool('done', {})).toMatchObject({ isError: true })
    await episode.reset()
    expect(Object.keys(episode.tools).sort()).toEqual(['callTool', 'listTools'])
    expect(await episode.tools.callTool('zip', {})).toMatchObject({ isError: true })
    expect(await episode.tools.callTool('open', 'nonsense')).toMatchObject({ isError: true })
    expect(await episode.tools.callTool('done', {})).toMatchObject({
      isError: false,
      content: [{ type: 'text', text: 'Thank you.' }],
    })
  })

  it('brings secrets to the environment that declares them', async () => {
    const starts: StartContext[] = []
    const curious: Environment<{ x: number }, { x: number }> = {
      name: 'curious',
      description: 'Looks at what it is started with.',
      version: '0.0.0',
      action: z.strictObject({ x: z.int() }),
      observation: z.strictObject({ x: z.int() }),
      secrets: ['TOKEN', 'KEY'],
      rubric: [],
      limits: {},
      deterministic: true,
      concurrent: true,
      start: (context) => {
        starts.push(context)
        const frame = { observation: { x: 0 }, reward: 0, status: 'running', info: {} } as const
        return { timeStep: frame, step: () => ({ timeStep: frame, step: () => Promise.reject(new Error()) }) }
      },
    }
    await using server = await serve(curious, { port: 0 })
    await using episode = await connectOrs(server.url, { secrets: { TOKEN: 'tökén', NOT_YOURS: 'x' } })
    await episode.reset({ secrets: { KEY: 'k' } })
    expect(starts[0]?.secrets).toEqual({ TOKEN: 'tökén', KEY: 'k' })
  })

  it('enters with its token', async () => {
    await using server = await serve(desk, { port: 0, tokens: { control: 'the-control-token' } })
    await expect(connectOrs(server.url)).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
    await using episode = await connectOrs(server.url, { token: 'the-control-token' })
    expect((await episode.reset()).done).toBe(false)
    expect(await episode.countTasks('test')).toBe(1)
  })

  it('is lost when the server ends the session, and starts again by reset', async () => {
    await using server = await serve(desk, { port: 0 })
    await using episode = await connectOrs(server.url, { pingIntervalMs: 20 })
    await episode.reset()
    const { episodeId: id } = await episode.state()
    await fetch(`${server.url}/delete`, { method: 'POST', headers: { 'x-session-id': String(id) } })
    await expect.poll(() => episode.status).toBe('lost')
    await expect(episode.step({ tool_name: 'done' })).rejects.toMatchObject({
      code: 'EXECUTION_ERROR',
      message: expect.stringContaining('Call reset'),
    })
    await episode.reset()
    expect(episode.status).toBe('running')
  })

  it('gives up a call that is aborted or late, and the session with it', async () => {
    const waiting: (() => void)[] = []
    const stuck = defineToolEnvironment({
      name: 'stuck',
      open: () => ({}),
      tools: {
        wait: {
          description: 'Waits.',
          input: z.strictObject({}),
          run: () =>
            new Promise<string>((resolve) =>
              waiting.push(() => {
                resolve('late')
              }),
            ),
        },
      },
      rubric: { none: () => 0 },
    })
    await using server = await serve(stuck, { port: 0 })
    await using episode = await connectOrs(server.url)
    await episode.reset()
    await expect(episode.step({ tool_name: 'wait' }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
    expect(episode.status).toBe('lost')
    // A session that is deleted waits for its call.
    const release = (): void => {
      for (const go of waiting.splice(0)) go()
    }
    expect(waiting).toHaveLength(1)
    release()
    await episode.reset()
    const reason = new Error('enough')
    const call = episode.step({ tool_name: 'wait' }, { signal: AbortSignal.timeout(50) })
    await expect(call).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(waiting).toHaveLength(1)
    release()
    await expect(episode.reset({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  })

  it('cannot fork, snapshot or restore, and says so', async () => {
    await using server = await serve(desk, { port: 0 })
    await using episode = await connectOrs(server.url)
    await expect(episode.fork()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect(episode.snapshot()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
    await expect(episode.restore({} as never)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
  })
})

/** A server of the script's making. */
interface Scripted extends AsyncDisposable {
  readonly url: string
  readonly requests: { readonly path: string; readonly body: Record<string, unknown> }[]
}

type Answer = {
  readonly status?: number
  readonly headers?: Record<string, string>
  readonly text: string
  readonly cut?: boolean
}

/** Serves what a script says for `/maze/call`, and a plain ORS session around it. */
async function scripted(
  calls: (body: Record<string, unknown>, number: number) => Answer,
  others: Record<string, Answer> = {},
): Promise<Scripted> {
  const requests: Scripted['requests'] = []
  let called = 0
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (data: Buffer) => (text += data.toString()))
    request.on('end', () => {
      const path = request.url ?? ''
      const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>
      requests.push({ path, body })
      const sse = (data: string) => ({ text: data, headers: { 'content-type': 'text/event-stream' } })
      const answer: Answer =
        others[path] ??
        {
          '/list_environments': { text: '["maze"]' },
          '/create_session': sse('event: task_id\r\ndata: s-1\r\n\r\nevent: end\r\ndata: \r\n\r\n'),
          '/create': { text: '{"sid":"s-1"}' },
          '/ping': { text: '{"status":"ok"}' },
          '/maze/splits': { text: '[{"name":"train","type":"train"}]' },
          '/maze/prompt': { text: JSON.stringify([{ type: 'text', text: 'Go.', detail: null }, PICTURE]) },
        }[path] ??
        (path === '/maze/call'
          ? { ...sse(''), ...calls(body, (called += 1)) }
          : { status: 404, text: '{"detail":"Not Found"}' })
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers })
      response.write(answer.text)
      if (answer.cut === true) setTimeout(() => response.destroy(), 20)
      else response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const GOOD =
  '{"ok":true,"output":{"blocks":[{"type":"text","text":"there","detail":null}],"metadata":{"deep":{"a":1},"n":2},"reward":0.5,"finished":true}}'
const named = (data: string) => `event: task_id\r\ndata: t-1\r\n\r\n${data}`
const end = (text: string) => `event: end\r\ndata: ${text}\r\n\r\n`

describe('our client of ORS on other servers', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('lives without messages, seeds, tasks lists, reasons and terminal tools: the first generation', async () => {
    const noSplits = { '/maze/splits': { status: 501, text: '{"detail":"x"}' } }
    await using server = await scripted(
      () => ({ text: named(end('{"ok":false,"error":"\'x\' is not a valid tool"}')) }),
      noSplits,
    )
    await using episode = await connectOrs(server.url)
    const { observation } = await episode.reset()
    expect(observation).toEqual({
      prompt: 'Go.',
      content: [{ type: 'text', text: 'Go.' }, PICTURE],
      messages: null,
    })
    expect(server.requests.find(({ path }) => path === '/create')?.body).toEqual({
      env_name: 'maze',
      task_spec: {},
    })
    expect((await episode.step({ tool_name: 'x' })).observation).toMatchObject({
      error: { error_type: 'tool_not_found' },
    })
  })

  it('sends secrets in the body too where the server is of the first generation', async () => {
    await using server = await scripted(() => ({ text: '' }))
    await using episode = await connectOrs(server.url, { secrets: { A: 'b' } })
    await episode.reset()
    expect(server.requests.find(({ path }) => path === '/create')?.body).toMatchObject({
      secrets: { A: 'b' },
    })
    await using newer = await scripted(() => ({ text: '' }), { '/version': { text: '{"version":"1"}' } })
    await using other = await connectOrs(newer.url, { secrets: { A: 'b' } })
    await other.reset()
    expect(newer.requests.find(({ path }) => path === '/create')?.body).not.toHaveProperty('secrets')
  })

  it('takes up a stream that broke by its task_id, and reads the result from its first piece', async () => {
    const half = Math.floor(GOOD.length / 2)
    const chunk = `event: chunk\r\ndata: ${GOOD.slice(0, half)}\r\n\r\n`
    await using server = await scripted((_body, number) =>
      number === 1 ? { text: named(chunk), cut: true } : { text: named(chunk + end(GOOD.slice(half))) },
    )
    await using episode = await connectOrs(server.url)
    await episode.reset()
    const reply = await episode.step({ tool_name: 'go', arguments: { to: 'there' } })
    expect(reply).toMatchObject({ reward: 0.5, done: true, info: { n: 2 } })
    expect(reply.observation).toMatchObject({
      result: { data: 'there', structured_content: { deep: { a: 1 } } },
    })
    expect(server.requests.filter(({ path }) => path === '/maze/call').map(({ body }) => body)).toEqual([
      { name: 'go', input: { to: 'there' } },
      { name: 'go', input: { to: 'there' }, task_id: 't-1' },
    ])
  })

  it('does not post a call again that broke off before it had a name: it may be running [ors]', async () => {
    await using server = await scripted(() => ({ text: ': wait\r\n\r\n', cut: true }))
    await using episode = await connectOrs(server.url)
    await episode.reset()
    await expect(episode.step({ tool_name: 'go' })).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
    expect(server.requests.filter(({ path }) => path === '/maze/call')).toHaveLength(1)
  })

  it('tries again where the server says that it ran nothing, and not after a 400 or a 500 [ors]', async () => {
    for (const [status, tries] of [
      [429, 2],
      [503, 2],
      [400, 1],
      [500, 1],
    ] as const) {
      await using server = await scripted((_body, number) =>
        number === 1
          ? { status, text: '{"detail":"no"}', headers: { 'content-type': 'application/json' } }
          : { text: named(end(GOOD)) },
      )
      await using episode = await connectOrs(server.url)
      await episode.reset()
      const call = episode.step({ tool_name: 'go' })
      if (tries === 2) expect((await call).done).toBe(true)
      else await expect(call).rejects.toMatchObject({ http: status })
      expect(server.requests.filter(({ path }) => path === '/maze/call')).toHaveLength(tries)
    }
  })

  it('rejects with what an error event says, and can go on', async () => {
    await using server = await scripted((_body, number) =>
      number === 1
        ? { text: named('event: error\r\ndata: one\r\ndata: two\r\n\r\n') }
        : { text: named(end(GOOD)) },
    )
    await using episode = await connectOrs(server.url)
    await episode.reset()
    await expect(episode.step({ tool_name: 'go' })).rejects.toMatchObject({
      code: 'EXECUTION_ERROR',
      message: 'one\ntwo',
    })
    expect((await episode.step({ tool_name: 'go' })).done).toBe(true)
  })

  it.each([
    ['empty', end('')],
    ['no JSON', end('{')],
    ['no object', end('[]')],
    ['without an output', end('{"ok":true}')],
    ['without blocks', end('{"ok":true,"output":{}}')],
    ['without an end', ''],
  ])('rejects a result that is %s', async (_fault, text) => {
    await using server = await scripted(() => ({ text: named(text) }))
    await using episode = await connectOrs(server.url)
    await episode.reset()
    const call = episode.step({ tool_name: 'go' }, { timeoutMs: 2000 })
    await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/CONNECTION_ERROR|TIMEOUT/) })
  })

  it('follows a 308 with method and body', async () => {
    const moved = { status: 308, text: '', headers: { location: '/elsewhere' } }
    const created = { text: '{"sid":"s-1"}' }
    await using server = await scripted(() => ({ text: '' }), { '/create': moved, '/elsewhere': created })
    await using episode = await connectOrs(server.url)
    await episode.reset()
    expect(server.requests.find(({ path }) => path === '/elsewhere')?.body).toMatchObject({
      env_name: 'maze',
    })
  })

  it('prefers an id in the end event, and needs one of the two', async () => {
    const headers = { 'content-type': 'text/event-stream' }
    const other = { headers, text: `event: task_id\r\ndata: s-1\r\n\r\n${end('{"sid":"s-2"}')}` }
    await using server = await scripted(() => ({ text: '' }), { '/create_session': other })
    await using episode = await connectOrs(server.url)
    await episode.reset()
    expect(await episode.state()).toMatchObject({ episodeId: 's-2' })
    await using empty = await scripted(() => ({ text: '' }), {
      '/create_session': { headers, text: end('') },
    })
    await using without = await connectOrs(empty.url)
    await expect(without.reset()).rejects.toMatchObject({ code: 'CONNECTION_ERROR' })
  })
})
