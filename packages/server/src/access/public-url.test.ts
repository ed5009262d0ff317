import { echo } from '@openenv-ts/echo'
import { describe, expect, it } from 'vitest'
import { post } from '../../test/http-client.ts'
import { createApp } from '../app.ts'
import { serve } from '../node/serve.ts'
import type { ListenOptions } from '../node/listen-options.ts'

const TLS = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'envs.example.com' }

/** Where an agent is sent by a server on loopback that a proxy on loopback calls. */
async function agentUrl(options: ListenOptions, headers: Readonly<Record<string, string>> = {}) {
  await using server = await serve(echo, {
    port: 0,
    allowedHosts: ['127.0.0.1', 'envs.example.com'],
    ...options,
  })
  const { body } = await post(server.url, '/sessions', {}, headers)
  return String(body['agent_url'])
    .replace(String(server.port), 'PORT')
    .replace(/\/agent\/[\w-]{43}\/mcp$/, '')
}

describe('the address that agents are given', () => {
  it('is the one that the request was sent to', async () => {
    expect(await agentUrl({ basePath: '/lab' })).toBe('http://127.0.0.1:PORT/lab')
  })

  it('is the public one, with its path, whatever the request says', async () => {
    const publicUrl = 'https://envs.example.com:8443/envs/lab/'
    expect(await agentUrl({ basePath: '/lab', publicUrl })).toBe('https://envs.example.com:8443/envs/lab')
  })

  it('is the one for agents, where they have an address of their own', async () => {
    const urls = { publicUrl: 'https://envs.example.com', agentUrl: 'https://agents.example.com/x' }
    expect(await agentUrl({ ...urls, agentPort: 0 })).toBe('https://agents.example.com/x')
  })

  it('is what a trusted proxy says', async () => {
    expect(await agentUrl({ trustProxy: ['loopback'], basePath: '/lab' }, TLS)).toBe(
      'https://envs.example.com/lab',
    )
  })

  it.each([{}, { trustProxy: ['10.0.0.0/8'] }])(
    'is not what any other peer says, with %j',
    async (options) => {
      expect(await agentUrl(options, { ...TLS, forwarded: 'proto=https;host=evil.example' })).toBe(
        'http://127.0.0.1:PORT',
      )
    },
  )
})

describe('the host check', () => {
  it('judges the host that a trusted proxy tells', async () => {
    await using server = await serve(echo, {
      port: 0,
      allowedHosts: ['envs.example.com'],
      trustProxy: ['loopback'],
    })
    expect((await post(server.url, '/reset', {}, TLS)).status).toBe(200)
    expect(
      (await post(server.url, '/reset', {}, { ...TLS, 'x-forwarded-host': 'evil.example' })).status,
    ).toBe(403)
    expect((await post(server.url, '/reset', {})).status).toBe(403)
  })

  it('lets the name of the public address in, and loopback as before', async () => {
    await using server = await serve(echo, { port: 0, publicUrl: 'https://envs.example.com' })
    expect((await post(server.url, '/reset', {})).status).toBe(200)
    await using proxied = await serve(echo, {
      port: 0,
      publicUrl: 'https://envs.example.com',
      trustProxy: 1,
    })
    expect((await post(proxied.url, '/reset', {}, TLS)).status).toBe(200)
  })
})

it.each(['envs.example.com', 'ftp://a', 'https://a?b', 'https://a#b', 'https://me:secret@a', ''])(
  'refuses %j as an address',
  (publicUrl) => {
    expect(() => createApp(echo, { publicUrl })).toThrow(RangeError)
  },
)
