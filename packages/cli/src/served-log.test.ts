import emailTriage from '@openenv-ts/email-triage'
import { oracle } from '@openenv-ts/email-triage'
import { serve } from '@openenv-ts/server/node'
import { connect } from '@openenv-ts/client'
import { expect, it } from 'vitest'
import { jsonLog } from './json-log.ts'

it('a whole episode over every route leaves no token, capability, session or gold answer in the log', async () => {
  const lines: string[] = []
  const tokens = { control: 'control-t0ken', agent: 'agent-t0ken', operator: 'operator-t0ken' }
  const log = jsonLog(Object.values(tokens), (line) => lines.push(line))
  const answers: string[] = []
  const secrets: string[] = Object.values(tokens)
  const broken = {
    ...emailTriage,
    // Fails in the middle, with everything that it knows in the text of its error.
    start: async (context: Parameters<typeof emailTriage.start>[0]) => {
      if (context.seed === 13) throw new Error(`The token is ${tokens.agent}, said the environment.`)
      return emailTriage.start(context)
    },
  }
  {
    await using server = await serve(broken, { port: 0, tokens, log })
    const headers = { authorization: `Bearer ${tokens.control}` }
    const post = async (path: string, body: unknown) =>
      (await (
        await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
      ).json()) as Record<string, unknown>
    await using episode = await connect(server.url, { environment: emailTriage, token: tokens.control })
    let reply = await episode.reset({ taskId: 'task_easy' })
    while (!reply.done) {
      const action = oracle(reply.observation)
      answers.push(action.summary)
      reply = await episode.step(action)
    }
    await expect(episode.step({} as never)).rejects.toThrow()
    await expect(episode.reset({ seed: 13 })).rejects.toThrow()
    const opened = await post('/sessions', { task_id: 'task_hard' })
    secrets.push(String(opened['agent_url']).split('/').at(-2) ?? '', String(opened['session_id']))
    const call = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'act', arguments: { label: 1 } },
    }
    await fetch(String(opened['agent_url']), { method: 'POST', body: JSON.stringify(call) })
    secrets.push('named-by-its-holder')
    await post('/reset', { session_id: 'named-by-its-holder', seed: 13 })
    await post('/reset', { task_id: 'nowhere' })
    await fetch(`${server.url}/reset`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokens.agent}` },
    })
  }
  // The two failures, and nothing for what clients did wrong.
  expect(lines).toHaveLength(2)
  const text = lines.join('')
  expect(text).toContain('[redacted]')
  expect(answers.length).toBeGreaterThan(3)
  for (const secret of [...secrets, ...answers]) expect(text).not.toContain(secret)
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ level: 'error', time: expect.any(String) })
})
