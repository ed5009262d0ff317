import { describe, expect, it } from 'vitest'
import { OrsClient } from '../../test/ors-client.ts'
import { slowSetup } from '../../test/ors-environments.ts'
import { createApp } from '../app.ts'
import type { LogEvent } from '../log-event.ts'
import { withoutSecrets } from './secrets.ts'

const VALUE = 'sk-very-secret-value'

function header(secrets: unknown): Record<string, string> {
  return { 'x-secrets': Buffer.from(JSON.stringify(secrets)).toString('base64') }
}

function setting() {
  const slow = slowSetup()
  const logged: LogEvent[] = []
  const app = createApp(slow.environment, { log: (event) => logged.push(event) })
  return { slow, logged, client: new OrsClient(app, 'slow') }
}

function written(logged: readonly LogEvent[]): string {
  const told = (cause: unknown): string =>
    cause instanceof Error
      ? `${cause.stack ?? ''} ${cause.message} ${told(cause.cause)}`
      : JSON.stringify(cause ?? '')
  return logged.map((event) => JSON.stringify(event) + told(event.cause)).join('\n')
}

describe('secrets', () => {
  it('arrive from the body and from the header, only those that the environment declares', async () => {
    const { slow, client } = setting()
    slow.finish()
    const given = header({ TOKEN: { value: VALUE, allowed_domains: ['a'] }, api_key: { value: 'not yours' } })
    await client.create({ task_spec: {}, secrets: { OTHER: 'other', UNKNOWN: 'x' } }, given)
    expect(slow.starts[0]?.secrets).toEqual({ TOKEN: VALUE, OTHER: 'other' })
  })

  it('are absent when none was given that the environment declares', async () => {
    const { slow, client } = setting()
    slow.finish()
    await client.create({ task_spec: {} }, header({ api_key: { value: VALUE } }))
    expect(slow.starts[0]).not.toHaveProperty('secrets')
  })

  it.each([
    ['no base64', '***'],
    ['no JSON', Buffer.from('{').toString('base64')],
    ['no object', Buffer.from('[]').toString('base64')],
    ['no value', Buffer.from(`{"TOKEN":"${VALUE}"}`).toString('base64')],
    ['no UTF-8', Buffer.from([0xff, 0xfe]).toString('base64')],
  ])('in a header that is %s are refused with 400, and not shown [ors]', async (_fault, value) => {
    const { client, logged } = setting()
    const answer = await client.create({ task_spec: {} }, { 'x-secrets': value })
    expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining('X-Secrets') } })
    expect(JSON.stringify(answer.body)).not.toContain(VALUE)
    expect(logged).toEqual([])
  })

  it('of the wrong form are refused without being shown', async () => {
    const { client } = setting()
    for (const body of [
      { task_spec: {}, secrets: { TOKEN: [VALUE] } },
      { task_spec: {}, secrets: VALUE },
      { secrets: { TOKEN: VALUE } },
      { task_spec: {}, secret: VALUE },
    ]) {
      const answer = await client.create(body)
      expect(answer.status).toBe(422)
      expect(JSON.stringify(answer.body)).not.toContain(VALUE)
    }
  })

  it('reach no log, whatever the environment says of them [ors]', async () => {
    const { slow, client, logged } = setting()
    await client.create({ task_spec: {} }, header({ TOKEN: { value: VALUE } }))
    slow.finish(new Error(`401 for ${VALUE}`, { cause: { headers: { authorization: VALUE } } }))
    const answers = [
      await client.get('/slow/prompt'),
      await client.post('/slow/call', { name: 'act', input: {} }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([500, 500])
    expect(JSON.stringify(answers)).not.toContain(VALUE)
    expect(logged.length).toBeGreaterThan(0)
    expect(written(logged)).not.toContain(VALUE)
    expect(written(logged)).toContain('401 for [secret]')
  })

  it('are blotted out of errors, their causes and stacks, the longest first', () => {
    const thrown = new Error('abc and abcdef', { cause: new TypeError('abcdef') })
    const clean = withoutSecrets(thrown, { A: 'abc', B: 'abcdef', C: '' }) as Error
    expect(clean.message).toBe('[secret] and [secret]')
    expect(clean.stack).not.toContain('abc')
    expect(clean.cause).toMatchObject({ name: 'TypeError', message: '[secret]' })
    const circle: Error = new Error('abc')
    circle.cause = circle
    expect(() => withoutSecrets(circle, { A: 'abc' })).not.toThrow()
  })
})
