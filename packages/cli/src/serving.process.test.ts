import { describe, expect, it } from 'vitest'
import { lines, start } from '../test/command.ts'

const LISTENING = /^Listening on (http:\/\/\S+)\n/

describe('openenv serve', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'says its URL in the first line, serves, and ends well at %s [OE-12]',
    async (signal) => {
      await using server = start(['serve', 'echo', '--port', '0', '--base-path', '/envs/echo'])
      const [, url = ''] = await server.shows(LISTENING)
      expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/envs\/echo$/)
      const reset = await post(`${url}/reset`, {})
      expect(reset).toMatchObject({ observation: { message: '' }, done: false })
      server.kill(signal)
      const { code, stdout } = await server.finished
      expect(code).toBe(0)
      expect(stdout).toContain(`openenv eval ${url}`)
    },
  )

  it('serves several environments, each below its name [IM-12]', async () => {
    await using server = start(['serve', 'echo', 'email-triage', '--port', '0', '--agent-episode'])
    const [, url = ''] = await server.shows(LISTENING)
    await server.shows(/stops it/)
    expect(await post(`${url}/echo/reset`, {})).toMatchObject({ observation: { message: '' } })
    expect(await post(`${url}/email-triage/reset`, {})).toHaveProperty('observation.email_id')
    server.kill('SIGINT')
    const { code, stdout } = await server.finished
    expect(code).toBe(0)
    expect(stdout).toContain(`openenv eval ${url}/email-triage`)
    for (const name of ['echo', 'email-triage']) {
      const addresses = [`${url.replace('http', 'ws')}/${name}/ws`, `${url}/${name}`, `${url}/${name}/mcp`]
      for (const address of addresses) expect(stdout.split(/\s+/)).toContain(address)
      expect(stdout).toContain(`Open Reward Standard  ${url}/${name}\n`)
    }
  })

  it('closes open episodes before it ends', async () => {
    await using server = start(['serve', 'echo', '--port', '0'])
    const [, url = ''] = await server.shows(LISTENING)
    const { WebSocket } = await import('ws')
    const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`)
    const opened = new Promise((resolve) => socket.once('open', resolve))
    const closed = new Promise<number>((resolve) => socket.once('close', resolve))
    await opened
    server.kill('SIGINT')
    expect(await closed).toBe(1001)
    expect((await server.finished).code).toBe(0)
  })

  it('warns on stderr when others can reach it [OE-12]', async () => {
    await using server = start(['serve', 'echo', '--port', '0', '--host', '0.0.0.0'])
    await server.shows(LISTENING)
    await server.shows(/stops it/)
    server.kill('SIGINT')
    const { stderr, stdout } = await server.finished
    expect(stderr).toContain('warning: 0.0.0.0 is reachable from other machines')
    expect(lines(stdout)[0]).toMatch(/^Listening on http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('serves three routes and no others with --routes minimal', async () => {
    await using server = start(['serve', 'echo', '--port', '0', '--routes', 'minimal'])
    const [, url = ''] = await server.shows(LISTENING)
    expect(await post(`${url}/reset`, {})).toMatchObject({ observation: { message: '' } })
    expect((await fetch(`${url}/health`)).status).toBe(404)
  })

  it('leaves reset out with --mode production', async () => {
    await using server = start(['serve', 'echo', '--port', '0', '--mode', 'production'])
    const [, url = ''] = await server.shows(LISTENING)
    expect((await fetch(`${url}/reset`, { method: 'POST' })).status).toBe(404)
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })
})

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  })
  return response.json()
}
