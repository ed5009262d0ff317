import { isOpenEnvError, definePureEnvironment, type ErrorCode, type OpenEnvError } from '@openenv-ts/core'
import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { z } from 'zod'
import { connect, type NodeConnectOptions, type RemoteEpisode } from './index.ts'
import {
  errorFrame,
  observation,
  scriptedServer,
  type Script,
  type ScriptedServer,
} from '../test/scripted-server.ts'

const counter = definePureEnvironment({
  name: 'counter',
  description: 'Counts.',
  action: z.strictObject({ by: z.int().default(1) }),
  observation: z.strictObject({ count: z.int() }),
  state: z.strictObject({ count: z.int() }),
  initial: () => ({ count: 0 }),
  transition: ({ count }, { by }) => ({ count: count + by }),
  observe: (state) => state,
  reward: {},
  status: () => 'running',
})

const opened: AsyncDisposable[] = []
afterEach(async () => {
  vi.useRealTimers()
  for (const thing of opened.splice(0).reverse()) await thing[Symbol.asyncDispose]()
})

async function play(
  script: Script = {},
  options: NodeConnectOptions = {},
): Promise<{ server: ScriptedServer; episode: RemoteEpisode }> {
  const server = await scriptedServer(script)
  opened.push(server)
  const episode = await connect(server.url, options)
  opened.push(episode)
  return { server, episode }
}

async function failure(call: Promise<unknown>, code: ErrorCode): Promise<OpenEnvError> {
  const error: unknown = await call.then(
    () => 'it did not fail',
    (reason: unknown) => reason,
  )
  if (!isOpenEnvError(error)) throw new Error(`Expected an OpenEnvError, got ${String(error)}`)
  expect(`${error.code}: ${error.message}`).toContain(`${code}: `)
  return error
}

const silent = (type: string): Script => ({
  answer: (message) => (message.type === type ? undefined : observation({ count: 0 })),
})

describe('calls', () => {
  it('sends what the wire wants, and reads what it answers', async () => {
    const { server, episode } = await play()
    const start = await episode.reset({ seed: 7, taskId: 't', split: 's', index: 3, options: { hard: true } })
    expect(start).toEqual({
      observation: { count: 0 },
      reward: null,
      status: 'running',
      done: false,
      info: {},
    })
    expect((await episode.step({ by: 1 })).reward).toBe(1)
    expect(await episode.state()).toEqual({ episodeId: 'counted', stepCount: 1, seed: 5 })
    await episode.close()
    expect(server.connections[0]?.received).toEqual([
      { type: 'reset', data: { hard: true, seed: 7, task_id: 't', split: 's', index: 3 } },
      { type: 'step', data: { by: 1 } },
      { type: 'state' },
      { type: 'close' },
    ])
  })

  it('knows where it stands', async () => {
    const { episode } = await play({
      answer: ({ type }) => observation({}, 0, type === 'step'),
    })
    expect([episode.status, episode.stepCount]).toEqual(['idle', 0])
    await episode.reset()
    expect(episode.status).toBe('running')
    await episode.step({})
    expect([episode.status, episode.stepCount]).toEqual(['terminated', 1])
  })

  it('keeps one request on the wire at a time, in the order of the calls', async () => {
    let running = 0
    let most = 0
    const { server, episode } = await play({
      answer: ({ data }, connection) => {
        running += 1
        most = Math.max(most, running)
        setTimeout(() => {
          running -= 1
          connection.send(observation({ was: data?.['n'] ?? null }))
        }, 5)
        return undefined
      },
    })
    const calls = [episode.reset(), ...[1, 2, 3, 4].map((n) => episode.step({ n }))]
    const replies = await Promise.all(calls)
    expect(replies.map((reply) => reply.observation['was'])).toEqual([null, 1, 2, 3, 4])
    expect(most).toBe(1)
    expect(server.connections).toHaveLength(1)
  })

  it('refuses a step before reset and after the end without asking the server [OE-5]', async () => {
    const { server, episode } = await play({ answer: ({ type }) => observation({}, 0, type === 'step') })
    expect((await failure(episode.step({}), 'EXECUTION_ERROR')).message).toContain('call reset')
    await episode.reset()
    await episode.step({})
    const error = await failure(episode.step({}), 'EXECUTION_ERROR')
    expect([error.message, error.http]).toEqual([expect.stringContaining('call reset'), 409])
    expect(server.connections[0]?.received.map(({ type }) => type)).toEqual(['reset', 'step'])
  })

  it('lists tools at any time, without a step', async () => {
    const { episode } = await play({ answer: () => observation({ tools: [] }) })
    expect((await episode.step({ type: 'list_tools' })).observation).toEqual({ tools: [] })
    expect([episode.status, episode.stepCount]).toEqual(['idle', 0])
  })

  it('turns an error of the server into one of the table, and goes on', async () => {
    const issues = [{ type: 'missing', loc: ['by'], msg: 'Field required', input: {} }]
    const { episode } = await play({
      answer: ({ type }) =>
        type === 'step'
          ? errorFrame('VALIDATION_ERROR', 'Invalid message', { errors: issues })
          : observation({}),
    })
    await episode.reset()
    const error = await failure(episode.step({}), 'VALIDATION_ERROR')
    expect([error.message, error.issues]).toEqual(['Invalid message: by: Field required.', issues])
    expect([episode.status, episode.stepCount]).toEqual(['running', 0])
    await episode.reset()
  })

  it.each([
    [null],
    [{ code: 'NO_SUCH_CODE', message: 7, errors: [null, 'x', { loc: 3 }] }],
    [{ code: '__proto__', message: '', errors: {} }],
  ])('makes an error of the table out of whatever an error frame holds: %o', async (data) => {
    const { episode } = await play({
      answer: ({ type }) => (type === 'step' ? { type: 'error', data } : observation({})),
    })
    await episode.reset()
    const error = await failure(episode.step({}), 'EXECUTION_ERROR')
    expect([error.message, error.issues]).toEqual(['Unknown error', []])
  })

  it('stays where it was when a reset is refused for its options', async () => {
    const { episode } = await play({
      answer: ({ type, data }) =>
        data?.['task_id'] === 'none'
          ? errorFrame('VALIDATION_ERROR', 'Unknown task_id')
          : observation({ type }),
    })
    await episode.reset()
    await failure(episode.reset({ taskId: 'none' }), 'VALIDATION_ERROR')
    await failure(episode.reset({ seed: -1 }), 'VALIDATION_ERROR')
    await failure(episode.reset({ episodeId: 'x'.repeat(256) }), 'VALIDATION_ERROR')
    expect((await episode.step({})).observation).toEqual({ type: 'step' })
  })

  it('needs a reset after one that failed inside the environment', async () => {
    let broken = false
    const { episode } = await play({
      answer: () => (broken ? errorFrame('EXECUTION_ERROR', 'no disk') : observation({})),
    })
    await episode.reset()
    broken = true
    await failure(episode.reset(), 'EXECUTION_ERROR')
    expect((await failure(episode.step({}), 'EXECUTION_ERROR')).message).toContain('no episode yet')
  })

  it.each([
    [{ x: Number.NaN }, 'action.x is NaN'],
    [{ deep: [{ y: Number.POSITIVE_INFINITY }] }, 'action.deep[0].y is Infinity'],
    [{ z: 1n }, 'action.z is a bigint'],
    [{ id: 2 ** 53 }, 'action.id is 9007199254740992, a whole number beyond 2^53 - 1'],
    [{ at: new Date(0) }, 'action.at is a Date'],
    [{ list: [undefined] }, 'action.list[0] is undefined'],
  ])('refuses what JSON cannot carry before it is sent: %o [OE-24]', async (action, fault) => {
    const { server, episode } = await play()
    await episode.reset()
    expect((await failure(episode.step(action), 'VALIDATION_ERROR')).message).toContain(fault)
    expect(server.connections[0]?.received).toHaveLength(1)
    await episode.step({ by: 1 })
  })

  it('refuses a circular action', async () => {
    const { episode } = await play()
    await episode.reset()
    const action: Record<string, unknown> = {}
    action['self'] = action
    await failure(episode.step(action), 'VALIDATION_ERROR')
  })

  it('fills in what a state lacks', async () => {
    const states: unknown[] = [{}, null, { episode_id: 12, step_count: null, board: 'x' }]
    const { episode } = await play({
      answer: ({ type }) => (type === 'state' ? { type, data: states.shift() } : observation({})),
    })
    await episode.reset()
    await episode.step({})
    expect(await episode.state()).toEqual({ episodeId: null, stepCount: 1 })
    expect(await episode.state()).toEqual({ episodeId: null, stepCount: 1 })
    expect(await episode.state()).toEqual({ episodeId: '12', stepCount: 1, board: 'x' })
  })

  it('carries large messages both ways', async () => {
    const { episode } = await play({ answer: ({ data }) => observation({ echo: data?.['text'] ?? '' }) })
    await episode.reset()
    const text = 'é'.repeat(400_000)
    expect((await episode.step({ text })).observation['echo']).toBe(text)
  })

  it('reads binary frames that hold a message', async () => {
    const { episode } = await play({ answer: () => Buffer.from(JSON.stringify(observation({ count: 3 }))) })
    expect((await episode.reset()).observation).toEqual({ count: 3 })
  })

  it('has no snapshot and no restore', async () => {
    const { episode } = await play()
    await episode.reset()
    await failure(episode.snapshot(), 'NOT_SUPPORTED')
    await failure(episode.restore({} as never), 'NOT_SUPPORTED')
  })
})

describe('a definition', () => {
  it('gives the types of actions as sent and of observations', async () => {
    const { server } = await play()
    await using episode = await connect(server.url, { environment: counter })
    expectTypeOf(episode).toEqualTypeOf<RemoteEpisode<{ by?: number | undefined }, { count: number }>>()
    const { observation: seen } = await episode.reset()
    expectTypeOf(seen).toEqualTypeOf<{ count: number }>()
    // @ts-expect-error -- the definition says number
    const step = episode.step({ by: 'one' })
    await expect(step).resolves.toHaveProperty('observation')
    await using untyped = await connect(server.url)
    expectTypeOf(untyped).toEqualTypeOf<RemoteEpisode>()
    expectTypeOf((await untyped.reset()).observation).toEqualTypeOf<Record<string, unknown>>()
  })

  it('checks observations, and says which field does not fit', async () => {
    const { server } = await play({ answer: () => observation({ count: 'three' }) })
    await using episode = await connect(server.url, { environment: counter })
    const error = await failure(episode.reset(), 'EXECUTION_ERROR')
    expect(error.message).toContain('schema of counter (count:')
    expect(error.issues[0]?.loc).toEqual(['count'])
  })

  it('leaves bad actions to the server, which may count them [OE-2]', async () => {
    const { server } = await play({
      answer: () => ({
        type: 'observation',
        data: { observation: { count: 1, metadata: { error: 'Invalid' } }, reward: 0, done: false },
      }),
    })
    await using episode = await connect(server.url, { environment: counter })
    await episode.reset()
    expect((await episode.step({ by: 'one' } as never)).info).toEqual({ error: 'Invalid' })
  })
})

describe('time and aborts', () => {
  it('drops the connection after a timeout, so that the late reply is nobody’s', async () => {
    const { server, episode } = await play(
      {
        answer: ({ type, data }, connection) => {
          if (type === 'reset') return observation({ fresh: connection.number })
          setTimeout(() => {
            connection.send(observation({ late: data?.['n'] ?? null }))
          }, 100)
          return undefined
        },
      },
      { timeoutMs: 50 },
    )
    await episode.reset()
    const first = failure(episode.step({ n: 1 }), 'TIMEOUT')
    const second = failure(episode.step({ n: 2 }), 'EXECUTION_ERROR')
    expect((await first).message).toContain('call reset')
    expect((await second).message).toContain('The episode was lost')
    expect(episode.status).toBe('lost')
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await episode.reset()).observation).toEqual({ fresh: 2 })
    expect(server.connections[0]?.received).toHaveLength(2)
  })

  it('takes a timeout for one call', async () => {
    const { episode } = await play(silent('step'))
    await episode.reset()
    await failure(episode.step({}, { timeoutMs: 20 }), 'TIMEOUT')
    await failure(episode.reset({ timeoutMs: 0 }), 'VALIDATION_ERROR')
    await episode.reset({ timeoutMs: Infinity })
  })

  it('rejects an aborted call with the reason, and loses the episode when it had been sent', async () => {
    const { episode } = await play(silent('step'))
    await episode.reset()
    const controller = new AbortController()
    const step = episode.step({}, { signal: controller.signal })
    const waiting = failure(episode.state(), 'EXECUTION_ERROR')
    setTimeout(() => {
      controller.abort(new Error('enough'))
    }, 10)
    await expect(step).rejects.toThrow('enough')
    expect((await waiting).message).toContain('aborted')
    await episode.reset()
  })

  it('takes an aborted call out of the queue, at once and without harm', async () => {
    const { server, episode } = await play({
      answer: ({ type }, connection) => {
        setTimeout(() => {
          connection.send(type === 'state' ? { type, data: {} } : observation({}))
        }, 20)
        return undefined
      },
    })
    const controller = new AbortController()
    const reset = episode.reset()
    const step = episode.step({}, { signal: controller.signal })
    const state = episode.state()
    controller.abort(new Error('changed my mind'))
    await expect(Promise.race([step, reset])).rejects.toThrow('changed my mind')
    await reset
    await state
    expect(server.connections[0]?.received.map(({ type }) => type)).toEqual(['reset', 'state'])
    await expect(episode.step({}, { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow(
      'before',
    )
    await episode.step({})
  })
})

describe('lost connections', () => {
  it('rejects the call in flight, then everything but reset', async () => {
    const { server, episode } = await play({
      answer: ({ type }, { socket, number }) => {
        if (type === 'reset') return observation({ session: number })
        socket.terminate()
        return undefined
      },
    })
    await episode.reset()
    const error = await failure(episode.step({}), 'CONNECTION_ERROR')
    expect(error.message).toContain(server.url)
    for (const call of [episode.step({}), episode.state(), episode.fork()]) {
      const lost = await failure(call, 'EXECUTION_ERROR')
      expect([lost.message, lost.http]).toEqual([expect.stringContaining('call reset'), 409])
    }
    expect(server.connections).toHaveLength(1)
    expect((await episode.reset()).observation).toEqual({ session: 2 })
  })

  it('reconnects on reset after the server closed an idle connection', async () => {
    const { server, episode } = await play()
    await episode.reset()
    server.connections[0]?.socket.close(1001, 'going away')
    await expect.poll(() => episode.status).toBe('lost')
    expect((await failure(episode.step({}), 'EXECUTION_ERROR')).message).toContain('going away')
    await episode.reset()
    expect((await episode.step({})).observation).toEqual({ count: 1 })
  })

  it('sends a reset again, once, when the connection turns out to be dead', async () => {
    const { server, episode } = await play({
      answer: (_message, { socket, number }) => {
        if (number === 2) return observation({ session: 2 })
        socket.terminate()
        return undefined
      },
    })
    expect((await episode.reset()).observation).toEqual({ session: 2 })
    expect(server.connections).toHaveLength(2)
  })

  it('gives up a reset that kills every connection', async () => {
    const { server, episode } = await play({
      answer: (_message, { socket }) => {
        socket.terminate()
        return undefined
      },
    })
    await failure(episode.reset(), 'CONNECTION_ERROR')
    expect(server.connections).toHaveLength(2)
    expect((await failure(episode.step({}), 'CONNECTION_ERROR')).message).toContain('was lost')
  })

  it('reconnects to a server that was started again', async () => {
    const { server, episode } = await play({}, { retries: 20 })
    await episode.reset()
    await server.close()
    await expect.poll(() => episode.status).toBe('lost')
    const reset = episode.reset()
    await new Promise((resolve) => setTimeout(resolve, 150))
    opened.push(await scriptedServer({}, server.port))
    expect((await reset).observation).toEqual({ count: 0 })
  })

  it('says that the server is gone when it stays away', async () => {
    const { server, episode } = await play({}, { retries: 1 })
    await episode.reset()
    await server.close()
    await expect.poll(() => episode.status).toBe('lost')
    expect((await failure(episode.reset(), 'CONNECTION_ERROR')).message).toContain(
      'Start one with: npx openenv serve',
    )
  })

  it.each<[string, unknown]>([
    ['text that is not JSON', 'hello'],
    ['an array', [1]],
    ['null', 'null'],
    ['no type', { data: {} }],
    ['a number as type', { type: 7 }],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['an answer to another question', { type: 'state', data: {} }],
    ['a type that does not exist', { type: 'surprise', data: {} }],
    ['an observation without an observation', { type: 'observation', data: { reward: 1 } }],
    ['an observation without data', { type: 'observation' }],
    [
      'an observation that cannot be written down again',
      `{"type":"observation","data":{"observation":{},"metadata":{"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}}}`,
    ],
  ])('answers garbage with CONNECTION_ERROR: %s', async (_name, garbage) => {
    const { episode } = await play({
      answer: ({ type }, { number }) =>
        type === 'reset' && number !== 2 ? observation({ number }) : garbage,
    })
    await episode.reset()
    await failure(episode.step({}), 'CONNECTION_ERROR')
  })

  it.each<[string, unknown]>([
    ['SESSION_ERROR', errorFrame('SESSION_ERROR', 'text')],
    ['a second answer', observation({ count: 9 })],
  ])('never takes %s that nobody asked for as the next answer', async (_name, frame) => {
    const { server, episode } = await play()
    await episode.reset()
    server.connections[0]?.send(frame)
    await expect.poll(() => episode.status).toBe('lost')
    await failure(episode.step({}), 'EXECUTION_ERROR')
    expect((await episode.reset()).observation).toEqual({ count: 0 })
  })

  it('says TOO_LARGE when the server closes for the size of a message', async () => {
    const { episode } = await play()
    await episode.reset()
    const call = episode.step({ text: 'x'.repeat(2_000_000) })
    expect((await failure(call, 'TOO_LARGE')).message).toContain('larger than it takes')
  })

  it('notices a peer that vanished without a word', async () => {
    const { server, episode } = await play({}, { pingIntervalMs: 50 })
    await episode.reset()
    // A half-open connection: nothing is read any more, so no ping is answered.
    server.connections[0]?.socket.pause()
    const step = failure(episode.step({}), 'CONNECTION_ERROR')
    expect((await step).message).toContain('three pings')
  })
})

describe('capacity', () => {
  const FULL = errorFrame('CAPACITY_REACHED', 'Server at capacity: 2/2 sessions active.', {
    active_sessions: 2,
    max_sessions: 2,
  })

  it.each([
    ['and closes at once', 0],
    ['and waits for the first message', 200],
  ])('is refused with the table error when the server says so %s', async (_name, graceMs) => {
    const { episode } = await play({
      connected: ({ send, socket }) => {
        send(FULL)
        setTimeout(() => {
          socket.close(1000)
        }, graceMs)
      },
      answer: () => undefined,
    })
    const error = await failure(episode.reset(), 'CAPACITY_REACHED')
    expect(error.data).toEqual({ active_sessions: 2, max_sessions: 2 })
    await failure(episode.step({}), 'CAPACITY_REACHED')
  })

  it('is waited for briefly when a lost session may still hold the slot', async () => {
    const { server, episode } = await play({
      connected: ({ number, send, socket }) => {
        if (number !== 2 && number !== 3) return
        send(FULL)
        socket.close(1000)
      },
      answer: ({ type }, { socket, number }) => {
        if (type === 'reset') return observation({ number })
        socket.terminate()
        return undefined
      },
    })
    await episode.reset()
    await failure(episode.step({}), 'CONNECTION_ERROR')
    expect((await episode.reset()).observation).toEqual({ number: 4 })
    expect(server.connections).toHaveLength(4)
  })
})

describe('close', () => {
  it('says goodbye, may be repeated, and refuses what comes after', async () => {
    const { server, episode } = await play()
    await episode.reset()
    await Promise.all([episode.close(), episode.close()])
    await episode.close()
    expect(server.connections[0]?.received.at(-1)).toEqual({ type: 'close' })
    await expect.poll(() => server.connections[0]?.socket.readyState).toBe(3)
    for (const call of [episode.reset(), episode.step({}), episode.state(), episode.fork()]) {
      expect((await failure(call, 'CANCELLED')).message).toContain('closed')
    }
  })

  it('rejects the call in flight and those that wait', async () => {
    const { episode } = await play(silent('step'))
    await episode.reset()
    const calls = [episode.step({}), episode.step({}), episode.reset()].map((call) =>
      failure(call, 'CANCELLED'),
    )
    await episode.close()
    await Promise.all(calls)
  })

  it('waits for no more than a second for a server that does not answer', async () => {
    const { server, episode } = await play()
    await episode.reset()
    server.connections[0]?.socket.pause()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const closed = vi.fn()
    const closing = episode.close().then(closed)
    await vi.advanceTimersByTimeAsync(999)
    expect(closed).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await closing
    expect(closed).toHaveBeenCalledOnce()
  })

  it('stops a reconnect', async () => {
    const { server, episode } = await play({}, { retries: 1000, connectTimeoutMs: 60_000 })
    await episode.reset()
    await server.close()
    await expect.poll(() => episode.status).toBe('lost')
    const reset = failure(episode.reset(), 'CANCELLED')
    await episode.close()
    await reset
  })
})
