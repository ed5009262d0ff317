import { manualClock, openLocal, type LocalEpisode } from '@openenv-ts/core'
import emailTriage, { oracle } from '@openenv-ts/email-triage'
import { describe, expect, it } from 'vitest'
import { counterEnvironment, faultyEnvironment, heldEnvironment, SECRET } from '../../test/environments.ts'
import { OrsClient, parseEvents } from '../../test/ors-client.ts'
import { desk, judgedDesk, question } from '../../test/ors-environments.ts'
import { createApp } from '../app.ts'
import type { LogEvent } from '../log-event.ts'

const FIRST = { split: 'train', index: 0 }

async function deskClient(environment = desk) {
  const client = new OrsClient(createApp(environment), 'desk')
  await client.create(FIRST)
  return client
}

// What unmodified clients of ors-sdk 0.1.0 and openreward 0.1.167 send and read.
describe('calling a tool', () => {
  it('streams a task_id and one end with all keys, the reward and the end of the episode inline', async () => {
    const client = await deskClient()
    const events = await client.events('/desk/call', { name: 'open', input: { drawer: 2 } })
    expect(events.map(({ event }) => event)).toEqual(['task_id', 'end'])
    expect(events[0]?.data).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.parse(events[1]?.data ?? '')).toEqual({
      ok: true,
      output: {
        blocks: [{ type: 'text', text: '{"drawer":2,"empty":false}', detail: null }],
        metadata: { task_id: expect.any(String) },
        reward: null,
        finished: false,
      },
    })
    expect(await client.call('done')).toEqual({
      ok: true,
      output: {
        blocks: [{ type: 'text', text: 'Thank you.', detail: null }],
        metadata: expect.objectContaining({ task_id: expect.any(String), score: 1 }),
        reward: 1,
        finished: true,
      },
    })
  })

  it('gives the rewards and infos that an episode in this process gives, to the end [OE-20]', async () => {
    const app = createApp(emailTriage)
    for (const index of [0, 1, 2]) {
      const client = new OrsClient(app, 'email-triage')
      await client.create({ split: 'canonical', index })
      await using local = openLocal(emailTriage)
      let { observation, done } = await local.reset({ split: 'canonical', index })
      while (!done) {
        const action = oracle(observation)
        const { ok, output } = (await client.call('act', action)) as unknown as {
          ok: boolean
          output: { metadata: unknown; reward: number; finished: boolean }
        }
        const reply = await local.step(action)
        expect(ok).toBe(true)
        expect([output.reward, output.finished, output.metadata]).toEqual([
          reply.reward,
          reply.done,
          reply.info,
        ])
        ;({ observation, done } = reply)
      }
    }
  })

  it('answers ok:false with a reason to unknown tools and bad input, never an error event', async () => {
    const client = await deskClient()
    expect(await client.call('zip')).toEqual({
      ok: false,
      error: "'zip' is not a valid tool",
      reason: 'not_found',
    })
    expect(await client.call('open', { drawer: 'two', more: 1 })).toEqual({
      ok: false,
      error: expect.stringMatching(/^Tool input validation error: .*drawer.*more/),
      reason: 'input_validation',
    })
    expect(await client.call('open', { drawer: 2 })).toMatchObject({ ok: true })
  })

  it('does the same for tools that are made of actions [OE-20]', async () => {
    const client = new OrsClient(createApp(counterEnvironment()), 'counter')
    await client.create(FIRST)
    expect(await client.call('act', { add: 'x' })).toMatchObject({ ok: false, reason: 'input_validation' })
    expect(await client.call('reset')).toMatchObject({ ok: false, reason: 'not_found' })
    expect(await client.call('act', { add: 5 })).toMatchObject({ ok: true, output: { reward: 0.5 } })
  })

  it('counts a bad action where the environment does, as an output without error [OE-2]', async () => {
    const client = new OrsClient(createApp(counterEnvironment({ countsInvalid: true })), 'counter')
    await client.create(FIRST)
    expect(await client.call('act', { add: 'x' })).toMatchObject({
      ok: true,
      output: { finished: false, metadata: { error: expect.stringContaining('add') } },
    })
  })

  it('tells what a tool threw as its text: it is the agent’s to read, and the episode goes on [IM-29]', async () => {
    const client = await deskClient()
    expect(await client.call('open', { drawer: 10 })).toMatchObject({
      ok: true,
      output: { blocks: [{ text: 'There is no drawer 10.' }], reward: null, finished: false },
    })
    expect(await client.call('open', { drawer: 2 })).toMatchObject({ ok: true })
  })

  it('sends an error event for what the environment itself does wrong, with nothing of the inside', async () => {
    const logged: LogEvent[] = []
    const app = createApp(faultyEnvironment(), { log: (event) => logged.push(event) })
    const client = new OrsClient(app, 'faulty')
    await client.create()
    for (const fault of ['throw', 'reject', 'observation', 'reward', 'circular', 'bigint']) {
      expect(await client.call('act', { fault })).toMatchObject({
        event: 'error',
        error: expect.stringMatching(/^The environment /),
      })
    }
    expect(logged).toHaveLength(6)
    expect((logged[0]?.cause as Error).message).toBe(SECRET)
    expect(await client.call('act', { fault: 'none' })).toMatchObject({ ok: true })
  })

  it.each([
    [{ name: 'look' }, 'input', 'missing'],
    [{ input: {} }, 'name', 'missing'],
    [{ name: 'look', input: [] }, 'input', 'invalid_type'],
    [{ name: 'look', input: null }, 'input', 'invalid_type'],
    [{ name: 1, input: {} }, 'name', 'invalid_type'],
    [{ name: 'look', input: {}, more: 1 }, 'more', 'extra_forbidden'],
    [{ name: 'look', input: {}, task_id: 1 }, 'task_id', 'invalid_type'],
  ])('answers 422 to %o before any stream', async (body, field, type) => {
    const client = await deskClient()
    expect(await client.post('/desk/call', body)).toMatchObject({
      status: 422,
      body: { detail: [{ type, loc: ['body', field] }] },
    })
  })

  it('takes hostile names and arguments for what they are', async () => {
    for (const name of [
      '__proto__',
      'constructor',
      'toString',
      '',
      'x'.repeat(100_000),
      '\r\nevent: end\r\n',
    ]) {
      const answer = await (await deskClient()).call(name)
      expect(answer).toMatchObject({ ok: false, reason: 'not_found' })
      expect(JSON.stringify(answer).length).toBeLessThan(300)
    }
    const odd = JSON.parse('{"__proto__": {"drawer": 2}, "drawer": 2}') as unknown
    expect(await (await deskClient()).call('open', odd)).toMatchObject({ ok: true })
    expect({}).not.toHaveProperty('drawer')
  })

  it('splits long results and puts them together again, blanks and all', async () => {
    const client = new OrsClient(createApp(heldEnvironment().environment), 'held')
    await client.create()
    const tag = `${' '.repeat(9000)}😀${'x'.repeat(9000)}`
    const { output } = (await client.call('act', { hold: false, tag })) as unknown as {
      output: { blocks: { text: string }[] }
    }
    expect(JSON.parse(output.blocks[0]?.text ?? '')).toMatchObject({ observation: { tag } })
  })
})

describe('the end of an episode', () => {
  it('refuses every further call, known and valid or not, but unknown names stay unknown', async () => {
    const client = await deskClient()
    await client.call('done')
    for (const [name, input] of [
      ['open', { drawer: 2 }],
      ['open', { drawer: 'x' }],
      ['done', {}],
    ] as const) {
      expect(await client.call(name, input)).toMatchObject({ ok: false, reason: 'episode_finished' })
    }
    expect(await client.call('zip')).toMatchObject({ ok: false, reason: 'not_found' })
  })

  it('refuses even a look at the last observation, so that no reward is told twice', async () => {
    const client = new OrsClient(createApp(counterEnvironment()), 'counter')
    await client.create(FIRST)
    for (const _ of [1, 2]) await client.call('act', { add: 5 })
    expect(await client.call('observe')).toMatchObject({ ok: false, reason: 'episode_finished' })
  })

  it('comes with the last words, given to the tool that takes them', async () => {
    const client = new OrsClient(createApp(question), 'question')
    await client.create()
    expect(await client.call('answer', { text: '4' })).toMatchObject({
      ok: true,
      output: { blocks: [{ text: '4' }], reward: 1, finished: true },
    })
  })

  it('comes by a limit too, and the failed call that reached it carries the reward [IM-29]', async () => {
    const client = await deskClient()
    await client.call('open', { drawer: 2 })
    for (const _ of [1, 2, 3]) expect(await client.call('zip')).toMatchObject({ ok: false })
    expect(await client.call('open', { drawer: 'x' })).toMatchObject({
      ok: true,
      output: { reward: 1, finished: true },
    })
  })

  it('comes when a call takes too long: an error event, then 500, for there is no reset [ors]', async () => {
    const { environment } = heldEnvironment()
    const app = createApp({ ...environment, limits: { stepSeconds: 0.01 } })
    const client = new OrsClient(app, 'held')
    await client.create()
    expect(await client.call('act', { hold: true })).toMatchObject({
      event: 'error',
      error: expect.stringContaining('too long'),
    })
    expect((await client.post('/held/call', { name: 'act', input: { hold: false } })).status).toBe(500)
  })
})

describe('many calls in one session', () => {
  it('run one after another in the order in which they came', async () => {
    const held = heldEnvironment()
    const client = new OrsClient(createApp(held.environment), 'held')
    await client.create()
    const streams = []
    for (const tag of ['a', 'b', 'c']) {
      streams.push(await client.open('/held/call', { name: 'act', input: { hold: true, tag } }))
    }
    for (const tag of ['a', 'b', 'c']) {
      await held.reached()
      expect(held.waiting).toBe(1)
      held.release()
      const text = await streams.shift()?.text()
      expect(text).toContain(`\\"tag\\":\\"${tag}\\"`)
    }
  })

  it('that wait when the episode ends are refused without running', async () => {
    const client = await deskClient()
    const answers = await Promise.all([client.call('done'), client.call('look'), client.call('done')])
    expect(answers.map(({ ok }) => ok)).toEqual([true, false, false])
    expect(answers.slice(1)).toMatchObject([{ reason: 'episode_finished' }, { reason: 'episode_finished' }])
  })

  it('are bounded: one too many is 429, and the others come to their end', async () => {
    const held = heldEnvironment()
    const client = new OrsClient(createApp(held.environment), 'held')
    await client.create()
    const first = await client.open('/held/call', { name: 'act', input: { hold: true } })
    await held.reached()
    const rest = await Promise.all(
      Array.from({ length: 256 }, () => client.open('/held/call', { name: 'act', input: { hold: false } })),
    )
    expect(rest.filter(({ status }) => status === 429)).toHaveLength(1)
    held.release()
    const texts = await Promise.all(
      [first, ...rest.filter(({ status }) => status === 200)].map((one) => one.text()),
    )
    expect(texts.every((text) => text.includes('"ok":true'))).toBe(true)
  })
})

describe('coming back for a result', () => {
  const taskIdOf = (events: readonly { event: string; data: string }[]): string => events[0]?.data ?? ''

  it('replays it whole, as often as asked, and runs nothing', async () => {
    const client = await deskClient()
    const first = await client.events('/desk/call', { name: 'open', input: { drawer: 2 } })
    const again = { name: 'done', input: {}, task_id: taskIdOf(first) }
    for (const _ of [1, 2]) expect(await client.events('/desk/call', again)).toEqual(first)
    expect(await client.call('done')).toMatchObject({ ok: true, output: { finished: true } })
  })

  it('waits for a call that is still running, whose client is gone', async () => {
    const held = heldEnvironment()
    const client = new OrsClient(createApp(held.environment), 'held')
    await client.create()
    const broken = await client.open('/held/call', { name: 'act', input: { hold: true, tag: 'mine' } })
    const reader = broken.body?.getReader()
    const { value } = (await reader?.read()) as { value: Uint8Array }
    const taskId = taskIdOf(parseEvents(new TextDecoder().decode(value)))
    await reader?.cancel()
    await held.reached()
    const again = client.call('act', {}, taskId)
    held.release()
    expect(JSON.stringify(await again)).toContain('mine')
    expect(held.signals).toHaveLength(1)
  })

  it('is answered by an error event alone for an id that is not known or made up', async () => {
    const client = await deskClient()
    for (const task_id of ['0'.repeat(32), '', 'mine']) {
      expect(await client.events('/desk/call', { name: 'look', input: {}, task_id })).toEqual([
        { event: 'error', data: 'unknown task_id' },
      ])
    }
  })

  it('is for the session that made the call, and no other [ors]', async () => {
    const app = createApp(desk)
    const [mine, other] = [new OrsClient(app, 'desk'), new OrsClient(app, 'desk')]
    await Promise.all([mine.create(FIRST), other.create(FIRST)])
    const taskId = taskIdOf(await mine.events('/desk/call', { name: 'look', input: {} }))
    expect(await other.call('look', {}, taskId)).toEqual({ event: 'error', error: 'unknown task_id' })
    expect(await mine.call('look', {}, taskId)).toMatchObject({ ok: true })
  })

  it('is possible for 60 s after the end of the call', async () => {
    const clock = manualClock()
    const client = new OrsClient(createApp(desk, { clock }), 'desk')
    await client.create(FIRST)
    const taskId = taskIdOf(await client.events('/desk/call', { name: 'look', input: {} }))
    clock.advance(59_000)
    expect(await client.call('look', {}, taskId)).toMatchObject({ ok: true })
    clock.advance(2000)
    expect(await client.call('look', {}, taskId)).toEqual({ event: 'error', error: 'unknown task_id' })
  })

  it('checks the request all the same', async () => {
    const client = await deskClient()
    expect((await client.post('/desk/call', { task_id: 'x' })).status).toBe(422)
  })
})

describe('prompt and messages', () => {
  it('are blocks with all keys, and the same as one message of the user', async () => {
    const client = await deskClient()
    const blocks = [{ type: 'text', text: 'The key is in a drawer.', detail: null }]
    expect((await client.get('/desk/prompt')).body).toEqual(blocks)
    expect((await client.get('/DESK/messages')).body).toEqual([{ role: 'user', blocks, detail: null }])
  })

  it('show what there is to act on, where actions are not tool calls [OE-20]', async () => {
    const client = new OrsClient(createApp(emailTriage), 'email-triage')
    await client.create({ split: 'canonical', index: 0 })
    await using local: LocalEpisode = openLocal(emailTriage)
    const { observation } = await local.reset({ split: 'canonical', index: 0 })
    const [block] = (await client.get('/email-triage/prompt')).body as unknown as { text: string }[]
    expect(block?.text).toContain(await local.prompt())
    expect(block?.text).toContain(JSON.stringify(observation))
    expect(block?.text).not.toContain('task_spec')
  })

  it('lists the tools of the session as it lists them without one', async () => {
    const client = await deskClient()
    expect((await client.get('/desk/task_tools')).body).toEqual((await client.get('/desk/tools')).body)
  })
})

describe('scoring a group', () => {
  const said = (text: string) => ({
    messages: [
      {
        role: 'assistant',
        blocks: [{ type: 'reasoning', text: 'hm', signature: null, detail: null }],
        detail: null,
      },
      { role: 'assistant', blocks: [{ type: 'text', text, detail: null }], detail: null },
    ],
    metadata: null,
  })
  const GROUP = { candidates: [said('a'), said('bbb')] }
  const byLength = judgedDesk((candidates) =>
    candidates.map(({ messages }) => {
      const block = messages.at(-1)?.blocks[0]
      return block?.type === 'text' ? block.text.length : 0
    }),
  )

  it('streams one score a candidate, in their order, with the session’s task at hand', async () => {
    const client = await deskClient(byLength)
    const events = await client.events('/desk/score_group', GROUP)
    expect(events.map(({ event }) => event)).toEqual(['task_id', 'end'])
    expect(JSON.parse(events[1]?.data ?? '')).toEqual({
      scores: [
        { reward: 1, metadata: { task: 'key' } },
        { reward: 3, metadata: { task: 'key' } },
      ],
    })
    expect(await client.call('done')).toMatchObject({ ok: true, output: { finished: true } })
    expect((await client.events('/desk/score_group', GROUP)).at(-1)?.event).toBe('end')
  })

  it('can be taken up again by its own kind of request, and no other', async () => {
    const client = await deskClient(byLength)
    const events = await client.events('/desk/score_group', GROUP)
    const task_id = events[0]?.data ?? ''
    expect(await client.events('/desk/score_group', { ...GROUP, task_id })).toEqual(events)
    expect(await client.call('look', {}, task_id)).toEqual({ event: 'error', error: 'unknown task_id' })
  })

  it('is 404 in words that clients know, where the environment has no such thing', async () => {
    const client = await deskClient()
    expect(await client.post('/desk/score_group', GROUP)).toMatchObject({
      status: 404,
      body: { detail: "Environment 'desk' does not implement score_group" },
    })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error(SECRET)
      },
    ],
    ['scores too few', () => [1]],
    ['scores with NaN', () => [1, Number.NaN]],
  ])('sends an error event when the judge %s, and the session goes on', async (_how, judge) => {
    const client = await deskClient(judgedDesk(judge))
    const events = await client.events('/desk/score_group', GROUP)
    expect(events.map(({ event }) => event)).toEqual(['task_id', 'error'])
    expect(await client.call('look')).toMatchObject({ ok: true })
  })

  it('answers 422 to messages that break the rules of their role', async () => {
    const client = await deskClient(byLength)
    const call = { type: 'tool_call', id: '1', name: 'look', input: {} }
    for (const message of [
      { role: 'user', blocks: [call] },
      { role: 'tool', blocks: [] },
      { role: 'user', blocks: [{ type: 'text', text: 'x', more: 1 }] },
      { role: 'user' },
    ]) {
      const body = { candidates: [{ messages: [message] }] }
      expect([message, await client.post('/desk/score_group', body)]).toMatchObject([
        message,
        { status: 422 },
      ])
    }
  })
})
