import { echo } from '@openenv-ts/echo'
import { serve } from '@openenv-ts/server/node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { findPlaySource } from './target.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a server with tokens', () => {
  it('is played with the control token of the environment variable, and refused without [OE-21]', async () => {
    await using server = await serve(echo, {
      port: 0,
      tokens: { control: 'for-trainers', agent: 'for-agents' },
    })
    await expect(findPlaySource(server.url)).rejects.toMatchObject({
      message: expect.stringContaining('token') as string,
    })
    vi.stubEnv('OPENENV_CONTROL_TOKEN', 'for-agents')
    await expect(findPlaySource(server.url)).rejects.toMatchObject({
      message: expect.stringContaining('403') as string,
    })
    vi.stubEnv('OPENENV_CONTROL_TOKEN', 'for-trainers')
    const { target } = await findPlaySource(server.url)
    await using episode = await target.open()
    expect((await episode.reset({ seed: 1 })).observation).toEqual({ message: '' })
  })
})
