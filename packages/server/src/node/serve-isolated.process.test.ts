import { fileURLToPath } from 'node:url'
import { echo } from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { get, post } from '../../test/http-client.ts'
import type { LogEvent } from '../log-event.ts'
import { serve } from './serve.ts'

/** Executors run TypeScript here. */
const execArgv = [
  '--conditions=@openenv-ts/source',
  '--import',
  fileURLToPath(new URL('../../../cli/test/sources.js', import.meta.url)),
]
const SURROUNDINGS = new URL('../../test/isolation/surroundings.ts', import.meta.url)

describe.each(['worker', 'process'] as const)('serve with isolation by %s', (kind) => {
  const isolation = { kind, execArgv, workers: 1 }

  it('runs episodes elsewhere, of an environment that is named once', async () => {
    await using server = await serve(SURROUNDINGS, { port: 0, isolation })
    const { body } = await post(server.url, '/reset', {})
    const { pid, thread } = body['observation'] as { pid: number; thread: number | null }
    expect([pid === process.pid, thread === null]).toEqual(kind === 'worker' ? [true, false] : [false, true])
  })

  it('serves what can be started where another of the list cannot [OE-23]', async () => {
    const logged: LogEvent[] = []
    const broken = { environment: { ...echo, name: 'broken' }, module: './secret/nowhere.js' }
    await using server = await serve(['@openenv-ts/echo', broken], {
      port: 0,
      isolation,
      log: (event) => logged.push(event),
    })
    expect(server.environments.map(({ unavailable }) => unavailable)).toEqual([
      undefined,
      'It could not be started; the log of the server says why.',
    ])
    expect((await post(server.url, '/echo/reset', {})).status).toBe(200)
    const { status, body } = await post(server.url, '/broken/reset', {})
    expect([status, body['code']]).toEqual([500, 'FACTORY_ERROR'])
    expect(JSON.stringify([body, (await get(server.url, '/metadata')).body])).not.toContain('nowhere')
    expect(logged).toContainEqual(expect.objectContaining({ message: expect.stringContaining('"broken"') }))
  })

  it('fails where the only environment cannot be started', async () => {
    const broken = { environment: echo, module: './nowhere.js' }
    await expect(serve(broken, { port: 0, isolation })).rejects.toMatchObject({ code: 'FACTORY_ERROR' })
    await expect(serve([broken], { port: 0, isolation })).rejects.toMatchObject({ code: 'FACTORY_ERROR' })
  })
})
