import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { GoneError, LateError, PythonError, Rpc } from './rpc.ts'

const MAX_LINE = 1000

/** Our side of a conversation with a process that says whatever a test wants. */
function conversation() {
  const python = new PassThrough()
  const onBroken = vi.fn<(why: string) => void>()
  const rpc = new Rpc(python, new PassThrough().resume(), {
    maxLineBytes: MAX_LINE,
    onNotice: ({ method }) => method === 'exited',
    onBroken,
  })
  return { rpc, onBroken, says: (bytes: string | Buffer) => python.write(bytes) }
}

const line = (message: unknown): string => `${JSON.stringify(message)}\n`
const answer = (id: unknown, more: object = { result: 1 }): string => line({ jsonrpc: '2.0', id, ...more })

const RUBBISH: Readonly<Record<string, string | Buffer>> = {
  'a word': 'hello\n',
  null: 'null\n',
  'a number': '7\n',
  'a text': '"hello"\n',
  'a list': '[]\n',
  'an empty object': '{}\n',
  'an empty line': '\n',
  'half a message': '{"jsonrpc": "2.0",\n',
  'bytes that are no UTF-8': Buffer.from([0x22, 0xff, 0xfe, 0x22, 10]),
  'a line that is too long': `"${'x'.repeat(MAX_LINE)}"\n`,
  'a line that does not end': 'x'.repeat(MAX_LINE + 1),
  'a message that nests deep': `{"jsonrpc":"2.0","id":1,"result":${'['.repeat(600)}`.padEnd(900, ' ') + '\n',
  'an answer without a number': answer(undefined),
  'an answer to null': answer(null),
  'an answer to a call by name': answer('1'),
  'an answer to a call that was not made': answer(2),
  'an answer of another protocol': line({ jsonrpc: '1.0', id: 1, result: 1 }),
  'an answer without a result': answer(1, {}),
  'an answer that is a result and an error': answer(1, { result: 1, error: { code: 1, message: '' } }),
  'an error that is null': answer(1, { error: null }),
  'an error without a message': answer(1, { error: { code: 1 } }),
  'an error of an unknown kind': answer(1, { error: { code: 1, message: '', data: { kind: 'odd' } } }),
  'an error whose data is a text': answer(1, { error: { code: 1, message: '', data: 'x' } }),
  'two answers to one call': answer(1) + answer(1),
  'a notice of an unknown kind': line({ jsonrpc: '2.0', method: 'reboot', params: {} }),
  'a notice without params': line({ jsonrpc: '2.0', method: 'exited' }),
  'a notice whose params are a list': line({ jsonrpc: '2.0', method: 'exited', params: [] }),
  'a request to us': line({ jsonrpc: '2.0', id: 5, method: 'exited', params: {} }),
}

describe('a Python process that sends what is no message', () => {
  it.each(Object.entries(RUBBISH))('is not believed: %s', async (_what, bytes) => {
    const { rpc, onBroken, says } = conversation()
    const first = rpc.request('call', {}, 10)
    const settled = first.answer.catch((error: unknown) => error)
    says(bytes)
    await vi.waitFor(() => {
      expect(onBroken).toHaveBeenCalledOnce()
    })
    expect(onBroken).toHaveBeenCalledWith(expect.stringMatching(/^The Python process was ended, because it /))
    await settled
    await expect(rpc.request('call', {}, 10).answer).rejects.toBeInstanceOf(GoneError)
    expect(rpc.waiting).toBe(false)
  })

  it('settles every call, whatever comes and in whatever pieces', async () => {
    const bytes = fc.oneof(
      fc.json().map((text) => Buffer.from(`${text}\n`)),
      fc.uint8Array({ maxLength: 50 }).map((each) => Buffer.from(each)),
      fc
        .record({ jsonrpc: fc.constant('2.0'), id: fc.integer({ max: 5 }), result: fc.jsonValue() })
        .map((each) => Buffer.from(line(each))),
      fc.constantFrom(...Object.values(RUBBISH)).map((each) => Buffer.from(each)),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { maxLength: 12 }), async (pieces) => {
        const { rpc, says } = conversation()
        const calls = Promise.allSettled([1, 2, 3].map(() => rpc.request('call', {}, 10).answer))
        for (const piece of pieces) says(piece)
        await new Promise((resolve) => setImmediate(resolve))
        rpc.end(new GoneError('over'))
        const results = await calls
        const others = results.filter(
          (each) =>
            each.status === 'rejected' &&
            !(each.reason instanceof GoneError) &&
            !(each.reason instanceof PythonError),
        )
        expect(others).toEqual([])
      }),
      { numRuns: 200, seed: 10 },
    )
  })
})

it('a call that was given up may still be answered, once', async () => {
  const { rpc, onBroken, says } = conversation()
  await expect(rpc.request('call', {}, 0.01).answer).rejects.toBeInstanceOf(LateError)
  const next = rpc.request('call', {}, 10)
  says(answer(1) + answer(2, { result: 'it goes on' }))
  expect(await next.answer).toBe('it goes on')
  expect(onBroken).not.toHaveBeenCalled()
  says(answer(1))
  await vi.waitFor(() => {
    expect(onBroken).toHaveBeenCalledWith(expect.stringContaining('a call that was not made'))
  })
})
