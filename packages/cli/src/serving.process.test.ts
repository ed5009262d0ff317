import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { folder, lines, start } from '../test/command.ts'

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

  it.each(['inline', 'worker'])(
    'goes on without those of several that cannot be loaded, each of which says why itself, %s [OE-23]',
    async (isolation) => {
      await using made = await folder({
        'missing-import.ts': `import 'not-installed-at-all'\nexport default 1`,
        'throws.ts': `const key = 'sk-live-1234'\n\nthrow new TypeError('no \\u001b[31m way with ' + key)`,
        'syntax.ts': 'export default {',
        'nothing.ts': 'export const one = 1',
        'odd.mjs': 'export default 42',
        'typo.ts': `import { definePureEnvironment } from '@openenv-ts/core'\nexport default definePureEnvironment({ name: 'typo', limitz: {} })`,
        'echo.ts': `throw 'a text'`,
      })
      const broken: Readonly<Record<string, RegExp>> = {
        'missing-import.ts': /imports "not-installed-at-all", which is not installed/,
        'throws.ts': /it throws an error \(line 3\)/,
        'syntax.ts': /it is not valid TypeScript or JavaScript/,
        'nothing.ts': /has no default export/,
        'odd.mjs': /default-exports a number, which is not an environment/,
        'typo.ts': /its definition is invalid: .*limitz/,
        'not-there.ts': /There is no file at the path/,
        'echo.ts': /throws what is not an error/,
      }
      const files = Object.keys(broken).map((name) => join(made.path, name))
      await using server = start(['serve', 'echo', ...files, '--port', '0', '--isolation', isolation])
      const [, url = ''] = await server.shows(LISTENING)
      await server.shows(/stops it/)
      expect(await post(`${url}/echo/reset`, {})).toMatchObject({ observation: { message: '' } })
      const listing = (await (await fetch(`${url}/metadata`)).json()) as {
        environments: { name: string; available: boolean }[]
      }
      const names = ['missing-import', 'throws', 'syntax', 'nothing', 'odd', 'typo', 'not-there', 'echo-2']
      expect(listing.environments.map(({ name, available }) => [name, available])).toEqual([
        ['echo', true],
        ...names.map((name) => [name, false]),
      ])
      const told: string[] = [JSON.stringify(listing)]
      for (const [at, reason] of Object.values(broken).entries()) {
        const name = names[at] ?? ''
        const answer = (await post(`${url}/${name}/reset`, {})) as { code: string; detail: string }
        expect(answer).toEqual({ code: 'FACTORY_ERROR', detail: expect.stringMatching(reason) })
        expect(answer.detail).toMatch(new RegExp(`^The environment "${name}" is not available: [^\\n]+$`))
        told.push(JSON.stringify(answer))
      }
      for (const secret of ['sk-live-1234', made.path, process.cwd(), '.ts', '\\u001b'])
        expect(told.join('')).not.toContain(secret)
      server.kill('SIGINT')
      const { code, stdout, stderr } = await server.finished
      expect(code).toBe(0)
      expect(stdout).toContain('throws: not available: It cannot be loaded: it throws an error')
      expect(stderr).toContain('way with sk-live-1234')
      expect(stdout + stderr).not.toContain('\u001b')
    },
  )

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
