import { serve, type RunningServer } from '@openenv-ts/server/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../inference.ts'
import { EmailTriageEnv } from '../src/email-triage-env.ts'
import { emailTriage } from '../src/environment.ts'
import { EnvironmentState, ResetResult, StepResult, type EmailObservation } from '../src/models.ts'
import { oracle } from '../src/oracle.ts'

let server: RunningServer

beforeAll(async () => {
  server = await serve(emailTriage, { routes: 'minimal', port: 0 })
})
afterAll(async () => {
  await server.close()
})

/** Posts a text as it is, anything else as JSON, and nothing without a body. */
async function post(path: string, body?: string | object): Promise<{ status: number; body: unknown }> {
  const text = typeof body === 'object' ? JSON.stringify(body) : body
  const init = text === undefined ? {} : { body: text, headers: { 'content-type': 'application/json' } }
  const response = await fetch(`${server.url}${path}`, { method: 'POST', ...init })
  expect(response.headers.get('content-type')).toMatch(/^application\/json/)
  return { status: response.status, body: await response.json() }
}

describe('email-triage on the three routes of a Space', () => {
  it('answers a step before reset with 409, and never resets by itself [ET-15]', async () => {
    const action = { label: 'spam', summary: 'x', route_to: 'none' }
    const { status, body } = await post('/step', action)
    expect(status).toBe(409)
    expect(JSON.stringify(body)).toMatch(/reset/)
    expect((await post('/state')).status).toBe(409)
  })

  it('plays a task as the class does [ET-14]', async () => {
    const env = new EmailTriageEnv('task_hard')
    const start = await post('/reset', { task_id: 'task_hard' })
    expect(start.status).toBe(200)
    expect(start.body).toEqual(env.reset())
    let { observation } = ResetResult.parse(start.body)
    for (let done = false; !done;) {
      const action = observation.step_number === 1 ? { label: 'later' } : oracle(observation)
      const reply = await post('/step', action)
      expect(reply).toEqual({ status: 200, body: env.step(action) })
      const parsed = StepResult.parse(reply.body)
      observation = parsed.observation
      done = parsed.done
    }
    const { status, body } = await post('/state')
    expect(status).toBe(200)
    expect(EnvironmentState.loose().parse(body)).toMatchObject(env.state())
  })

  it('starts task_easy for a reset without a body, and with an empty one [ET-16]', async () => {
    for (const body of [undefined, {}]) {
      const reply = await post('/reset', body)
      expect(reply.status).toBe(200)
      expect((reply.body as { observation: EmailObservation }).observation.task_id).toBe('task_easy')
    }
  })

  it('answers an unknown task with 400 and the names of those that exist [ET-15]', async () => {
    const { status, body } = await post('/reset', { task_id: 'task_nope' })
    expect(status).toBe(400)
    expect(JSON.stringify(body)).toMatch(/task_easy.*task_medium.*task_hard/)
  })

  it.each(['{', '[1]', '"x"', 'null', '7'])('answers %s with 400 [ET-15]', async (text) => {
    await post('/reset', {})
    expect((await post('/step', text)).status).toBe(400)
    expect((await post('/reset', text)).status).toBe(400)
  })

  it('has no other routes and methods [ET-15]', async () => {
    for (const [path, method] of [
      ['/health', 'GET'],
      ['/step', 'GET'],
      ['/', 'POST'],
      ['/schema', 'GET'],
    ] as const) {
      const { status } = await fetch(`${server.url}${path}`, { method })
      expect([404, 405]).toContain(status)
    }
  })
})

describe('inference --url', () => {
  it('plays a server to the same lines as the environment in this process [ET-17]', async () => {
    const played = async (url?: string): Promise<string[]> => {
      const lines: string[] = []
      await run({ env: {}, ...(url === undefined ? {} : { url }), print: (line) => lines.push(line) })
      return lines
    }
    await using full = await serve(emailTriage, { port: 0 })
    expect(await played(full.url)).toEqual(await played())
  })
})
