import { emailTriage } from '@openenv-ts/email-triage'
import { describe, expect, it } from 'vitest'
import { call, post } from '../../test/http-client.ts'
import { serve } from '../node/serve.ts'

const minimal = () => serve(emailTriage, { port: 0, routes: 'minimal' })
const action = { label: 'normal', summary: 'A question about the invoice.', route_to: 'support' }
const FIELDS = [
  ...['body', 'email_id', 'sender', 'step_number', 'subject', 'task_id', 'thread_history', 'timestamp'],
  'total_emails',
]

describe('email-triage on the minimal routes', () => {
  it.each([{}, { json: {} }])('starts task_easy when nothing is asked for [ET-16]', async (request) => {
    await using server = await minimal()
    const { status, body } = await call(server.url, 'POST', '/reset', request)
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(['info', 'observation'])
    const observation = body['observation'] as Record<string, unknown>
    expect(Object.keys(observation).sort()).toEqual(FIELDS)
    expect(observation).toMatchObject({ task_id: 'task_easy', step_number: 0, total_emails: 6 })
    expect(body['info']).toMatchObject({
      routes: expect.stringContaining(','),
      description: expect.any(String),
    })
  })

  it('plays a bare action and answers observation, reward, done and info [ET-14]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset', { task_id: 'task_medium' })
    const { status, body } = await post(server.url, '/step', action)
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(['done', 'info', 'observation', 'reward'])
    expect(Object.keys(body['observation'] as object).sort()).toEqual(FIELDS)
    expect(body).toMatchObject({ reward: expect.any(Number), done: false })
    expect(body['info']).toMatchObject({ base_score: expect.any(Number), step: 1, task_id: 'task_medium' })
  })

  it('shows an EnvironmentState [ET-14] [ET-4]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset', { task_id: 'task_easy' })
    await post(server.url, '/step', action)
    await post(server.url, '/step', { label: 'wrong' })
    expect((await post(server.url, '/state')).body).toEqual({
      task_id: 'task_easy',
      current_step: 2,
      total_steps: 12,
      done: false,
      action_history: [action, expect.anything()],
      reward_history: [expect.any(Number), 0],
    })
  })

  it.each([{}, { label: 'later' }, { ...action, label: 1 }, { ...action, more: 1 }, { action }])(
    'counts %j as a step of the agent and shows the same email again [ET-15] [ET-7]',
    async (bad) => {
      await using server = await minimal()
      const first = (await post(server.url, '/reset')).body['observation'] as Record<string, unknown>
      const { status, body } = await post(server.url, '/step', bad)
      expect(status).toBe(200)
      expect(body).toMatchObject({
        observation: { email_id: first['email_id'], step_number: 1 },
        reward: 0,
        done: false,
        info: { error: expect.any(String) },
      })
    },
  )

  it('names the tasks that exist when one does not [ET-15]', async () => {
    await using server = await minimal()
    const { status, body } = await post(server.url, '/reset', { task_id: 'task_none' })
    expect(status).toBe(400)
    for (const task of ['task_easy', 'task_medium', 'task_hard']) expect(body['detail']).toContain(task)
  })

  it('plays a task to its end and tells its score [ET-7] [ET-11]', async () => {
    await using server = await minimal()
    await post(server.url, '/reset', { task_id: 'task_easy' })
    let last: Record<string, unknown> = {}
    for (let email = 0; email < 6; email += 1) last = (await post(server.url, '/step', action)).body
    expect(last).toMatchObject({ done: true, observation: { email_id: '', body: '', step_number: 6 } })
    expect((last['info'] as Record<string, unknown>)['score']).toBeTypeOf('number')
    expect((await post(server.url, '/step', action)).status).toBe(409)
  })
})
