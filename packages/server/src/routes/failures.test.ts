import { describe, expect, it } from 'vitest'
import { faultyEnvironment, SECRET } from '../../test/environments.ts'
import { get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { createApp } from '../app.ts'
import { serve } from '../node/serve.ts'
import type { LogEvent } from '../log-event.ts'
import { inspect } from '../inspect.ts'

const faulty = faultyEnvironment()

function textOf(value: unknown): string {
  return value instanceof Error ? `${value.message} ${textOf(value.cause)}` : JSON.stringify(value ?? '')
}

describe('an environment that fails', () => {
  it.each(['throw', 'reject', 'observation', 'reward', 'circular', 'bigint'])(
    'by %s: answers EXECUTION_ERROR, tells nothing of the cause, logs it, and goes on [OE-2]',
    async (fault) => {
      const logged: LogEvent[] = []
      await using server = await serve(faulty, { port: 0, log: (event) => logged.push(event) })
      await using client = await SocketClient.open(server.url)
      await client.ask('reset', {})
      const answer = await client.ask('step', { fault })
      expect(answer).toMatchObject({ type: 'error', data: { code: 'EXECUTION_ERROR' } })
      expect(answer.data['message']).toMatch(/^The environment /)
      expect(JSON.stringify(answer)).not.toMatch(/secret|gold|42/)
      expect(logged).toHaveLength(1)
      expect(logged[0]).toMatchObject({ level: 'error', session: expect.any(String) })
      expect(logged[0]?.cause).toBeDefined()
      if (fault === 'throw' || fault === 'reject') expect(textOf(logged[0]?.cause)).toContain(SECRET)
      expect(await client.ask('step', { fault: 'none' })).toMatchObject({ type: 'observation' })
    },
  )

  it.each(['throw', 'reject', 'observation', 'reward', 'circular'])(
    'by %s: answers 500 in JSON over HTTP, and keeps the connection [OE-2]',
    async (fault) => {
      const logged: LogEvent[] = []
      const app = createApp(faulty, { log: (event) => logged.push(event) })
      await post(app, '/reset')
      const { status, body } = await post(app, '/step', { fault })
      expect(status).toBe(500)
      expect(body).toMatchObject({
        code: 'EXECUTION_ERROR',
        detail: expect.stringMatching(/^The environment /),
      })
      expect(JSON.stringify(body)).not.toMatch(/secret|gold|42/)
      expect(logged.length).toBe(1)
      expect((await post(app, '/step', { fault: 'none' })).status).toBe(200)
    },
  )

  it('counts no step that failed before it had a result', async () => {
    await using server = await serve(faulty, { port: 0 })
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    for (const fault of ['throw', 'reject', 'observation', 'reward', 'none'])
      await client.ask('step', { fault })
    expect((await client.ask('state')).data).toMatchObject({ step_count: 1 })
  })

  it('to start: says so without the cause, logs it, and can be started after that', async () => {
    const logged: LogEvent[] = []
    await using server = await serve(faulty, { port: 0, log: (event) => logged.push(event) })
    await using client = await SocketClient.open(server.url)
    const answer = await client.ask('reset', { fail: true })
    expect(answer).toMatchObject({ type: 'error', data: { code: 'EXECUTION_ERROR' } })
    expect(JSON.stringify(answer)).not.toMatch(/secret|gold|42/)
    expect(textOf(logged[0]?.cause)).toContain(SECRET)
    expect(await client.ask('step', { fault: 'none' })).toMatchObject({ data: { code: 'EXECUTION_ERROR' } })
    expect(await client.ask('reset', {})).toMatchObject({ type: 'observation' })
    expect((await post(server.url, '/reset', { fail: true })).status).toBe(500)
    expect((await get(server.url, '/health')).status).toBe(200)
    expect(inspect(server).sessions.size).toBe(1)
  })

  it('harms no neighbor', async () => {
    await using server = await serve(faulty, { port: 0 })
    await using neighbor = await SocketClient.open(server.url)
    await neighbor.ask('reset', {})
    await using client = await SocketClient.open(server.url)
    await client.ask('reset', {})
    for (const fault of ['throw', 'reject', 'circular']) {
      client.send('step', { fault })
      expect(await neighbor.ask('step', { fault: 'none' })).toMatchObject({ type: 'observation' })
      expect(await client.next()).toMatchObject({ type: 'error' })
    }
  })
})
