import { openLocal } from '@openenv-ts/core'
import { checkEnvironment, episodeSuite } from '@openenv-ts/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baseline, echo, oracle } from './index.ts'

describe('echo', () => {
  it('keeps the contract', () =>
    expect(checkEnvironment(echo)).resolves.toHaveProperty('environment', 'echo'))

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
      expect(await episode.state()).toHaveProperty('stepCount', 0)
    },
  )

  it('takes a message of any legal length [OE-6a]', async () => {
    await using episode = openLocal(echo)
    await episode.reset()
    for (const length of [0, 1, 15_000_000]) {
      const message = 'é'.repeat(length)
      expect((await episode.step({ message })).observation.message === message).toBe(true)
    }
  })

  it('has a baseline that talks, and an oracle that earns all there is: nothing', async () => {
    for (const policy of [baseline, oracle]) {
      await using episode = openLocal(echo)
      let { observation } = await episode.reset()
      const said: string[] = []
      for (let step = 0; step < 3; step += 1) {
        const reply = await episode.step(policy(observation))
        expect(reply.reward).toBe(0)
        observation = reply.observation
        said.push(observation.message)
      }
      expect(said).toEqual(['Hello.', 'Hello.', 'Hello.'])
    }
  })
})

describe('a local episode of echo', () => {
  for (const { name, run } of episodeSuite(echo, () => openLocal(echo)))
    it(name, () => expect(run()).resolves.toBeUndefined())
})
