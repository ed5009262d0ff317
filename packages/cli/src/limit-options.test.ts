import { echo } from '@openenv-ts/echo'
import { createApp } from '@openenv-ts/server'
import { serve, type ListenOptions } from '@openenv-ts/server/node'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openenv } from '../test/in-process.ts'
import { LIMIT_OPTIONS } from './limit-options.ts'

vi.mock(import('@openenv-ts/server/node'), async (original) => ({ ...(await original()), serve: vi.fn() }))
afterEach(() => vi.mocked(serve).mockReset())

const FLAGS = Object.entries(LIMIT_OPTIONS).map(([limit, { long }]) => ({ limit, flag: long ?? '' }))

/** What `openenv serve` asks the server for; it does not listen here. */
async function asked(
  ...args: string[]
): Promise<{ code: number | null; stderr: string; options?: ListenOptions }> {
  vi.mocked(serve).mockRejectedValue(new RangeError('asked'))
  const { code, stderr } = await openenv(['serve', 'echo', ...args])
  const options = vi.mocked(serve).mock.calls.at(-1)?.[1]
  return { code, stderr, ...(options === undefined ? {} : { options }) }
}

describe('the limits of a server', () => {
  it('each have a flag', async () => {
    const app = createApp(echo)
    expect(Object.keys(LIMIT_OPTIONS).sort()).toEqual(Object.keys(app.limits).sort())
    await app.close()
  })

  it.each(FLAGS)('$flag sets limits.$limit, and nothing else', async ({ limit, flag }) => {
    expect((await asked(flag, '2048')).options?.limits).toEqual({ [limit]: 2048 })
  })

  it.each(FLAGS)('$flag is refused out of its range', async ({ flag }) => {
    for (const value of ['-1', '1.5', 'x', '99999999999']) {
      const { code, stderr, options } = await asked(`${flag}=${value}`)
      expect(code).toBe(2)
      expect(stderr).toMatch(new RegExp(`${flag}.*Give a whole number from \\d+ to \\d+`, 's'))
      expect(options).toBeUndefined()
    }
  })

  it('are those of the server where no flag is given', async () => {
    expect((await asked()).options?.limits).toEqual({})
  })
})
