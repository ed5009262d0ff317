import { access, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { folder, type Folder } from '../test/command.ts'
import { openenv } from '../test/in-process.ts'
import { loadEnvironment } from './environment.ts'
import { importersFrom } from './importers.ts'
import { importPackage } from './module.ts'
import { replayRun } from './replaying.ts'
import { findPlaySource, findTarget } from './target.ts'

/** Leaves a file `ran` where it lies, whoever loads it and whatever they make of it. */
const EVIL = "require('node:fs').writeFileSync(require('node:path').join(__dirname, 'ran'), '')\n"
const MANIFEST = {
  schema_version: 1,
  created_at: '2026-01-01T00:00:00.000Z',
  settings: {
    ...{ env: 'x', env_version: null, url: null, policy: 'p', policy_settings: {}, model: null, seed: 0 },
    ...{ tasks: [{ task_id: null, split: null }], repeats: 1, group: false },
    limits: { steps: null, seconds: null, tokens: null, invalid_actions: 1 },
  },
  versions: {},
}

/** A working directory with an installed package, and what a stranger put into it and beside it. */
async function workplace(): Promise<Folder & { readonly ran: () => Promise<boolean> }> {
  const here = await folder({
    'w/node_modules/nope/package.json': '{ "name": "nope", "main": "index.js" }',
    'w/node_modules/nope/index.js': EVIL,
    'w/node_modules/@openenv-ts/nope/package.json': '{ "name": "@openenv-ts/nope", "main": "index.js" }',
    'w/node_modules/@openenv-ts/nope/index.js': EVIL,
    'w/node_modules/leads-out/package.json': '{ "name": "leads-out", "main": "../../runs/dl/evil.js" }',
    'w/runs/dl/evil.js': EVIL,
    'w/runs/dl/evil.cjs': EVIL,
    'w/runs/dl/package.json': '{ "name": "dl", "main": "evil.js" }',
    'w/runs/dl/episodes.jsonl': '',
    'outside/evil.js': EVIL,
    'outside/package.json': '{ "name": "linked", "main": "evil.js" }',
  })
  await symlink(join(here.path, 'outside'), join(here.path, 'w/node_modules/linked'))
  await symlink(join(here.path, 'w/runs/dl'), join(here.path, 'w/node_modules/in-workspace'))
  vi.spyOn(process, 'cwd').mockReturnValue(join(here.path, 'w'))
  const places = ['w/node_modules/nope', 'w/node_modules/@openenv-ts/nope', 'w/runs/dl', 'outside']
  return {
    ...here,
    [Symbol.asyncDispose]: () => here[Symbol.asyncDispose](),
    ran: async () =>
      (
        await Promise.all(
          places.map((place) =>
            access(join(here.path, place, 'ran')).then(
              () => true,
              () => false,
            ),
          ),
        )
      ).includes(true),
  }
}

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const PATHS_AS_NAMES = [
  'nope/../../runs/dl/evil',
  'nope/../../runs/dl/evil.x',
  'nope/../nope/index',
  'nope/./index',
  'nope//index',
  'nope/index',
  'nope/index.x',
  '@openenv-ts/../../runs/dl/evil',
  '@openenv-ts/nope/../../../runs/dl/evil',
  '@openenv-ts/nope/index',
  '@../../runs/dl/evil',
  'nope/%2e%2e/%2e%2e/runs/dl/evil',
  'nope%2findex',
  'nope\\..\\..\\runs\\dl\\evil',
  'nope\\index',
  'node_modules',
  'nope/',
  '/',
  '',
  ' nope',
  'nope\n',
]

describe('a name', () => {
  it.each(PATHS_AS_NAMES)(
    'that is a path into a package is refused wherever a name is taken: %j',
    async (name) => {
      await using here = await workplace()
      await expect(importPackage(name)).resolves.toBeUndefined()
      if (name !== '/' && name !== '' && name !== 'nope/')
        await expect(loadEnvironment(name)).rejects.toMatchObject({ name: 'UsageError' })
      await expect(importersFrom(name)).rejects.toMatchObject({ name: 'UsageError' })
      expect(await here.ran()).toBe(false)
    },
  )

  it.each([
    ['linked', 'outside'],
    ['leads-out', 'outside its folder'],
  ])('of a package that leads elsewhere is refused before anything is loaded: %s', async (name, says) => {
    await using here = await workplace()
    await expect(loadEnvironment(name)).rejects.toThrow(says)
    expect(await here.ran()).toBe(false)
  })

  it.each(['nope', 'in-workspace'])(
    'that the user typed loads the package, also of a workspace: %s',
    async (name) => {
      await using here = await workplace()
      await expect(loadEnvironment(name)).rejects.toThrow('not an environment')
      expect(await here.ran()).toBe(true)
    },
  )
})

/** What a manifest may say of where its run was played. */
const SOURCES: readonly { readonly env: string; readonly source?: string; readonly url?: string }[] = [
  ...PATHS_AS_NAMES.map((env) => ({ env })),
  ...PATHS_AS_NAMES.map((source) => ({ env: 'x', source })),
  { env: 'nope' },
  { env: 'x', source: 'nope' },
  { env: 'x', source: './runs/dl/evil.js' },
  { env: 'x', source: './runs/dl/evil.cjs' },
  { env: 'x', source: 'runs/dl' },
  { env: 'x', source: '.' },
  { env: 'echo', source: './runs/dl/evil.js' },
  { env: 'x', source: 'http://127.0.0.1:9/' },
  { env: 'echo', url: 'http://127.0.0.1:9' },
]

describe('a run that somebody else made', () => {
  it.each(SOURCES)('chooses no code and no server: %j', async ({ env, source, url = null }) => {
    await using here = await workplace()
    const dir = join(here.path, 'w/runs/dl')
    const settings = { ...MANIFEST.settings, env, url }
    const manifest = { ...MANIFEST, settings, ...(source === undefined ? {} : { source }) }
    await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest))
    const fetched = vi.spyOn(globalThis, 'fetch')
    await expect(replayRun(dir, {})).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining('--env') as string,
    })
    expect(await here.ran()).toBe(false)
    expect(fetched).not.toHaveBeenCalled()
  })

  it('of a built-in environment is replayed without more words', async () => {
    await using here = await workplace()
    const dir = join(here.path, 'w/runs/dl')
    await writeFile(
      join(dir, 'manifest.json'),
      JSON.stringify({ ...MANIFEST, settings: { ...MANIFEST.settings, env: 'echo' } }),
    )
    expect(await replayRun(dir, { json: true })).toBe(0)
  })
})

/** A server that calls its environment as it likes, and keeps what it was sent. */
async function strangeServer(name: string): Promise<AsyncDisposable & { url: string; heard: string[] }> {
  const heard: string[] = []
  const schema = { type: 'object', properties: {} }
  const answers: Readonly<Record<string, unknown>> = {
    '/health': { status: 'healthy' },
    '/metadata': { name, description: '', version: '1' },
    '/schema': { action: schema, observation: schema, state: schema },
  }
  const server: Server = createServer((request, response) => {
    heard.push(`${String(request.url)} ${String(request.headers.authorization)}`)
    const answer = answers[request.url ?? '']
    response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer ?? { detail: 'Not Found' }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a server that somebody else runs', () => {
  it('chooses no code of this machine by the name that it answers', async () => {
    await using here = await workplace()
    for (const name of [...PATHS_AS_NAMES, 'nope', '@openenv-ts/nope']) {
      await using server = await strangeServer(name)
      expect((await findPlaySource(server.url)).module).toBeUndefined()
      expect((await findTarget(server.url)).name).toBe(name)
    }
    expect(await here.ran()).toBe(false)
  })

  it('has the policies of a built-in environment by its name, and of others where the user typed --env [OE-17]', async () => {
    await using echo = await strangeServer('echo')
    await using other = await strangeServer('other')
    expect((await findPlaySource(echo.url)).module?.environment.name).toBe('echo')
    expect((await findPlaySource(other.url, { env: 'email-triage' })).module?.exports).toHaveProperty(
      'baseline',
    )
    await expect(findPlaySource('echo', { env: 'echo' })).rejects.toThrow('--env is for a URL')
  })

  it('gets the token of the user only where the user typed its URL', async () => {
    await using here = await workplace()
    await using server = await strangeServer('x')
    vi.stubEnv('OPENENV_CONTROL_TOKEN', 'secret')
    const dir = join(here.path, 'w/runs/dl')
    const settings = { ...MANIFEST.settings, url: server.url }
    await writeFile(join(dir, 'manifest.json'), JSON.stringify({ ...MANIFEST, settings }))
    await expect(replayRun(dir, {})).rejects.toThrow('--env URL')
    expect(server.heard).toEqual([])
    await findTarget(server.url)
    expect(server.heard).toContain('/health Bearer secret')
  })
})

it('the command says what a run says of itself, with its controls escaped', async () => {
  await using here = await workplace()
  const dir = join(here.path, 'w/runs/dl')
  const settings = { ...MANIFEST.settings, env: 'nope/../../runs/dl/evil' }
  await writeFile(
    join(dir, 'manifest.json'),
    JSON.stringify({ ...MANIFEST, settings, source: './evil\u001b[31m.js' }),
  )
  const { code, stdout, stderr } = await openenv(['replay', 'runs/dl'], { cwd: join(here.path, 'w') })
  expect(stderr).toContain('was ./evil\\u001b[31m.js')
  expect(stderr).not.toContain('\u001b')
  expect({ code, stdout, ran: await here.ran() }).toEqual({ code: 2, stdout: '', ran: false })
  expect(await readFile(join(dir, 'episodes.jsonl'), 'utf8')).toBe('')
})

it('what the command loads is compiled in memory: no cache that others can write to is read or made', async () => {
  await using here = await folder({
    'env.ts': 'const a: number = 1\nexport default a',
    'tmp/jiti/keep': '',
    'node_modules/.cache/keep': '',
  })
  const env = { TMPDIR: join(here.path, 'tmp') }
  await openenv(['info', './env.ts'], { cwd: here.path, env })
  expect(await readdir(join(here.path, 'tmp/jiti'))).toEqual(['keep'])
  expect(await readdir(join(here.path, 'node_modules/.cache'))).toEqual(['keep'])
})
