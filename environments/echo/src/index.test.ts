import { openLocal } from '@openenv-ts/core'
import { checkEnvironment } from '@openenv-ts/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { echo } from './index.ts'

describe('echo', () => {
  it('keeps the contract', () => checkEnvironment(echo))

  it('says every text back as it was, for nothing, and never ends [OE-6a]', async () => {
    await using episode = openLocal(echo)
    await episode.reset()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (message) => {
        const { observation, reward, status } = await episode.step({ message })
        expect({ observation, reward, status }).toEqual({
          observation: { message },
          reward: 0,
          status: 'running',
        })
      }),
    )
  })

  it.each([{}, { message: 1 }, { message: null }, { message: 'a', more: 'b' }])(
    'refuses %j and counts nothing [OE-6a] [OE-3]',
    async (action) => {
      await using episode = openLocal(echo)
      await episode.reset()
      await expect(episode.step(action as { message: string })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
      })
      expect(await episode.state()).toHaveProperty('step_count', 0)
    },
  )
})
