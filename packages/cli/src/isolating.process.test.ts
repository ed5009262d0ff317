import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { folder, start } from '../test/command.ts'

const LISTENING = /^Listening on (http:\/\/\S+)\n/
/** TypeScript, so that it can only be loaded as the command loads files; it prints, imports a neighbor, and can get stuck. */
const FILES = {
  'env.ts': `import { definePureEnvironment } from '@openenv-ts/core'
import { isMainThread } from 'node:worker_threads'
import { z } from 'zod'
import { places } from './places.js'
console.log('loading')
const Shown = z.strictObject({ pid: z.int(), main: z.boolean(), count: z.int() })
export default definePureEnvironment({
  name: 'where', description: 'Shows where it runs.', observation: Shown, state: Shown,
  action: z.strictObject({ stuck: z.boolean() }),
  initial: () => ({ ...places(), main: isMainThread, count: 0 }),
  transition: ({ count }, { stuck }) => {
    while (stuck);
    return { ...places(), main: isMainThread, count: count + 1 }
  },
  observe: (state) => state, reward: {}, status: () => 'running',
})
`,
  'places.ts': 'export const places = (): { pid: number } => ({ pid: process.pid })',
}

interface Answer {
  readonly observation: { readonly pid: number; readonly main: boolean; readonly count: number }
}

describe('openenv serve --isolation', () => {
  it.each(['worker', 'process'])(
    '%s keeps a TypeScript file that gets stuck away from other sessions',
    async (kind) => {
      await using here = await folder(FILES)
      const flags = ['--isolation', kind, '--workers', '1', '--step-seconds', '2']
      await using server = start(['serve', './env.ts', '--port', '0', ...flags], { cwd: here.path })
      const [, url = ''] = await server.shows(LISTENING)
      const stuck = await session(url)
      const other = await session(url)
      const first = await step(url, stuck, { stuck: false })
      expect(first.body).toMatchObject({ observation: { main: kind === 'process', count: 1 } })

      const held = step(url, stuck, { stuck: true })
      for (let count = 1; count <= 20; count += 1) {
        expect((await step(url, other, { stuck: false })).body).toMatchObject({ observation: { count } })
      }
      expect(await held).toMatchObject({
        status: 504,
        body: { code: 'TIMEOUT', detail: 'The step took longer than 2 s.' },
      })
      expect((await step(url, stuck, { stuck: false })).status).toBe(409)

      server.kill('SIGTERM')
      const { code, stdout, stderr } = await server.finished
      expect(code).toBe(0)
      expect(stdout).not.toContain('loading')
      expect(stderr).toContain('loading')
      const { pid } = (first.body as Answer).observation
      expect(kind === 'process' && isRunning(pid)).toBe(false)
    },
  )

  it('inline shows no token to the environment, whether it stands in a variable or in a file', async () => {
    const env = FILES['env.ts'].replace(
      "console.log('loading')",
      "console.log('tokens:', Object.keys(process.env).filter((name) => name.includes('_TOKEN')).join())",
    )
    await using here = await folder({ ...FILES, 'env.ts': env, token: 'for-scrapers' })
    await using server = start(['serve', './env.ts', '--port', '0'], {
      cwd: here.path,
      env: { OPENENV_CONTROL_TOKEN: 'for-trainers', OPENENV_OPERATOR_TOKEN_FILE: 'token' },
    })
    await server.shows(/Listening on /)
    server.kill('SIGTERM')
    const { stdout, stderr } = await server.finished
    expect(stdout + stderr).toMatch(/^tokens: $/m)
  })

  it('worker serves a built-in environment', async () => {
    await using server = start(['serve', 'echo', '--port', '0', '--isolation', 'worker', '--workers', '1'])
    const [, url = ''] = await server.shows(LISTENING)
    const id = await session(url)
    const { body } = await step(url, id, { message: 'hello' })
    expect(body).toMatchObject({ observation: { message: 'hello' } })
  })
})

async function session(url: string): Promise<string> {
  const id = crypto.randomUUID()
  const response = await fetch(`${url}/reset`, { method: 'POST', headers: { 'X-Session-ID': id } })
  expect(response.status).toBe(200)
  await response.arrayBuffer()
  return id
}

async function step(url: string, id: string, action: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${url}/step`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Session-ID': id },
    body: JSON.stringify({ action }),
  })
  return { status: response.status, body: await response.json() }
}

/** A process that is only not buried yet does not run. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))
  } catch {
    return false
  }
}
