import { echo } from '@openenv-ts/echo'
import { emailTriage } from '@openenv-ts/email-triage'
import type { AnyEnvironment } from '@openenv-ts/core'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { LogEvent } from '../log-event.ts'
import { get, post } from '../../test/http-client.ts'
import { SocketClient } from '../../test/socket-client.ts'
import { serve } from './serve.ts'
import { inspectAll } from '../inspect.ts'

const both = [{ environment: echo }, { environment: emailTriage }]

describe('several environments behind one listener', () => {
  it('are each whole below their name, over HTTP and WebSocket', async () => {
    await using server = await serve(both, { port: 0 })
    expect((await get(server.url, '/echo/metadata')).body).toMatchObject({ name: 'echo' })
    expect((await get(server.url, '/email-triage/metadata')).body).toMatchObject({ name: 'email-triage' })
    await using socket = await SocketClient.open(`${server.url}/echo`)
    expect(await socket.ask('reset', {})).toMatchObject({ data: { observation: { message: '' } } })
    expect(inspectAll(server).map(({ sessions }) => sessions.size)).toEqual([1, 0])
  })

  it.each(['', '/envs'])('are listed at the root, below %j [OE-23]', async (basePath) => {
    await using server = await serve(both, { port: 0, basePath })
    expect((await get(server.url, '/health')).status).toBe(200)
    expect((await get(server.url, '/metadata')).body).toMatchObject({
      environments: [
        { name: 'echo', version: echo.version, url: `${server.url}/echo` },
        { name: 'email-triage', description: emailTriage.description, url: `${server.url}/email-triage` },
      ],
    })
    expect((await get(server.url, '/list_environments')).body).toEqual(['echo', 'email-triage'])
    for (const path of ['', '/', '/web']) {
      const page = await fetch(server.url + path)
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
      expect(await page.text()).toContain(`href="${server.url}/email-triage"`)
    }
  })

  it('leave the root with nothing else, and each plane closed to others', async () => {
    const tokens = { control: 'for-trainers', agent: 'for-agents' }
    await using server = await serve(both, { port: 0, tokens })
    const as = (token: string) => ({ authorization: `Bearer ${token}` })
    for (const path of ['/', '/web', '/metadata', '/list_environments'])
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, 401])
    expect((await get(server.url, '/metadata', as('for-agents'))).status).toBe(200)
    expect((await get(server.url, '/list_environments', as('for-agents'))).status).toBe(403)
    for (const path of ['/schema', '/echoes/metadata', '/echo-two'])
      expect((await get(server.url, path, as('for-trainers'))).status).toBe(404)
    expect((await post(server.url, '/reset', {})).status).toBe(404)
    await expect(SocketClient.open(server.url)).rejects.toThrow('404')
  })

  it('keep their checks of tokens, base path and addresses for agents [OE-21]', async () => {
    const tokens = { control: 'for-trainers' }
    await using server = await serve(both, { port: 0, basePath: '/envs', agentPort: 0, tokens })
    expect((await post(server.url, '/echo/reset', {})).status).toBe(401)
    const headers = { authorization: 'Bearer for-trainers' }
    const opened = await post(server.url, '/echo/sessions', {}, headers)
    const { agent_url: agentUrl } = opened.body as { agent_url: string }
    expect(agentUrl).toMatch(new RegExp(`^${server.agentUrl}/echo/agent/`))
    expect(server.url).toMatch(/\/envs$/)
  })

  it('go on where one cannot be loaded: its own resets are refused with a structured error [OE-23]', async () => {
    const logged: LogEvent[] = []
    const cause = new Error('secret-in-an-exception')
    const reason =
      'broken.ts\n cannot be loaded: /home/someone/envs/broken.ts throws\u001b[31m an error (line 3).'
    const broken = { name: 'broken', unavailable: reason, cause }
    const undescribable = { ...echo, name: 'undescribable', action: z.strictObject({ at: z.date() }) }
    await using server = await serve(
      [{ environment: echo }, broken, { environment: undescribable as unknown as AnyEnvironment }],
      { port: 0, log: (event) => logged.push(event), agentEpisode: '' },
    )
    const says =
      'The environment "broken" is not available: … cannot be loaded: … throws\\u001b[31m an error (line 3).'
    for (const path of ['/broken/reset', '/broken/sessions']) {
      const { status, body } = await post(server.url, path, { seed: 1 })
      expect([path, status, body]).toEqual([path, 500, { detail: says, code: 'FACTORY_ERROR' }])
    }
    await using socket = await SocketClient.open(`${server.url}/broken`)
    expect(await socket.ask('reset', {})).toEqual({
      type: 'error',
      data: { message: says, code: 'FACTORY_ERROR' },
    })
    const { body } = await post(server.url, '/undescribable/reset', {})
    expect(body).toMatchObject({ code: 'FACTORY_ERROR', detail: expect.stringContaining('no JSON Schema') })
    expect(inspectAll(server).map(({ sessions }) => sessions.size)).toEqual([0, 1, 0])
    expect((await post(server.url, '/echo/reset', {})).status).toBe(200)

    expect((await get(server.url, '/metadata')).body['environments']).toMatchObject([
      { name: 'echo', available: true },
      {
        name: 'broken',
        available: false,
        version: null,
        description: expect.stringContaining('not available'),
      },
      { name: 'undescribable', available: false },
    ])
    expect((await get(server.url, '/list_environments')).body).toEqual(['echo'])
    expect((await get(server.url, '/broken/metadata')).body).toMatchObject({
      name: 'broken',
      available: false,
    })
    expect((await get(server.url, '/broken/health')).status).toBe(503)
    expect((await get(server.url, '/health')).status).toBe(200)
    expect(await (await fetch(server.url)).text()).toContain('not available')
    expect(await (await fetch(`${server.url}/broken`)).text()).not.toContain('npx openenv eval')
    const listed = await Promise.all(
      ['/', '/metadata', '/broken', '/broken/metadata'].map(async (path) =>
        (await fetch(server.url + path)).text(),
      ),
    )
    for (const secret of ['secret-in-an-exception', '/home/someone'])
      expect(listed.join('')).not.toContain(secret)
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('"broken"'), cause }),
    )
  })

  it('are not served when none of them is available, nor under what is no name, nor is a mistake in the options one of theirs', async () => {
    const none = { name: 'broken', unavailable: 'It is not there.' }
    await expect(serve([none, { ...none, name: 'other' }], { port: 0 })).rejects.toThrow(
      'None of the environments',
    )
    await expect(serve([...both, { ...none, name: '../x' }], { port: 0 })).rejects.toThrow('no name')
    await expect(serve([...both, none], { port: 0, limits: { connections: -1 } })).rejects.toThrow()
  })

  it('must have different names', async () => {
    await expect(serve([{ environment: echo }, { environment: echo }], { port: 0 })).rejects.toThrow(
      'Two environments have the name "echo".',
    )
  })
})
