import { describe, expect, it, vi } from 'vitest'
import { counterEnvironment } from '../../test/environments.ts'
import { deliver, FakeSocket } from '../../test/fake-socket.ts'
import { post } from '../../test/http-client.ts'
import { OrsClient } from '../../test/ors-client.ts'
import { createApp, type App } from '../app.ts'

/** Sends messages on one socket; the data of the last answer. */
async function onSocket(app: App, ...messages: readonly (readonly [type: string, data: unknown])[]) {
  const accept = app.upgrade(new Request('http://localhost/ws'))
  if (accept instanceof Response) throw new Error('The handshake was refused.')
  const socket = new FakeSocket()
  const handler = accept(socket)
  for (const [at, [type, data]] of messages.entries()) {
    deliver(handler, type, data)
    await vi.waitUntil(() => socket.sent.length > at)
  }
  return (JSON.parse(socket.sent.at(-1) ?? '') as { data: Record<string, unknown> }).data
}

/** A reset that cannot be, and what the message has to say of it: the field and the reason. */
const FAULTS: readonly (readonly [data: Record<string, unknown>, says: string])[] = [
  [{ seed: -1 }, 'Invalid reset: seed: Expected an integer from 0 to 2^53 - 1.'],
  [{ seed: 1.5 }, 'Invalid reset: seed: Expected an integer from 0 to 2^53 - 1.'],
  [{ seed: '7' }, 'Invalid reset: seed: Expected an integer from 0 to 2^53 - 1.'],
  [{ seed: 2 ** 64 }, 'seed'],
  [{ task_id: 3 }, 'Invalid reset: task_id: Expected a text.'],
  [{ split: ['train'] }, 'Invalid reset: split: Expected a text.'],
  [{ split: 'train', index: '0' }, 'Invalid reset: index: Expected an integer.'],
  [{ episode_id: 'x'.repeat(256) }, 'Invalid reset: episode_id: Expected a text of at most 255 characters.'],
  [{ task_spec: 'from-0' }, 'Invalid reset: task_spec: Expected an object.'],
  [
    { seed: -1, index: '0' },
    'Invalid reset: seed: Expected an integer from 0 to 2^53 - 1; index: Expected an integer.',
  ],
  [{ split: 'tran', index: 0 }, 'Invalid split: split: There are: train, validation.'],
  [{ split: 'train', index: 99 }, 'Invalid task index: index: "train" has 12 tasks.'],
  [{ task_id: 'nowhere' }, 'Unknown task_id "nowhere". There are, among others: from-0'],
  [{ goal: 0 }, 'Invalid reset: goal: '],
]

describe('the message of a refused reset names field and reason, for Python’s clients show nothing else', () => {
  it.each(FAULTS)('%j', async (data, says) => {
    const app = createApp(counterEnvironment())
    const whole = expect.stringContaining(says)
    expect(await onSocket(app, ['reset', data])).toMatchObject({ code: 'VALIDATION_ERROR', message: whole })
    for (const path of ['/reset', '/sessions']) {
      const { status, body } = await post(app, path, data)
      expect([path, [400, 422].includes(status), body['message'] ?? body['detail']]).toEqual([
        path,
        true,
        whole,
      ])
    }
    const batch = {
      calls: [
        ['open', 0],
        ['reset', 0, data],
      ],
    }
    expect(JSON.stringify(await onSocket(app, ['batch', batch]))).toContain(JSON.stringify(says).slice(1, -1))
    await app.close()
  })
})

describe('the message of any other refusal names field and reason too', () => {
  it.each([
    [{ add: 9 }, 'Invalid action: add: '],
    [{}, 'Invalid action: add: Field required.'],
    [{ add: 1, ad: 1 }, 'Invalid action: ad: Unknown field.'],
  ])('a step with %j', async (action, says) => {
    const app = createApp(counterEnvironment())
    const answer = await onSocket(app, ['reset', {}], ['step', action])
    expect(answer).toMatchObject({ code: 'VALIDATION_ERROR', message: expect.stringContaining(says) })
    await post(app, '/reset', {})
    const { status, body } = await post(app, '/step', { action })
    expect([status, body['message']]).toEqual([422, expect.stringContaining(says)])
    await app.close()
  })

  it('a message without its data, and one with an unknown key', async () => {
    const app = createApp(counterEnvironment())
    expect((await onSocket(app, ['step', undefined]))['message']).toBe(
      'Invalid message: data: Field required.',
    )
    expect((await onSocket(app, ['state', {}]))['message']).toBe('Invalid message: data: Unknown field.')
    await app.close()
  })

  it('a body of Open Reward Standard, whose fixed texts stay [OE-11]', async () => {
    const app = createApp(counterEnvironment())
    const client = new OrsClient(app, 'counter')
    const create = async (body: unknown) => (await client.post('/create', body)).body
    expect((await create({ split: 'train', index: '0' }))['message']).toContain('Invalid body: index: ')
    expect((await create({ task_spec: 3 }))['message']).toContain('Invalid body: task_spec: ')
    expect((await create({ split: 'tran', index: 0 }))['detail']).toBe('Invalid split')
    await app.close()
  })

  it('names ten faults of many, and how many more there are', async () => {
    const app = createApp(counterEnvironment())
    const action = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`k${String(at)}`, at]))
    const { message, errors } = await onSocket(app, ['reset', {}], ['step', { add: 1, ...action }])
    expect(message).toMatch(/^Invalid action: k0: Unknown field; .*k9: Unknown field; and 30 more\.$/)
    expect(errors).toHaveLength(40)
    await app.close()
  })
})
