import { serialize } from 'node:v8'
import type { AnyEnvironment } from '@openenv-ts/core'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { misbehaving } from '../../test/isolation/misbehaving.ts'
import { answerFault } from './answers.ts'
import { Executor } from './executor.ts'
import { frameOf, FrameReader } from './frames.ts'
import type { ExecutorTransportEvents } from './transport.ts'
import type { Operation } from './protocol.ts'

const MAX_BYTES = 10_000
const HELLO = { type: 'hello', floats: true, limitSeconds: 10 }
const ERROR = { code: 'EXECUTION_ERROR', message: 'm', http: 500, issues: [], data: {}, cause: null }
const UNCAUGHT = { type: 'uncaught', episode: 1, error: ERROR, ends: false }
const STATE = { value: { episodeId: null, stepCount: 0 } }

/** An executor whose messages a test sends. */
class Fake {
  readonly sent: unknown[] = []
  readonly kill = vi.fn()
  readonly misbehaved = vi.fn<(message: string) => void>()
  readonly uncaught = vi.fn()
  readonly starting: Promise<Executor>
  #line: ExecutorTransportEvents | null = null

  constructor() {
    const events = {
      uncaught: this.uncaught,
      print: () => undefined,
      ended: () => undefined,
      misbehaved: this.misbehaved,
    }
    const launch = (
      line: ExecutorTransportEvents,
    ): ReturnType<Parameters<typeof Executor.start>[0]['launch']> => {
      this.#line = line
      return { send: (message) => void this.sent.push(message), kill: this.kill, hold: () => undefined }
    }
    this.starting = Executor.start(
      { launch, maxMessageBytes: MAX_BYTES },
      events,
      new AbortController().signal,
    )
  }

  static async ready(): Promise<{ fake: Fake; executor: Executor }> {
    const fake = new Fake()
    fake.says(HELLO)
    return { fake, executor: await fake.starting }
  }

  says(message: unknown): void {
    this.#line?.message(message)
  }

  get line(): ExecutorTransportEvents | null {
    return this.#line
  }
}

const asks = (executor: Executor): Promise<unknown> =>
  executor
    .perform(
      { episode: 1, operation: { op: 'state' } },
      { fault: (answer) => answerFault({ op: 'state' }, answer, null) },
    )
    .catch((error: unknown) => error)

const cyclic: Record<string, unknown> = { type: 'progress' }
cyclic['progress'] = cyclic
/** 10^30 values in 300 that are there. */
const laughs = Array.from({ length: 30 }).reduce<unknown>((inner) => new Array(10).fill(inner), 'ha')
const getter = Object.defineProperty({ ...UNCAUGHT }, 'error', { get: () => 'no error', enumerable: true })

const RUBBISH: Readonly<Record<string, unknown>> = {
  null: null,
  undefined: undefined,
  'a number': 7,
  'a text': 'answer',
  'a list': [HELLO],
  'an empty object': {},
  'a type that there is none of': { type: 'reset' },
  'a cycle': cyclic,
  'a part that is shared 10^30 times': { type: 'answer', call: 1, value: laughs },
  'an array of four billion holes': { type: 'answer', call: 1, value: new Array(2 ** 32 - 1) },
  'a text that is too long': { type: 'answer', call: 1, value: 'x'.repeat(MAX_BYTES) },
  'a deep value': {
    type: 'answer',
    call: 1,
    value: JSON.parse('['.repeat(600) + ']'.repeat(600)) as unknown,
  },
  'a map': new Map([['type', 'hello']]),
  'a bigint in an answer': { type: 'answer', call: 1, value: 1n },
  'a getter': getter,
  'a proxy': new Proxy(
    { ...HELLO },
    {
      ownKeys: () => {
        throw new Error('no keys')
      },
    },
  ),
  'a second hello': HELLO,
  'an answer without a number': { type: 'answer', ...STATE },
  'an answer to another call': { type: 'answer', call: 2, ...STATE },
  'an answer with a field too many': { type: 'answer', call: 1, ...STATE, more: 1 },
  'an answer with an error of no known code': { type: 'answer', call: 1, error: { ...ERROR, code: 'NOPE' } },
  'an answer with an error that is null': { type: 'answer', call: 1, error: null },
  'an answer with an error that is half': { type: 'answer', call: 1, error: { code: 'EXECUTION_ERROR' } },
  'an answer that leads nowhere': { type: 'answer', call: 1, ...STATE, reached: null },
  'an answer whose position is shared memory': {
    type: 'answer',
    call: 1,
    ...STATE,
    reached: { status: 'running', steps: 1, bytes: new Uint8Array(new SharedArrayBuffer(8)) },
  },
  'an answer to another question': { type: 'answer', call: 1, value: 'a prompt' },
  'an answer that is a value and an error': { type: 'answer', call: 1, ...STATE, error: ERROR },
  'progress of another call': { type: 'progress', call: 2, progress: { progress: 1 } },
  'progress that is no number': { type: 'progress', call: 1, progress: { progress: NaN } },
  'something uncaught that is nothing': { type: 'uncaught' },
  'something uncaught of an episode by name': { ...UNCAUGHT, episode: '1' },
}

/** What fast-check can print when it finds something. */
const PRINTABLE = Object.entries(RUBBISH)
  .filter(([what]) => what !== 'a proxy' && !what.includes('10^30') && !what.includes('billion'))
  .map(([, message]) => message)

describe('an executor that sends what is no message', () => {
  it.each(Object.entries(RUBBISH))('is ended, and its call fails: %s', async (_what, message) => {
    const { fake, executor } = await Fake.ready()
    const call = asks(executor)
    fake.says(message)
    expect(await call).toMatchObject({
      code: 'EXECUTION_ERROR',
      message: expect.stringMatching(
        /^The environment was ended, because it .+ during state: call reset/,
      ) as string,
    })
    expect(fake.kill).toHaveBeenCalled()
    expect([executor.alive, executor.busy]).toEqual([false, false])
    expect(fake.misbehaved).toHaveBeenCalledOnce()
  })

  it.each(Object.entries(RUBBISH).filter(([what]) => what !== 'a second hello'))(
    'is not taken into use: %s',
    async (_what, message) => {
      const fake = new Fake()
      fake.says(message)
      await expect(fake.starting).rejects.toMatchObject({ code: 'FACTORY_ERROR' })
      expect(fake.kill).toHaveBeenCalled()
    },
  )

  it('is ended when it answers twice', async () => {
    const { fake, executor } = await Fake.ready()
    const call = asks(executor)
    fake.says({ type: 'answer', call: 1, ...STATE })
    expect(await call).toEqual(STATE)
    fake.says({ type: 'answer', call: 1, ...STATE })
    expect(executor.alive).toBe(false)
  })

  it.each([
    ['progress', { type: 'progress', call: 1, progress: { progress: 1 } }],
    ['what nobody caught', UNCAUGHT],
  ])('is ended for a flood of %s', async (_what, message) => {
    const { fake, executor } = await Fake.ready()
    const call = asks(executor)
    for (let count = 0; count < 1000; count += 1) fake.says(message)
    expect(await call).toMatchObject({ message: expect.stringContaining('that nobody asked for') as string })
    expect(fake.uncaught.mock.calls.length).toBeLessThan(500)
  })

  it('speaks for no episode that it was never asked about', async () => {
    const { fake, executor } = await Fake.ready()
    void asks(executor)
    fake.says({ ...UNCAUGHT, episode: 2 })
    fake.says(UNCAUGHT)
    expect(fake.uncaught.mock.calls).toMatchObject([[{ episode: null }], [{ episode: 1 }]])
  })

  it('is ended when it says that it ends, and does not', async () => {
    vi.useFakeTimers()
    try {
      const { fake, executor } = await Fake.ready()
      fake.says({ ...UNCAUGHT, ends: true })
      expect([executor.alive, fake.kill.mock.calls.length]).toEqual([false, 0])
      vi.advanceTimersByTime(1000)
      expect(fake.kill).toHaveBeenCalled()
    } finally {
      vi.useRealTimers()
    }
  })

  it('settles every call once, whatever it sends and in whatever order', async () => {
    const message = fc.oneof(
      fc.anything({
        withMap: true,
        withSet: true,
        withBigInt: true,
        withTypedArray: true,
        withNullPrototype: true,
      }),
      fc.record(
        {
          type: fc.constantFrom('hello', 'unfit', 'answer', 'progress', 'uncaught'),
          call: fc.integer({ min: 0, max: 3 }),
          value: fc.jsonValue(),
          error: fc.oneof(fc.constant(ERROR), fc.anything()),
          progress: fc.anything(),
          reached: fc.anything(),
        },
        { requiredKeys: ['type'] },
      ),
      fc.constantFrom(...PRINTABLE, { type: 'answer', call: 1, ...STATE }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 8 }), async (messages) => {
        const { fake, executor } = await Fake.ready()
        const call = asks(executor)
        for (const each of messages) fake.says(each)
        if (executor.alive) fake.line?.ended('ended')
        const result = await call
        expect(executor.busy).toBe(false)
        return result instanceof Error ? 'code' in result : JSON.stringify(result) === JSON.stringify(STATE)
      }),
      { numRuns: 300, seed: 10 },
    )
  })
})

describe('a stream of an executor', () => {
  const read = (...chunks: readonly Buffer[]): { messages: unknown[]; broken: string[] } => {
    const got = { messages: [] as unknown[], broken: [] as string[] }
    const reader = new FrameReader(MAX_BYTES, {
      message: (message) => got.messages.push(message),
      broken: (what) => got.broken.push(what),
    })
    for (const chunk of chunks) reader.take(chunk)
    return got
  }
  const lengthOf = (length: number): Buffer => {
    const header = Buffer.alloc(4)
    header.writeUInt32LE(length)
    return header
  }

  it('gives its messages back, in whatever pieces they come', () => {
    const messages = [HELLO, { value: -0, bytes: new Uint8Array([1, 2]) }, 'x'.repeat(5000), null]
    const bytes = Buffer.concat(messages.map(frameOf))
    for (const size of [1, 3, 4, 7, 1000, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      )
      expect(read(...pieces)).toEqual({ messages, broken: [] })
    }
  })

  it.each([
    ['four bytes of rubbish', Buffer.from([0xff, 0xff, 0xff, 0xff])],
    ['a length of one more than may be', lengthOf(MAX_BYTES + 1)],
    ['a message without content', lengthOf(0)],
    ['bytes that are no message', Buffer.concat([lengthOf(3), Buffer.from('abc')])],
    ['half a message', Buffer.concat([lengthOf(6), serialize({ a: 'text' }).subarray(0, 6)])],
  ])('is broken by %s, and nothing more is read', (_what, bytes) => {
    const { messages, broken } = read(frameOf(1), bytes, frameOf(2))
    expect([messages, broken.length]).toEqual([[1], 1])
  })

  it('is broken by bytes, and never more than that', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }), (chunks) => {
        expect(read(...chunks.map((chunk) => Buffer.from(chunk))).broken.length).toBeLessThanOrEqual(1)
      }),
      { seed: 10 },
    )
  })
})

describe('an answer', () => {
  const ranged = { ...misbehaving, rewardRange: [0, 1] } as AnyEnvironment
  const reply = { observation: { count: 1 }, reward: 0, status: 'running', done: false, info: {} }
  const reached = { status: 'running', steps: 1, bytes: null } as const
  const faultOfStep = (value: unknown, environment: AnyEnvironment | null = ranged): string | null =>
    answerFault({ op: 'step' } as Operation, { value, reached }, environment)

  it.each([
    ['a reward outside of the range', { ...reply, reward: 1e9 }, 'a reward outside of its range'],
    ['a reward that is not finite', { ...reply, reward: Infinity }, 'no reply'],
    ['a reward that is a text', { ...reply, reward: '1' }, 'no reply'],
    [
      'an observation that breaks the schema',
      { ...reply, observation: { secret: 1 } },
      'an observation that breaks its schema',
    ],
    ['no observation', { ...reply, observation: undefined }, 'an observation that breaks its schema'],
    ['an info that is not flat', { ...reply, info: { a: {} } }, 'no reply'],
    ['a status that is none', { ...reply, status: 'won' }, 'no reply'],
    ['an end that it denies', { ...reply, done: true }, 'a reply that contradicts itself'],
    [
      'another status than where it stands',
      { ...reply, status: 'terminated', done: true },
      'a reply that contradicts itself',
    ],
    ['nothing', undefined, 'no reply'],
  ])('with %s is none', (_what, value, fault) => {
    expect(faultOfStep(value)).toBe(fault)
  })
})
