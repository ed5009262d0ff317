import echo from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { get, post } from '../../test/http-client.ts'
import { createApp } from '../app.ts'
import { inspect, inspectAll } from '../inspect.ts'
import { serve } from './serve.ts'

const MODULE = '@openenv-ts/echo'

describe('what is served', () => {
  it.each([
    ['the environment itself', echo],
    ['its package', MODULE],
    ['the URL of its module', new URL(import.meta.resolve(MODULE))],
    ['the environment with options of its own', { environment: echo, options: { maxSessions: 3 } }],
  ])('may be given as %s', async (_how, given) => {
    await using server = await serve(given, { port: 0 })
    expect((await get(server.url, '/metadata')).body).toMatchObject({ name: 'echo' })
    expect((await post(server.url, '/reset', {})).status).toBe(200)
    const [{ url, name }] = server.environments as [(typeof server.environments)[number]]
    expect([name, url]).toEqual(['echo', server.url])
    expect(inspect(server).sessions.max).toBe(typeof given === 'object' && 'options' in given ? 3 : 16_384)
  })

  it.each([1, 2])('is below its name where a list is given, also of %d', async (length) => {
    const list = [MODULE, { ...echo, name: 'other' }].slice(0, length)
    await using server = await serve(list, { port: 0, basePath: '/envs' })
    expect(server.environments.map(({ url }) => url)).toEqual(
      ['echo', 'other'].slice(0, length).map((name) => `${server.url}/${name}`),
    )
    for (const { url, name } of server.environments)
      expect((await get(url, '/metadata')).body).toMatchObject({ name })
  })

  it('says how to begin with each protocol, at the address that clients use', async () => {
    const options = { port: 0, publicUrl: 'https://envs.example.com', agentUrl: 'https://agents.example.com' }
    await using server = await serve([echo, { ...echo, name: 'other' }], options)
    const told = server.environments.map(({ waysIn }) => waysIn.map(({ protocol, url }) => [protocol, url]))
    expect(told[1]).toEqual([
      ['OpenEnv (WebSocket)', 'wss://envs.example.com/other/ws'],
      ['OpenEnv (HTTP)', 'https://envs.example.com/other'],
      ['MCP', 'https://agents.example.com/other/mcp'],
      ['Open Reward Standard', 'https://envs.example.com/other'],
    ])
  })

  it.each([
    ['nothing', [], 'no environment to serve'],
    ['a module that is not there', './nowhere.js', 'cannot be loaded'],
    ['a module without an environment', 'node:path', 'default-exports no environment'],
    ['what is not available', { name: 'gone', unavailable: 'It is gone.' }, 'None of the environments'],
  ])('is not %s', async (_what, given, message) => {
    await expect(serve(given, { port: 0 })).rejects.toThrow(message)
  })

  it.each([echo, [echo], { environment: echo }])(
    'is given by its module where it is isolated: the error says so',
    async (given) => {
      await expect(serve(given, { port: 0, isolation: 'worker' })).rejects.toThrow(
        'Isolation needs to know where executors load "echo" from',
      )
    },
  )
})

describe('the public face of an app', () => {
  it('is fetch, upgrade and close, and nothing else', async () => {
    const app = createApp(echo)
    expect(Object.keys(app).sort()).toEqual(['close', 'fetch', 'upgrade'])
    expect(inspect(app).environment).toBe(echo)
    expect(inspectAll(app)).toHaveLength(1)
    expect(() => inspect({})).toThrow('not what createApp or serve gave')
    await app.close()
  })
})
