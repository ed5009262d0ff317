import { openLocal } from '@openenv-ts/core'
import emailTriage, { oracle } from '@openenv-ts/email-triage'
import { describe, expect, it } from 'vitest'
import { isolate } from '../../test/isolation/isolate.ts'
import { misbehaving } from '../../test/isolation/misbehaving.ts'
import { OrsClient } from '../../test/ors-client.ts'
import { createApp } from '../app.ts'

describe('ORS over environments that run elsewhere', () => {
  it('gives the rewards that an episode in this thread gives', async () => {
    await using isolation = await isolate('worker', '@openenv-ts/email-triage')
    const app = createApp(emailTriage, { openEpisode: () => isolation.openEpisode() })
    const client = new OrsClient(app, 'email-triage')
    await client.create({ split: 'canonical', index: 0 })
    await using local = openLocal(emailTriage)
    let { observation, done } = await local.reset({ split: 'canonical', index: 0 })
    const [block] = (await client.get('/email-triage/prompt')).body as unknown as { text: string }[]
    expect(block?.text).toContain(JSON.stringify(observation))
    while (!done) {
      const action = oracle(observation)
      const reply = await local.step(action)
      const { reward, done: finished, info: metadata } = reply
      expect(await client.call('act', action)).toMatchObject({
        ok: true,
        output: { reward, finished, metadata },
      })
      ;({ observation, done } = reply)
    }
    await app.close()
  })

  it('sends an error event to the session whose environment ends its process, and only to that one', async () => {
    await using isolation = await isolate('worker', './misbehaving.ts', { stepSeconds: 2 })
    const app = createApp(misbehaving, { openEpisode: () => isolation.openEpisode() })
    const clients = ['exit', 'never_return', 'behave'].map(
      (way) => [way, new OrsClient(app, 'misbehaving')] as const,
    )
    for (const [, client] of clients) expect((await client.create()).status).toBe(200)
    for (const [way, client] of clients) {
      const answer = await client.call('act', { way })
      expect([way, answer]).toMatchObject([way, way === 'behave' ? { ok: true } : { event: 'error' }])
    }
    await app.close()
  })
})
